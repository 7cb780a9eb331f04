"""How the runner reads what origins got: leniently, and it says where two servers would read differently."""

import pytest

from nfemu.attack.reading import SeenRequest, canonical, requests_of

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def heads(raw: bytes) -> list[bytes]:
    return [request.head.split(b" HTTP")[0] for request in requests_of(raw)]


def test_one_request_after_the_other() -> None:
    post = b"POST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    requests = requests_of(GET + post + GET)
    assert [request.complete for request in requests] == [True] * 3
    assert [request.body for request in requests] == [b"", b"abc", b""]
    assert not any(request.ambiguous for request in requests)


def test_chunks_and_trailers() -> None:
    raw = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-A: 1\r\n\r\n"
    first, second = requests_of(raw + GET)
    assert (first.body, first.trailers, first.complete) == (b"abc", b"X-A: 1\r\n", True)
    assert not first.says(b"1")
    assert second.values("host") == [b"a"]


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 3\r\nContent-Length: 3\r\n",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length : 3\r\nTransfer_Encoding: chunked\r\n",
    ],
)
def test_two_framings_are_ambiguous(fields: bytes) -> None:
    assert requests_of(b"POST / HTTP/1.1\r\n" + fields + b"\r\n0\r\n\r\n")[0].ambiguous


def test_bare_line_ends_are_ambiguous_and_read() -> None:
    (request,) = requests_of(b"GET / HTTP/1.1\nX_MSISDN: 1\n\n")
    assert request.ambiguous
    assert request.values("X-MSISDN") == [b"1"]


@pytest.mark.parametrize("raw", [GET[:-2], b"\x16\x03\x01", b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"])
def test_what_is_incomplete(raw: bytes) -> None:
    (request,) = requests_of(raw)
    assert not request.complete


@pytest.mark.parametrize("end", [b"", b"3\r\nab", b"3\r\nabc\r\n0\r\n", b"zz\r\n"])
def test_incomplete_chunks(end: bytes) -> None:
    (request,) = requests_of(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + end)
    assert not request.complete


def test_every_spelling_of_a_name() -> None:
    names = (b"X-MSISDN", b"x_msisdn", b"X.MsIsDn", b" X-MSISDN\0")
    assert {canonical(name) for name in names} == {b"x-msisdn"}
    assert canonical(b"XMSISDN") != b"x-msisdn"


def test_a_number_in_the_target_is_not_said_in_a_field() -> None:
    head = b"GET /1 HTTP/1.1\r\nHost: 2\r\nX-A: 5\r\n X-B: 6"
    request = SeenRequest(head, b"3", b"X: 4", complete=True, ambiguous=False)
    assert [request.says(b"%d" % digit) for digit in range(1, 7)] == [False, True, False, True, False, True]
