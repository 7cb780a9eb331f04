"""What is made of answers, and of what a proxy does with a line."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nfemu.cli.observing.comparing import Compared, compare
from nfemu.cli.observing.observing import Seen, observe, observe_all
from nfemu.cli.observing.reading import sign_of
from nfemu.client.line import Answer, Stage
from nfemu.client.values import Point
from nfemu.gateway.engine import responses
from nfemu.model.errors import InvalidInput
from tests.client.line.far_end import far_end, phone_by_proxy

LANDING = "http://portal.carrier.example/green"
SHOWN = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nheaders, as received:\n  Host: a.example\n  Accept: */*\n"

Proxy = Callable[[bytes], bytes]
Observed = tuple[Callable[[str], Seen], list[bytes]]


@contextmanager
def by(folder: Path, answer: Proxy) -> Iterator[Observed]:
    """A line behind a proxy that answers each head so, and what it was sent."""
    with far_end(answer) as proxy, phone_by_proxy(folder, proxy.port) as phone:
        yield lambda url: observe(phone, url), proxy.heads


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (responses.redirect(LANDING, "a.example", b"http://a.example/?b=1"), {"HTTP": f"redirect to {LANDING}"}),
        (
            responses.redirect(f"{LANDING}?x=1", "a.example", b"http://a.example/"),
            {"HTTP": f"redirect to {LANDING}?x=1"},
        ),
        (responses.refusal(403, "no"), {"HTTP": "403 from the gateway"}),
        (responses.failure(502, "no"), {"HTTP": "5xx from the gateway"}),
        (responses.sign_in_needed(LANDING), {"HTTP": "511 from the gateway"}),
        (b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", {"HTTP": "answered"}),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", {"HTTP": "answered"}),
        (SHOWN, {"HTTP": "answered", "identity": "no header inserted"}),
        (SHOWN + b"  X-MSISDN: 8613800138000\n", {"HTTP": "answered", "identity": "header inserted"}),
        (b"", {"HTTP": "closed unanswered"}),
        (b"\x15\x03\x01", {"HTTP": "no HTTP answer"}),
    ],
)
def test_answers(answer: bytes, seen: Seen, tmp_path: Path) -> None:
    """Those of the gateway are known by themselves, not by their status."""
    with by(tmp_path, lambda _: answer) as (line, _):
        assert line("http://a.example/") == seen


def test_no_answer() -> None:
    lost = Answer("http://a.example/", 0, (), b"", Stage.REQUEST, "reset", "", 1.0)
    assert sign_of(lost) == ("reset", None)


def test_requests_by_proxy(tmp_path: Path) -> None:
    redirect = responses.redirect(LANDING, "a.example", b"http://a.example/")
    with by(tmp_path, lambda _: redirect) as (line, heads):
        assert line("http://A.Example.:8080/a?b=1") == {"HTTP": f"redirect to {LANDING}"}
    lines = heads[0].split(b"\r\n")
    assert lines[:2] == [b"GET http://A.Example.:8080/a?b=1 HTTP/1.1", b"Host: A.Example.:8080"]
    assert b"Proxy-Authorization: Basic MTM4MDAxMzgwMDA6eA==" in lines


def test_tunnels_by_proxy(tmp_path: Path) -> None:
    with by(tmp_path, lambda _: responses.refusal(403, "no")) as (line, heads):
        assert line("https://[2001:2::9]/") == {"CONNECT": "403 from the gateway"}
        assert line("tcp://bücher.example:22") == {"CONNECT": "403 from the gateway"}
    assert [head.split(b" ")[1] for head in heads] == [b"[2001:2::9]:443", b"xn--bcher-kva.example:22"]
    with by(tmp_path, lambda _: responses.CONNECT_OK) as (line, _):
        assert line("https://a.example/") == {"CONNECT": "connected", "SNI gate": "reset"}
        assert line("tcp://a.example:22") == {"CONNECT": "connected"}
    with by(tmp_path, lambda _: responses.CONNECT_OK + b"HTTP/1.1 400 Bad Request\r\n\r\n") as (line, _):
        assert line("https://a.example/")["SNI gate"] in ("no TLS", "reset")
    with by(tmp_path, lambda _: b"") as (line, _):
        assert line("tcp://a.example:22") == {"CONNECT": "reset"}


def test_what_no_proxy_carries_is_not_sent(tmp_path: Path) -> None:
    with by(tmp_path, lambda _: b"") as (line, heads):
        assert line("dns:a.example") == {"proxy": "not sent"}
        assert line("udp://a.example:443") == {"proxy": "not sent"}
    assert heads == []


def test_nobody_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        unused = gone.getsockname()[1]
    with phone_by_proxy(tmp_path, unused) as phone:
        urls = ["http://a.example/", "https://a.example/"]
        assert observe_all(phone, urls) == [{"proxy": "refused"}] * 2
        with pytest.raises(InvalidInput, match="`gopher://x/` is not a destination"):
            observe_all(phone, [*urls, "gopher://x/"])


def test_differences() -> None:
    points = [
        Point("nft", "straight", "open/default", "connected"),
        Point("identity", "none", "", "no header inserted"),
    ]
    straight = Compared("nft", "straight", "open/default", "connected", "refused", same=False)
    hidden = Compared("identity", "none", "", "no header inserted", "-", same=True)
    assert compare(points, {"nft": "refused"}) == [straight, hidden]
    inserted = compare(points, {"nft": "connected", "identity": "header inserted"})
    assert [one.same for one in inserted] == [True, False]
    assert [one.same for one in compare(points[:1], {})] == [False]
