import asyncio
import os
import resource
import socket
from ipaddress import ip_address
from pathlib import Path

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Request, TextMessage

from nfemu.model.errors import InvalidInput
from nfemu.web.origins.ca import CertificateAuthority
from nfemu.web.origins.dispatch import OriginDispatcher
from nfemu.web.origins.front import OriginFront
from nfemu.web.origins.recorder import Recorder
from nfemu.web.origins.sites import EmulatedSites
from nfemu.wire.proxy_protocol import SIGNATURE, ProxyHeader, encode
from tests.web.gateway_side import ADDRESS, TOKEN, UE, GatewaySide
from tests.web.origins.conftest import wall

PROXY = encode(ProxyHeader(ip_address(UE), 40000, ip_address(ADDRESS), 80, TOKEN))
REQUEST = b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n"


async def test_http_shows_the_ue_and_the_address_it_dialled(gateway: GatewaySide) -> None:
    answer = await gateway.get("http://news.example/a?b=c", [("Accept", "application/json"), ("X_Odd", "1")])
    assert answer.status == 200
    shown = answer.json()
    assert (shown["scheme"], shown["url"]) == ("http", "http://news.example/a?b=c")
    assert (shown["ue_address"], shown["address"], shown["port"]) == (UE, ADDRESS, 80)
    assert shown["headers"] == [["Host", "news.example"], ["Accept", "application/json"], ["X_Odd", "1"]]


async def test_https_serves_a_verified_certificate_for_the_name(gateway: GatewaySide) -> None:
    answer = await gateway.get("https://any.name.test/", [("Accept", "application/json")])
    assert answer.json()["scheme"] == "https"
    assert answer.header("date") is not None


async def test_tls_on_another_port_is_seen_by_its_first_byte(gateway: GatewaySide) -> None:
    wire = await gateway.tls("news.example", port=8443)
    answer = await wire.request("GET", "/", "news.example:8443", [("Accept", "application/json")])
    assert answer.json()["url"] == "https://news.example:8443/"


async def test_without_server_name_the_certificate_is_for_the_address(gateway: GatewaySide) -> None:
    wire = await gateway.tls(None)
    assert (await wire.request("GET", "/", ADDRESS)).status == 200
    assert (await wire.request("GET", "/", "news.example")).status == 421


async def test_ipv6(gateway: GatewaySide) -> None:
    wire = await gateway.tls(None, ue="2001:db8::1", address="2001:2::10")
    answer = await wire.request("GET", "/", "[2001:2::10]", [("Accept", "application/json")])
    assert answer.json()["url"] == "https://[2001:2::10]/"
    assert answer.json()["ue_address"] == "2001:db8::1"


async def test_host_other_than_server_name_is_misdirected(gateway: GatewaySide, recorder: Recorder) -> None:
    wire = await gateway.tls("news.example")
    assert (await wire.request("GET", "/", "other.example")).status == 421
    assert recorder.names() == []


async def test_server_name_is_compared_without_case_and_trailing_dot(gateway: GatewaySide) -> None:
    wire = await gateway.tls("News.Example")
    assert (await wire.request("GET", "/", "NEWS.example.:443")).status == 200


@pytest.mark.parametrize(
    "preface",
    [
        PROXY.replace(TOKEN, b"other-token!"),
        encode(ProxyHeader(ip_address(UE), 1, ip_address(ADDRESS), 80)),
        REQUEST,
        SIGNATURE + b"\x21\x11\xff\xff" + b"x" * 2000,
        SIGNATURE + b"\x21\x11\x00\x04" + b"xxxx",
    ],
    ids=["wrong token", "no token", "no header", "too long", "cut short"],
)
async def test_nothing_is_answered_before_the_token(gateway: GatewaySide, recorder: Recorder, preface: bytes) -> None:
    wire = await gateway.bare()
    await wire.send(preface + REQUEST)
    assert await wire.ended() == b""
    assert recorder.names() == []


@pytest.mark.parametrize("preface", [b"", PROXY[:10], PROXY[:30]])
async def test_a_slow_or_lost_preface_ends_the_connection(gateway: GatewaySide, preface: bytes) -> None:
    slow, lost = await gateway.bare(), await gateway.bare()
    await slow.send(preface)
    await lost.send(preface)
    lost.writer.write_eof()
    assert await lost.ended() == b""
    assert await slow.ended() == b""


async def test_a_preface_in_single_bytes_is_understood(gateway: GatewaySide) -> None:
    wire = await gateway.bare()
    for byte in PROXY + REQUEST:
        await wire.send(bytes([byte]))
    assert (await wire.answer()).status == 200


async def test_failed_handshakes_leave_the_front_alive(gateway: GatewaySide) -> None:
    wire = await gateway.connect(443)
    await wire.send(REQUEST)
    await wire.ended()
    with pytest.raises(OSError):  # an alert, or a reset where asyncio drops it
        await gateway.tls("-bad-.example")
    silent = await gateway.connect(443)
    assert await silent.ended() == b""
    assert (await gateway.get("https://news.example/")).status == 200


async def test_keep_alive_and_pipelining(gateway: GatewaySide) -> None:
    wire = await gateway.connect(80)
    await wire.send(REQUEST * 3)
    assert [(await wire.answer()).status for _ in range(3)] == [200, 200, 200]


async def test_websocket_echo_over_tls(gateway: GatewaySide, recorder: Recorder) -> None:
    wire = await gateway.tls("chat.example")
    client = WSConnection(ConnectionType.CLIENT)
    await wire.send(client.send(Request(host="chat.example", target="/ws")))
    events: list[object] = []
    sent = False
    while not any(isinstance(event, TextMessage) for event in events):
        client.receive_data(await wire.reader.read(4096))
        events += client.events()
        if not sent and any(isinstance(event, AcceptConnection) for event in events):
            sent = True
            await wire.send(client.send(TextMessage(data="hello")))
    assert TextMessage(data="hello") in events
    (seen,) = recorder.received("chat.example")
    assert (seen.scheme, seen.ue_address, seen.target) == ("wss", UE, "/ws")
    await wire.send(client.send(CloseConnection(code=1000)))
    await wire.ended()


async def test_a_misdirected_websocket_is_refused(gateway: GatewaySide) -> None:
    wire = await gateway.tls("chat.example")
    client = WSConnection(ConnectionType.CLIENT)
    await wire.send(client.send(Request(host="other.example", target="/ws")))
    assert (await wire.answer(bodiless=True)).status == 403


async def test_the_socket_is_private_and_removed(tmp_path: Path, authority: CertificateAuthority) -> None:
    path = tmp_path / "state" / "origin.sock"
    path.parent.mkdir()
    path.touch()
    front = OriginFront(EmulatedSites({}), authority, path, TOKEN)
    await front.start()
    assert path.stat().st_mode & 0o777 == 0o600
    await front.stop()
    assert not path.exists()
    await front.stop()


async def test_stop_ends_streams_and_half_open_connections(tmp_path: Path, authority: CertificateAuthority) -> None:
    path = tmp_path / "origin.sock"
    front = OriginFront(OriginDispatcher({}, EmulatedSites({}), Recorder(wall)), authority, path, TOKEN)
    await front.start()
    side = GatewaySide(path, authority.pem)
    half_open, stream = await side.bare(), await side.connect(80)
    await stream.send(b"GET /stream HTTP/1.1\r\nHost: a.example\r\n\r\n")
    assert b"line 0" in await stream.reader.readuntil(b"line 0")
    await front.stop(grace=0)
    assert await half_open.ended() == b""
    assert not (await stream.ended()).endswith(b"0\r\n\r\n"), "an endless body never ends properly"
    await side.close()


async def test_an_address_that_cannot_be_bound_is_an_error(tmp_path: Path, authority: CertificateAuthority) -> None:
    front = OriginFront(EmulatedSites({}), authority, tmp_path / ("x" * 200), TOKEN)
    with pytest.raises(OSError, match="too long"):
        await front.start()


def test_a_token_is_needed(tmp_path: Path, authority: CertificateAuthority) -> None:
    with pytest.raises(InvalidInput, match="token"):
        OriginFront(EmulatedSites({}), authority, tmp_path / "s", b"")


async def test_a_client_that_hangs_up_in_the_middle_of_a_stream(gateway: GatewaySide, recorder: Recorder) -> None:
    wire = await gateway.connect(80)
    await wire.send(b"GET /stream HTTP/1.1\r\nHost: a.example\r\n\r\n")
    await wire.reader.readuntil(b"line 0")
    await wire.close()
    assert (await gateway.get("http://b.example/")).status == 200
    await asyncio.sleep(0)


async def test_without_descriptors_the_front_waits_and_lives_on(
    gateway: GatewaySide, caplog: pytest.LogCaptureFixture
) -> None:
    path = gateway.path
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    client = socket.socket(socket.AF_UNIX)
    client.setblocking(False)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, before[1]))
    try:
        client.connect(str(path))
        while "cannot accept" not in caplog.text:  # noqa: ASYNC110 - waits for the front's own task, not for time
            await asyncio.sleep(0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    client.sendall(PROXY + REQUEST)
    reader, writer = await asyncio.open_unix_connection(sock=client)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
