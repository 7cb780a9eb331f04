"""What the desk keeps, beyond what a phone sees of it (see test_service)."""

from dataclasses import dataclass, field, replace
from ipaddress import ip_address

import pytest
from dnslib import DNSRecord

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.dns import desk as desk_module
from nfemu.gateway.bearer.dns.answering import Answering
from nfemu.gateway.bearer.dns.desk import Desk
from nfemu.gateway.bearer.dns.messages import Query, read
from nfemu.gateway.bearer.dns.truth import Truth
from nfemu.gateway.ports import GatewayRules
from nfemu.model.destination import IpAddress
from nfemu.policy.sinkholes import Sinkholes
from tests.gateway.bearer.dns.serving import NOW, RULES, Bindings, World
from tests.gateway.samples import line

NEWS = bytes(DNSRecord.question("news.example").pack())


@dataclass
class ManyLines:
    """Implements Lines: line n is at 10.45.0.2 + n and holds 2001:db8:n::/64."""

    states: dict[IpAddress, LineState] = field(default_factory=dict)

    def line_at(self, address: IpAddress) -> LineState | None:
        return self.states.get(address)

    def rules(self) -> GatewayRules:
        return RULES

    def fresh(self) -> bool:
        return True


def opened(lines: ManyLines) -> Desk:
    truth = Truth(World(), Bindings(), lambda: NOW)
    return Desk(lines, Answering(truth, Sinkholes(), None, lambda: NOW))


async def ask(desk: Desk, source: bytes) -> None:
    query = read(NEWS)
    assert isinstance(query, Query)
    await desk.answer(source, NEWS, query, tcp=False)


async def test_sources_are_bounded_and_the_first_to_come_is_the_first_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "_SOURCES", 2)
    states = [line(number, policy="arrears") for number in range(3)]
    lines = ManyLines({state.ue_ipv4: state for state in states if state.ue_ipv4 is not None})
    desk = opened(lines)
    sources = [address.packed for address in lines.states]
    for source in sources:
        await ask(desk, source)
    assert [desk.recall(source, NEWS) is not None for source in sources] == [False, True, True]
    for state in states:
        desk.forget_line(state.imsi)
    assert desk.recall(sources[2], NEWS) is None


async def test_a_phone_with_many_addresses_puts_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "_SOURCES", 2)
    mine, other = line(0, policy="arrears"), line(1, policy="arrears")
    many = [ip_address(f"2001:db8::{number:x}") for number in range(1, 9)]
    at = ip_address("10.45.0.3")
    desk = opened(ManyLines(dict.fromkeys(many, mine) | {at: other}))
    for source in (at, *many):
        await ask(desk, source.packed)
    assert desk.recall(at.packed, NEWS) is not None


async def test_all_addresses_of_a_line_are_forgotten_with_it_and_other_lines_are_not() -> None:
    mine, other = line(0, policy="arrears"), line(1, policy="arrears")
    texts = ("10.45.0.2", "2001:db8::1", "2001:db8::2")
    lines = ManyLines({ip_address(text): mine for text in texts} | {ip_address("10.45.0.3"): other})
    desk = opened(lines)
    sources = [address.packed for address in lines.states]
    for source in sources:
        await ask(desk, source)
    desk.forget_line(mine.imsi)
    assert [desk.recall(source, NEWS) is not None for source in sources] == [False, False, False, True]


async def test_a_line_that_changed_without_a_word_is_seen_at_the_next_look() -> None:
    """Belt and braces: `apply` is what ends remembered answers."""
    address = ip_address("10.45.0.2")
    lines = ManyLines({address: line(policy="arrears")})
    desk = opened(lines)
    await ask(desk, address.packed)
    lines.states[address] = replace(line(policy="arrears"), version=2)
    await ask(desk, address.packed)
    assert desk.recall(address.packed, NEWS) is not None


async def test_an_ipv4_address_in_ipv6_form_is_the_ipv4_address() -> None:
    lines = ManyLines({ip_address("10.45.0.2"): line()})
    desk = opened(lines)
    source = ip_address("::ffff:10.45.0.2").packed
    await ask(desk, source)
    assert desk.recall(source, NEWS) is not None


async def test_places_in_the_queue_are_given_back_by_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "_WAITING_OF_A_LINE", 2)
    monkeypatch.setattr(desk_module, "_WAITING", 3)
    desk = opened(ManyLines())
    with desk.waiting(b"a") as first, desk.waiting(b"a") as second, desk.waiting(b"a") as third:
        assert (first, second, third) == (True, True, False)
        with desk.waiting(b"b") as fourth, desk.waiting(b"c") as fifth:
            assert (fourth, fifth) == (True, False)
    assert desk._waiting == {}
    of_one_phone = (ip_address("2001:db8::1").packed, ip_address("2001:db8::2").packed)
    with desk.waiting(of_one_phone[0]), desk.waiting(of_one_phone[1]), desk.waiting(of_one_phone[0]) as another:
        assert not another
    with desk.waiting(b"c") as sixth:
        assert sixth
