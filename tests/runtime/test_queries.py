"""What the carrier knows, asked of a running one."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from tests.fakes.world import EVERYBODY, LI, ZHANG, World

NOBODY = Msisdn("8613800139999")


@pytest.mark.parametrize("number", ["13800138000", "+8613800138000", "008613800138000", "138 0013 8000"])
async def test_a_number_is_found_in_any_spelling(world: World, number: str) -> None:
    assert (await world.service.find(number)).msisdn == ZHANG


async def test_unknown_numbers_are_not_found_anywhere(world: World) -> None:
    service = world.service
    for query in (service.find("13800139999"), service.status(NOBODY), service.timeline(NOBODY), service.inbox(NOBODY)):
        with pytest.raises(NotFound, match="no subscriber has the number `8613800139999`"):
            await query
    with pytest.raises(InvalidInput):
        await service.find("not a number")


async def test_subscribers_are_listed_by_number(world: World) -> None:
    listed = [subscriber.msisdn for subscriber in await world.service.subscribers(limit=3)]
    assert listed == list(EVERYBODY[:3])
    rest = await world.service.subscribers(listed[-1])
    assert [subscriber.msisdn for subscriber in rest] == list(EVERYBODY[3:])
    assert await world.service.count_subscribers() == len(EVERYBODY)


async def test_a_new_line_is_in_credit_and_not_attached(world: World) -> None:
    status = await world.service.status(ZHANG)
    assert (status.effective, status.line.session, status.share) == (None, None, Money(0))
    assert world.service.line_states() == []


async def test_lines_are_told_as_committed(world: World) -> None:
    session = await world.service.attach(ZHANG)
    await world.service.attach(LI)
    await world.service.detach(LI)
    states = {state.msisdn: state for state in world.service.line_states()}
    assert (states[ZHANG].policy, states[ZHANG].session) == ("open", session.id)
    assert (states[LI].policy, states[LI].version) == (None, 2)
    assert world.service.session_at(IPv4Address("10.45.0.2")) == session
    assert world.service.session_at(IPv6Address("2001:db8:4500:1::1")) == session
    assert world.service.catalogue is world.rules.catalogue
