import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from nfemu.gateway.looking_up import Found, SystemNames
from nfemu.gateway.ports import Direct, Emulated, Route, Upstream
from nfemu.gateway.resolving import HostUpstream, Internet, NamePlan, Names
from nfemu.model.errors import NotFound
from tests.gateway.origins import Numbered

PORTAL = "portal.carrier.example"
OWN_HTTP = Upstream("127.0.0.1", 9000)
EMULATED = NamePlan(Internet.EMULATED, frozenset({PORTAL}), {PORTAL: HostUpstream(http=OWN_HTTP)})
REAL = NamePlan(Internet.REAL, frozenset({"pay.provider.example"}), {PORTAL: HostUpstream(http=OWN_HTTP)})


async def route(names: Names, host: str) -> Route:
    return (await names.answer(host)).route


async def test_emulated_names_have_stable_addresses() -> None:
    names = Names(EMULATED, Numbered())
    first = await route(names, "news.example")
    assert first == Route((IPv4Address("198.18.0.16"), IPv6Address("2001:2::10")), Emulated(), Emulated())
    assert (await route(names, "mail.example")).addresses != first.addresses
    assert await route(names, "news.example") == first


@pytest.mark.parametrize("plan", [EMULATED, REAL])
async def test_a_configured_upstream_answers_for_its_scheme_only(plan: NamePlan) -> None:
    found = await route(Names(plan, Numbered()), PORTAL)
    assert (found.http, found.other) == (OWN_HTTP, Emulated())


async def test_built_in_names_are_emulated_in_real_mode_too() -> None:
    found = await route(Names(REAL, Numbered()), "pay.provider.example")
    assert found.http == found.other == Emulated()


@pytest.mark.parametrize("address", ["198.18.0.16", "198.19.255.255", "2001:2::10"])
async def test_virtual_literals_lead_to_the_origin_front(address: str) -> None:
    for plan in (EMULATED, REAL):
        assert await route(Names(plan, Numbered()), address) == Route((ip_address(address),), Emulated(), Emulated())


@pytest.mark.parametrize("address", ["8.8.8.8", "127.0.0.1", "198.20.0.0", "2001:3::1", "::1"])
async def test_other_literals_are_unreachable_when_emulated(address: str) -> None:
    with pytest.raises(NotFound, match="not in the emulated Internet"):
        await route(Names(EMULATED, Numbered()), address)


async def test_literals_in_real_mode_are_dialled_behind_the_guard() -> None:
    assert (await route(Names(REAL, Numbered()), "192.0.2.1")).http == Direct()


@pytest.mark.parametrize("host", ["nowhere.invalid", "localhost", "a.localhost", "printer.local", "x.onion"])
@pytest.mark.parametrize("plan", [EMULATED, REAL])
async def test_special_names_do_not_exist(plan: NamePlan, host: str) -> None:
    names = Names(plan, Numbered())
    for _ in range(2):
        with pytest.raises(NotFound, match=host):
            await route(names, host)


async def test_a_new_plan_is_in_force_at_once() -> None:
    names = Names(EMULATED, Numbered())
    assert (await route(names, PORTAL)).http == OWN_HTTP
    names.replace(NamePlan(Internet.EMULATED), Numbered())
    assert (await route(names, PORTAL)).http == Emulated()


async def test_real_names_are_asked_for_once() -> None:
    asked: list[str] = []

    def look_up(host: str) -> Found:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]

    names = Names(REAL, Numbered(), SystemNames(look_up))
    for _ in range(2):
        assert await route(names, "www.example.com") == Route((IPv4Address("192.0.2.1"),), Direct(), Direct())
    assert asked == ["www.example.com"]


async def test_an_answer_by_an_old_plan_is_not_remembered() -> None:
    names = Names(REAL, Numbered())

    class Slow(Numbered):
        async def resolve(self, name: str) -> tuple[IPv4Address, IPv6Address]:
            names.replace(EMULATED, Numbered())
            return await super().resolve(name)

    names.replace(NamePlan(Internet.EMULATED), Slow())
    assert (await route(names, PORTAL)).http == Emulated()
    assert (await route(names, PORTAL)).http == OWN_HTTP


async def test_where_a_real_name_was_of_late() -> None:
    """A phone was told, and may still be on its way there."""
    told = [["192.0.2.1", "192.0.2.2"], ["192.0.2.3"], ["192.0.2.2"]]

    def look_up(_: str) -> Found:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in told.pop(0)]

    names = Names(REAL, Numbered(), SystemNames(look_up))
    seen = []
    while told:
        names.replace(REAL, Numbered())
        found = await route(names, "www.example.com")
        seen.append([str(address) for address in found.earlier])
    assert seen == [[], ["192.0.2.1", "192.0.2.2"], ["192.0.2.1", "192.0.2.3"]]
