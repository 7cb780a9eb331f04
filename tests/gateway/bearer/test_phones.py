"""What a phone is told of resolvers, and what becomes of one whose link cannot be changed."""

from dataclasses import replace
from ipaddress import IPv4Address, ip_address

import pytest

from nfemu.gateway.bearer.kernel_policy import addresses_of
from nfemu.gateway.bearer.network.client import Entrance
from nfemu.gateway.bearer.network.messages import Phone
from nfemu.gateway.bearer.phones import Phones, resolvers_for
from nfemu.model.errors import Unavailable
from nfemu.model.subscriber import Ambr
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.table import Batch, Put, Remove
from nfemu.policy.compile.updates import LineAddresses, plug, unplug
from tests.fakes.gateway import OPEN, line

IPV4, IPV6 = ip_address("10.45.0.2"), ip_address("2001:db8:4500:2::1")
NS4, NS6 = "10.45.0.1", "2001:db8::1"


@pytest.mark.parametrize(
    ("given", "addresses", "told"),
    [
        ((NS4, NS6), (IPV4, IPV6), (NS4, NS6)),
        ((NS4, NS6), (None, IPV6), (NS6,)),
        ((NS4, NS6), (IPV4, None), (NS4,)),
        ((NS4,), (None, IPV6), ("fd53:696e:6b01::1",)),
        ((), (IPV4, IPV6), ("169.254.0.1",)),
    ],
)
def test_a_phone_is_told_resolvers_that_it_can_reach(
    given: tuple[str, ...], addresses: tuple[object, ...], told: tuple[str, ...]
) -> None:
    assert resolvers_for(given, *addresses) == told  # type: ignore[arg-type]  # pytest's table


class Core:
    """The core network, as far as phones ask for it; `spoilt`: links that cannot be changed any more."""

    def __init__(self) -> None:
        self.plugged: dict[int, Phone] = {}
        self.spoilt: set[int] = set()

    async def plug(self, phone: Phone) -> Entrance:
        if phone.index in self.spoilt:
            raise Unavailable("No such device")
        self.plugged[phone.index] = phone
        return Entrance(1, phone.index)

    async def unplug(self, index: int) -> None:
        del self.plugged[index]


class Policy:
    """The elements that are in the kernel's sets."""

    def __init__(self) -> None:
        self.elements: set[object] = set()

    async def let_in(self, interface: str, before: LineAddresses | None, now: LineAddresses) -> None:
        if before is not None:
            await self.let_out(interface, before)
        self._apply(plug(interface, now))

    async def let_out(self, interface: str, before: LineAddresses) -> None:
        self._apply(unplug(interface, before))

    def _apply(self, batch: Batch) -> None:
        for one in batch:
            if isinstance(one, Put):
                self.elements.add((one.name, one.key))
            elif isinstance(one, Remove):
                self.elements.remove((one.name, one.key))


async def test_a_phone_that_has_spoilt_its_link_is_unplugged_and_no_other() -> None:
    core, policy = Core(), Policy()
    phones = Phones(core, policy, SteeringPlan(), lambda _: Ambr(0, 0))  # type: ignore[arg-type]  # what phones ask of them
    first, second = line("13800138000", OPEN), line("13800138001", OPEN)
    for state in (first, second):
        await phones.plug(state)
    core.spoilt.add(0)
    await phones.line_changed(replace(first, ue_ipv4=IPv4Address("10.45.9.9"), version=2))
    assert list(core.plugged) == [1]
    assert len(policy.elements) == 2
    core.spoilt.clear()
    entrance = await phones.plug(replace(first, version=3))
    assert (entrance.network, len(core.plugged), len(policy.elements)) == (2, 2, 4)


async def test_when_other_people_come_phones_have_no_address_and_stay_plugged_in() -> None:
    core, policy = Core(), Policy()
    phones = Phones(core, policy, SteeringPlan(), lambda _: Ambr(0, 0))  # type: ignore[arg-type]  # what phones ask of them
    first, second, third = (line(f"1380013800{digit}", OPEN) for digit in range(3))
    for state in (first, second, third):
        await phones.plug(state)
    policy.elements.clear()
    core.spoilt.add(1)
    await phones.hold()
    assert [(phone.index, phone.ipv4, phone.ipv6) for phone in core.plugged.values()] == [
        (0, None, None),
        (2, None, None),
    ]
    assert policy.elements == set()
    core.spoilt.clear()
    for state in (replace(first, version=1), replace(second, version=1)):
        await phones.line_changed(state)
    assert (core.plugged[0].ipv4, core.plugged[2].ipv4) == (first.ue_ipv4, None)
    assert policy.elements == {(one.name, one.key) for one in plug("ue0", addresses_of(first)) if isinstance(one, Put)}


async def test_whose_link_cannot_be_mended_gets_a_new_one() -> None:
    core, policy = Core(), Policy()
    phones = Phones(core, policy, SteeringPlan(), lambda _: Ambr(0, 0))  # type: ignore[arg-type]  # what phones ask of them
    state = line("13800138000", OPEN)
    await phones.plug(state)
    core.spoilt.add(0)
    assert (await phones.plug(state)).network == 1
    assert (list(core.plugged), len(policy.elements)) == ([1], 2)
