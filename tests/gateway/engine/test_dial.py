"""Dialling by route: the emulated front, the real Internet behind the guard, upstreams, and every way to fail."""

import asyncio
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest

from nfemu.gateway.engine.dial import DialError, Dialler, DialRequest, ue_address
from nfemu.gateway.ports import Emulated, Route, UeAddress, Upstream
from nfemu.model.errors import NotFound
from tests.fakes.gateway import OPEN, FakeResolver, RecordingOrigin, direct, line

LINE = line("13800138000", OPEN)


def _request(host: str = "news.example", port: int = 443) -> DialRequest:
    return DialRequest(host, port, plain_http=False, line=LINE)


def _dialler(folder: Path) -> tuple[Dialler, FakeResolver]:
    resolver = FakeResolver()
    return Dialler(resolver, folder / "origin.sock", b"token"), resolver


@pytest.mark.parametrize(
    "addresses", [("127.0.0.1",), ("10.0.0.1", "192.168.1.1"), ("::1",), ("169.254.169.254",), ("198.18.0.1",), ()]
)
async def test_names_that_lead_to_private_addresses_only(tmp_path: Path, addresses: tuple[str, ...]) -> None:
    dialler, resolver = _dialler(tmp_path)
    resolver.routes["news.example"] = direct(*addresses)
    with pytest.raises(DialError, match="no public address") as caught:
        await dialler.dial(_request(), 1)
    assert caught.value.status == 403


async def test_permitted_addresses_are_tried_in_order(tmp_path: Path) -> None:
    """The addresses that the guard lets through are dialled as they are: nothing resolves them a second time."""
    resolver = FakeResolver()
    dialler = Dialler(resolver, tmp_path, b"", may_dial=lambda address: address != ip_address("10.0.0.1"))
    resolver.routes["news.example"] = direct("10.0.0.1", "127.0.0.2", "127.0.0.1")
    origin = RecordingOrigin()
    await origin.listen_tcp()
    dialled = await dialler.dial(_request(port=origin.port), 1)
    assert dialled.writer.get_extra_info("peername") == ("127.0.0.1", origin.port)
    dialled.writer.close()
    await origin.stop()


async def test_nobody_listens(tmp_path: Path) -> None:
    dialler, _ = _dialler(tmp_path)
    with pytest.raises(DialError) as caught:
        await dialler.dial(_request(), 1)
    assert caught.value.status == 502


async def test_no_such_name(tmp_path: Path) -> None:
    dialler, resolver = _dialler(tmp_path)
    resolver.routes["news.example"] = NotFound("no such name")
    with pytest.raises(DialError, match="no such name") as caught:
        await dialler.dial(_request(), 1)
    assert caught.value.status == 502


async def test_a_resolver_that_does_not_answer(tmp_path: Path) -> None:
    resolver = FakeResolver()
    dialler = Dialler(resolver, tmp_path, b"", timeout_s=0.01)
    resolver.gate.clear()
    with pytest.raises(DialError, match="no answer within") as caught:
        await dialler.dial(_request(), 1)
    assert caught.value.status == 504


@pytest.mark.parametrize(
    ("ipv4", "ipv6", "destination"),
    [(True, True, "198.18.0.9"), (True, False, "198.18.0.9"), (False, True, "2001:2::9")],
)
async def test_families_of_the_announcement_match(tmp_path: Path, ipv4: bool, ipv6: bool, destination: str) -> None:
    dialler, resolver = _dialler(tmp_path)
    origin = RecordingOrigin()
    await origin.listen_unix(tmp_path / "origin.sock")
    addresses = (IPv4Address("198.18.0.9"), IPv6Address("2001:2::9"))
    resolver.routes["news.example"] = Route(addresses, Emulated(), Emulated())
    state = replace(LINE, ue_ipv4=LINE.ue_ipv4 if ipv4 else None, ue_ipv6=LINE.ue_ipv6 if ipv6 else None)
    dialled = await dialler.dial(replace(_request(), line=state), 40000)
    visit = await origin.visit()
    assert visit.proxy is not None
    assert (visit.proxy.destination, visit.proxy.destination_port) == (ip_address(destination), 443)
    assert (visit.proxy.source, visit.proxy.source_port) == (ue_address(state), 40000)
    dialled.writer.close()
    await origin.stop()


async def test_line_without_an_address_of_the_family(tmp_path: Path) -> None:
    dialler, resolver = _dialler(tmp_path)
    resolver.routes["news.example"] = Route((IPv6Address("2001:2::9"),), Emulated(), Emulated())
    with pytest.raises(DialError, match="family"):
        await dialler.dial(replace(_request(), line=replace(LINE, ue_ipv6=None)), 1)


async def test_upstream_is_exempt_from_the_guard_and_may_differ_by_scheme(tmp_path: Path) -> None:
    dialler, resolver = _dialler(tmp_path)
    origin = RecordingOrigin()
    await origin.listen_tcp()
    resolver.routes["news.example"] = Route((), Upstream("127.0.0.1", origin.port), direct().other)
    dialled = await dialler.dial(replace(_request(), plain_http=True), 1)
    dialled.writer.close()
    with pytest.raises(DialError):
        await dialler.dial(_request(), 1)
    await origin.stop()


@pytest.mark.parametrize("ue_address", [UeAddress.NONE, UeAddress.PROXY2])
async def test_upstream_over_tls_must_prove_itself(tmp_path: Path, ue_address: UeAddress) -> None:
    dialler, resolver = _dialler(tmp_path)
    origin = RecordingOrigin()
    await origin.listen_tcp(proxied=ue_address is UeAddress.PROXY2)
    addresses = (IPv4Address("198.18.0.9"),)
    upstream = Upstream("127.0.0.1", origin.port, tls=True, ue_address=ue_address)
    resolver.routes["news.example"] = Route(addresses, upstream, upstream)

    async def no_tls(visit: object, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"this is no TLS record")

    origin.serve = no_tls
    with pytest.raises(DialError) as caught:
        await dialler.dial(replace(_request(), plain_http=True), 1)
    assert caught.value.status == 502
    await origin.stop()


def test_address_of_a_line() -> None:
    assert ue_address(LINE) == LINE.ue_ipv4
    assert ue_address(replace(LINE, ue_ipv4=None)) == ip_address("2001:db8:4500::1")
    assert ue_address(replace(LINE, ue_ipv4=None, ue_ipv6=None)) is None
