import hashlib
from pathlib import Path

import pytest

from nfemu.web.origins.ca import CertificateAuthority
from nfemu.web.origins.connectivity import CHECKS
from nfemu.web.origins.dispatch import OriginDispatcher
from nfemu.web.origins.front import OriginFront
from nfemu.web.origins.recorder import Recorder
from nfemu.web.origins.sites import EmulatedSites, SiteOverride
from tests.web.gateway_side import ADDRESS, TOKEN, UE, GatewaySide
from tests.web.origins.conftest import OVERRIDES, wall


async def test_text_for_curl(gateway: GatewaySide) -> None:
    answer = await gateway.get("http://news.example/x", [("User-Agent", "curl/8"), ("Accept", "*/*")])
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert answer.text.startswith("Example News: this is the emulated Internet.")
    assert "http://news.example/x\n" in answer.text
    assert f"ue address    {UE}\n" in answer.text
    assert "\n  User-Agent: curl/8\n  Accept: */*\n" in answer.text


async def test_html_for_browsers_is_escaped(gateway: GatewaySide) -> None:
    answer = await gateway.get("http://a.example/", [("Accept", "text/html,*/*"), ("X-Evil", "<script>")])
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert "<h1>a.example</h1>" in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_bodies_are_counted_and_hashed(gateway: GatewaySide, recorder: Recorder, method: str) -> None:
    body = b"x" * 300_000
    answer = await gateway.fetch(method, "http://a.example/upload", [("Accept", "application/json")], body)
    shown = answer.json()
    assert (shown["method"], shown["body_length"]) == (method, 300_000)
    assert shown["body_sha256"] == hashlib.sha256(body).hexdigest()
    (seen,) = recorder.received("a.example")
    assert (seen.body_length, seen.body_complete) == (300_000, True)


async def test_chunked_bodies(gateway: GatewaySide) -> None:
    wire = await gateway.connect(80)
    await wire.send(
        b"POST /upload HTTP/1.1\r\nHost: a.example\r\nAccept: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n0\r\n\r\n"
    )
    assert (await wire.answer()).json()["body_sha256"] == hashlib.sha256(b"abc").hexdigest()


async def test_an_upload_is_visible_while_it_arrives(gateway: GatewaySide, recorder: Recorder) -> None:
    wire, other = await gateway.connect(80), await gateway.connect(80)
    await wire.send(b"POST /upload HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nabc")
    while not (seen := recorder.received("a.example")) or seen[0].body_length < 3:
        await other.request("GET", "/", "b.example")
    assert not seen[0].body_complete
    await wire.close()
    assert (await other.request("GET", "/", "b.example")).status == 200


async def test_head_has_no_body(gateway: GatewaySide) -> None:
    wire = await gateway.connect(80)
    await wire.send(b"HEAD / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
    assert (await wire.answer(bodiless=True)).status == 200
    assert await wire.ended() == b""


async def test_overrides(gateway: GatewaySide) -> None:
    assert (await gateway.get("http://broken.example/")).status == 500
    assert (await gateway.get("http://slow.example/")).status == 200
    own = await gateway.get("http://own.example/")
    assert own.body == b"hello\n"
    assert [value for name, value in own.headers if name == "x-one"] == ["1", "2"]


async def test_overrides_are_replaced_from_the_next_request_on(tmp_path: Path, authority: CertificateAuthority) -> None:
    sites = EmulatedSites(OVERRIDES)
    front = OriginFront(OriginDispatcher({}, sites, Recorder(wall)), authority, tmp_path / "sites.sock", TOKEN)
    await front.start()
    side = GatewaySide(tmp_path / "sites.sock", authority.pem)
    assert (await side.get("http://broken.example/")).status == 500
    sites.replace({"broken.example": SiteOverride(status=200)})
    assert (await side.get("http://broken.example/")).status == 200
    await side.close()
    await front.stop()


@pytest.mark.parametrize(("host", "path"), CHECKS)
async def test_connectivity_checks(gateway: GatewaySide, host: str, path: str) -> None:
    answer = await gateway.get(f"http://{host}{path}")
    expected = CHECKS[host, path]
    assert (answer.status, answer.body) == (expected.status, expected.body)
    if expected.status == 204:
        assert answer.header("content-length") is None


async def test_other_paths_of_a_check_host_are_ordinary(gateway: GatewaySide) -> None:
    assert (await gateway.get("http://www.google.com/search")).status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil@a.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: .\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: .a.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [abcd]\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \r\n\r\n",
        b"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a.example\r\n\r\n",
    ],
)
async def test_malformed_requests(gateway: GatewaySide, recorder: Recorder, head: bytes) -> None:
    wire = await gateway.connect(80)
    await wire.send(head)
    assert (await wire.answer()).status == 400
    assert await wire.ended() == b""
    assert recorder.names() == []


async def test_http_1_0_without_host_is_for_the_address(gateway: GatewaySide, recorder: Recorder) -> None:
    wire = await gateway.connect(80)
    await wire.send(b"GET / HTTP/1.0\r\n\r\n")
    assert (await wire.answer()).status == 200
    assert recorder.received(ADDRESS)[0].http_version == "1.0"


async def test_received_is_bounded_and_ordered(gateway: GatewaySide, recorder: Recorder) -> None:
    for number in range(7):
        await gateway.get(f"http://a.example/{number}", [("X-One", "1"), ("x-one", "2")])
    for host in ("b.example", "c.example", "d.example"):
        await gateway.get(f"http://{host}/")
    assert recorder.names() == ["b.example", "c.example", "d.example"]
    for number in range(7):
        await gateway.get(f"http://a.example/{number}", [("X-One", "1"), ("x-one", "2")])
    seen = recorder.received("a.example")
    assert [each.target for each in seen] == ["/2", "/3", "/4", "/5", "/6"]
    assert seen[0].header("X-ONE") == ["1", "2"]
    assert recorder.received("never.example") == []
    recorder.clear()
    assert recorder.names() == []


async def test_the_dispatcher_serves_the_front_only() -> None:
    async def nothing(*_: object) -> dict[str, object]:
        return {}

    dispatcher = OriginDispatcher({}, EmulatedSites({}), Recorder(wall))
    with pytest.raises(RuntimeError, match="front only"):
        await dispatcher({"type": "http", "headers": []}, nothing, nothing)  # type: ignore[arg-type]  # never called
