"""A phone by proxy: what its agent is told, and how it ends."""

from pathlib import Path

import pytest

from nfemu.client import Client, StateFolder
from nfemu.client.line import ByProxy, OnBearer, Phone
from nfemu.client.line.way import read, written
from nfemu.model.errors import Conflict, InvalidInput, Unavailable
from tests.client.line.far_end import far_end, phone_by_proxy
from tests.client.running import Running

PAGE = b"HTTP/1.1 200 OK\r\n\r\nhello"


def test_redirects_are_followed_as_far_as_is_wanted(tmp_path: Path) -> None:
    def answer(head: bytes) -> bytes:
        target = head.split(b" ")[1]
        if target.endswith(b"/kept"):
            return b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /first\r\n\r\n"
        if target.endswith(b"/first"):
            return b"HTTP/1.1 302 Found\r\nLocation: //other.example:81/second\r\n\r\n"
        return PAGE

    with far_end(answer) as proxy, phone_by_proxy(tmp_path, proxy.port) as phone:
        assert phone.get("http://site.example/first").location == "//other.example:81/second"
        arrived = phone.request("http://site.example/kept", "POST", body=b"a", follow=5)
        assert (arrived.url, arrived.text, arrived.address) == ("http://other.example:81/second", "hello", "")
        assert phone.get("http://site.example/kept", follow=1).status == 302
    asked = [head.split(b" HTTP")[0] for head in proxy.heads[1:4]]
    assert asked == [
        b"POST http://site.example/kept",
        b"POST http://site.example/first",
        b"GET http://other.example:81/second",
    ]


def test_names_in_other_scripts_and_usual_headers(tmp_path: Path) -> None:
    with far_end(lambda _: PAGE) as proxy, phone_by_proxy(tmp_path, proxy.port) as phone:
        phone.get("http://Bücher.example/", [("accept", "text/html")])
    lines = proxy.heads[0].split(b"\r\n")
    assert lines[0] == b"GET http://xn--bcher-kva.example/ HTTP/1.1"
    assert (b"User-Agent: nfemu" in lines, b"accept: text/html" in lines, b"Accept: */*" in lines) == (
        True,
        True,
        False,
    )


@pytest.mark.parametrize("url", ["ftp://x/", "http://", "http://x:y/", f"http://{'ü' * 64}/"])
def test_what_is_no_url(url: str, tmp_path: Path) -> None:
    with phone_by_proxy(tmp_path, 1) as phone, pytest.raises(InvalidInput):
        phone.get(url)


def test_what_needs_an_ip_line(tmp_path: Path) -> None:
    with phone_by_proxy(tmp_path, 1) as phone:
        assert (phone.has_bearer, phone.families) == (False, ())
        for act in (
            lambda: phone.dig("news.example"),
            lambda: phone.datagram("192.0.2.1", 1, b""),
            lambda: phone.quic("news.example"),
            lambda: phone.ping("news.example"),
        ):
            with pytest.raises(Conflict, match="needs an IP line, and access is by proxy here"):
                act()


def test_a_phone_that_is_not_in_use(tmp_path: Path) -> None:
    with phone_by_proxy(tmp_path, 1) as phone:
        pass
    with pytest.raises(Conflict, match="is not in use"):
        phone.get("http://news.example/")


def test_no_way_onto_a_line(tmp_path: Path) -> None:
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca" / "ca.pem").write_text("")
    gone = Phone("13800138000", StateFolder(tmp_path), OnBearer(2**22, 5, ("10.45.0.1",), (4, 6)))
    with pytest.raises(Unavailable, match="there is no way onto the line"), gone:
        pass


def test_ways_are_written_and_read() -> None:
    for way in (OnBearer(7, 8, ("10.45.0.1", "::1"), (4, 6)), ByProxy("::1", 9, "1")):
        assert read(written(way)) == way
    assert ByProxy("::1", 9, "1").url == "http://1:x@[::1]:9"


def test_a_line_of_a_carrier(running: Running, nfemu: Client) -> None:
    with pytest.raises(Conflict, match=r"13800138000 is detached, so nothing runs on its line; `nfemu attach"):
        Phone.on_line(nfemu, running.state, "13800138000")
    nfemu.attach("13800138000")
    with Phone.on_line(nfemu, running.state, "+8613800138000") as phone:
        ran = phone.run(["sh", "-c", 'cat; echo "$http_proxy" >&2; exit 3'], stdin="given")
    assert (ran.status, ran.out, ran.err) == (3, "given", "http://13800138000:x@127.0.0.1:8610\n")
    with pytest.raises(Unavailable, match="did not end within"):
        phone.run(["sleep", "60"], timeout_s=0.5)


def test_what_a_program_leaves_behind_ends_with_it(running: Running, nfemu: Client, tmp_path: Path) -> None:
    """It is not waited for, though it holds the output; what has gone out of reach is called by its name."""
    nfemu.attach("13800138000")
    phone = Phone.on_line(nfemu, running.state, "13800138000")
    ran = phone.run(["sh", "-c", "sleep 600 & echo hi"])
    assert (ran.status, ran.out) == (0, "hi\n")
    leaving = "mkfifo $0; setsid sh -c 'echo > $0; exec sleep 5' $0 & cat $0"
    with pytest.raises(Unavailable, match="`sh` has ended, and 4 s after its start what it left behind in another"):
        phone.run(["sh", "-c", leaving, str(tmp_path / "there")], timeout_s=4)
