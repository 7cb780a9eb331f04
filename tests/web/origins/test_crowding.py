"""Nobody's connections keep others out of the front."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import Request

from nfemu.runtime.crowd import Bounds
from nfemu.web.origins.ca import CertificateAuthority
from nfemu.web.origins.dispatch import OriginDispatcher
from nfemu.web.origins.front import OriginFront
from nfemu.web.origins.recorder import Recorder
from nfemu.web.origins.sites import EmulatedSites
from tests.web.gateway_side import TOKEN, GatewaySide, Wire
from tests.web.origins.conftest import wall

A, B = "10.45.0.7", "10.45.0.8"
A6 = ("2001:db8:1::1", "2001:db8:1::2", "2001:db8:1::3")
SITE6 = "2001:2::10"


@pytest.fixture
async def gateway(tmp_path: Path, authority: CertificateAuthority) -> AsyncIterator[GatewaySide]:
    dispatcher = OriginDispatcher({}, EmulatedSites({}), Recorder(wall))
    path = tmp_path / "origin.sock"
    front = OriginFront(dispatcher, authority, path, TOKEN, bounds=Bounds(per_line=2, in_all=3))
    await front.start()
    side = GatewaySide(path, authority.pem)
    yield side
    await side.close()
    await front.stop(grace=0)


async def streaming(gateway: GatewaySide) -> Wire:
    wire = await gateway.connect(80, ue=A)
    await wire.send(b"GET /stream HTTP/1.1\r\nHost: a.example\r\n\r\n")
    await wire.reader.readuntil(b"line 0")
    return wire


async def test_a_line_that_says_nothing_gives_way_to_itself_and_to_others(gateway: GatewaySide) -> None:
    silent = [await gateway.connect(port, ue=A) for port in (80, 443, 80)]
    assert await silent[0].ended() == b""
    kept = await gateway.connect(80, ue=B)
    assert (await kept.request("GET", "/", "a.example")).status == 200
    assert (await gateway.get("http://a.example/", ue=B)).status == 200
    assert await silent[1].ended() == b""
    assert (await kept.request("GET", "/", "a.example")).status == 200


async def test_a_lines_ipv6_addresses_are_one_line(gateway: GatewaySide) -> None:
    first, *_ = [await gateway.connect(80, ue=each, address=SITE6) for each in A6]
    assert await first.ended() == b""


async def test_what_is_under_way_stays_and_a_further_connection_ends(gateway: GatewaySide) -> None:
    streams = [await streaming(gateway) for _ in range(2)]
    further = await gateway.connect(80, ue=A)
    assert await further.ended() == b""
    assert (await gateway.get("http://a.example/", ue=B)).status == 200
    for each in streams:
        assert await each.reader.readuntil(b"line 1")
    await streams[0].close()
    await streams[1].reader.readuntil(b"line 2")
    assert (await gateway.get("http://a.example/", ue=A)).status == 200


async def test_a_websocket_connection_is_under_way_until_it_ends(gateway: GatewaySide) -> None:
    socket = await gateway.connect(80, ue=A)
    await socket.send(WSConnection(ConnectionType.CLIENT).send(Request(host="chat.example", target="/ws")))
    assert (await socket.answer(bodiless=True)).status == 101
    stream = await streaming(gateway)
    assert await (await gateway.connect(80, ue=A)).ended() == b""
    await socket.close()
    await stream.reader.readuntil(b"line 2")
    assert (await gateway.get("http://a.example/", ue=A)).status == 200
