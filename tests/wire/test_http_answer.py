import pytest

from nfemu.wire.errors import WireError
from nfemu.wire.http_answer import MAX_RESPONSE_HEAD, take_response_head


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_lines_and_rest(newline: bytes) -> None:
    buffer = bytearray(newline.join([b"HTTP/1.1 200 OK", b"A: b", b"", b"body"]))
    assert take_response_head(buffer) == [b"HTTP/1.1 200 OK", b"A: b"]
    assert buffer == b"body"


def test_incomplete_at_every_octet() -> None:
    raw = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
    for length in range(len(raw)):
        assert take_response_head(bytearray(raw[:length])) is None


@pytest.mark.parametrize("stray", [b"\r", b"\x00"])
def test_what_could_split_the_response(stray: bytes) -> None:
    with pytest.raises(WireError, match="bare CR or a NUL"):
        take_response_head(bytearray(b"HTTP/1.1 200 OK\r\nA: b" + stray + b"c\r\n\r\n"))


def test_too_large() -> None:
    assert take_response_head(bytearray(b"x" * MAX_RESPONSE_HEAD)) is None
    with pytest.raises(WireError, match="256 KiB"):
        take_response_head(bytearray(b"x" * (MAX_RESPONSE_HEAD + 1)))
