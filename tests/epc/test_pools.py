"""Address pools: lowest first, nothing twice, nothing before its hold has passed."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Network

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nfemu.epc.catalogue import Pool
from nfemu.epc.pools import Held, Ipv4Slots, Ipv6Slots, Slots, fixed_ipv4, fixed_ipv6, lowest
from nfemu.model.errors import Conflict
from nfemu.model.identity import Imsi, PoolName

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
A, B = Imsi("460000000000001"), Imsi("460000000000002")


def space4(network: str = "10.45.0.0/29") -> tuple[Ipv4Slots, Pool]:
    return Ipv4Slots(IPv4Network(network)), Pool(PoolName("internet"), IPv4Network(network), None, MINUTE)


def space6(network: str = "2001:db8::/62") -> tuple[Ipv6Slots, Pool]:
    return Ipv6Slots(IPv6Network(network)), Pool(PoolName("internet"), None, IPv6Network(network), MINUTE)


def test_addresses_start_behind_the_gateway_and_end_before_broadcast() -> None:
    space, pool = space4()
    taken = [space.address(lowest(space, pool, A, NOW).slot) for _ in range(5)]
    assert [str(address) for address in taken] == [f"10.45.0.{last}" for last in (2, 3, 4, 5, 6)]
    with pytest.raises(Conflict, match=r"pool `internet` is exhausted: no free address in `10.45.0.0/29`"):
        lowest(space, pool, B, NOW)


def test_prefixes_are_64s_behind_the_first() -> None:
    space, pool = space6()
    taken = [space.address(lowest(space, pool, A, NOW).slot) for _ in range(3)]
    assert [str(prefix) for prefix in taken] == ["2001:db8:0:1::/64", "2001:db8:0:2::/64", "2001:db8:0:3::/64"]
    with pytest.raises(Conflict, match="is exhausted"):
        lowest(space, pool, B, NOW)


def test_the_lowest_that_came_back_goes_first() -> None:
    slots = Slots(10, frozenset({0}))
    for _ in range(5):
        slots.take_lowest(A, NOW)
    for slot in (4, 2, 3):
        slots.free(slot)
    assert [slots.take_lowest(B, NOW) for _ in range(4)] == [2, 3, 4, 6]


def test_a_hold_ends_in_business_time() -> None:
    slots = Slots(2, frozenset({0}))
    assert slots.take_lowest(A, NOW) == 1
    slots.free(1)
    slots.hold(1, Held(A, NOW + MINUTE))
    assert slots.take_lowest(B, NOW) is None
    assert slots.take_lowest(B, NOW + MINUTE) == 1


def test_of_two_holds_the_later_counts() -> None:
    slots = Slots(2, frozenset({0}))
    slots.hold(1, Held(A, NOW + MINUTE))
    slots.hold(1, Held(B, NOW + 2 * MINUTE))
    slots.hold(1, Held(A, NOW))
    assert slots.take_lowest(A, NOW + MINUTE) is None
    assert slots.take_lowest(A, NOW + 2 * MINUTE) == 1
    slots.hold(1, Held(B, NOW + 9 * MINUTE))
    assert slots.owner(1) == A, "an address in use is not put on hold"


def test_a_static_address_is_passed_over_by_the_others() -> None:
    space, pool = space4()
    lease = fixed_ipv4(space, pool, IPv4Address("10.45.0.2"), A, NOW)
    assert space.address(lease.slot) == IPv4Address("10.45.0.2")
    assert space.address(lowest(space, pool, B, NOW).slot) == IPv4Address("10.45.0.3")


@pytest.mark.parametrize("address", ["10.45.0.0", "10.45.0.1", "10.45.0.7", "10.45.0.8", "10.44.255.255"])
def test_a_static_address_must_be_one_for_ues(address: str) -> None:
    space, pool = space4()
    with pytest.raises(Conflict, match=f"static address `{address}` in pool `internet`: it is not one of the pool's"):
        fixed_ipv4(space, pool, IPv4Address(address), A, NOW)


def test_a_static_address_in_use_or_on_hold_is_a_conflict() -> None:
    space, pool = space4()
    taken = lowest(space, pool, B, NOW)
    with pytest.raises(Conflict, match="in use by another line"):
        fixed_ipv4(space, pool, space.address(taken.slot), A, NOW)
    space.slots.free(taken.slot)
    space.slots.hold(taken.slot, Held(B, NOW + MINUTE))
    with pytest.raises(Conflict, match="on hold after another line"):
        fixed_ipv4(space, pool, space.address(taken.slot), A, NOW)
    assert fixed_ipv4(space, pool, space.address(taken.slot), A, NOW + MINUTE).slot == taken.slot


def test_a_static_prefix_is_a_64() -> None:
    space, pool = space6()
    assert fixed_ipv6(space, pool, IPv6Network("2001:db8:0:2::/64"), A, NOW).slot == 2
    with pytest.raises(Conflict, match="it is not a /64"):
        fixed_ipv6(space, pool, IPv6Network("2001:db8::/63"), A, NOW)
    with pytest.raises(Conflict, match="static prefix `2001:db9::/64` in pool `internet`: it is not one of"):
        fixed_ipv6(space, pool, IPv6Network("2001:db9::/64"), A, NOW)


def test_undoing_a_lease_leaves_the_slot_as_it_was() -> None:
    space, pool = space4()
    fresh = lowest(space, pool, A, NOW)
    fresh.undo()
    assert lowest(space, pool, B, NOW).slot == fresh.slot

    own = fixed_ipv4(space, pool, space.address(fresh.slot), B, NOW)
    own.undo()
    assert space.slots.owner(fresh.slot) == B, "it was in use by the same line before"

    space.slots.free(fresh.slot)
    space.slots.hold(fresh.slot, Held(B, NOW + MINUTE))
    again = fixed_ipv4(space, pool, space.address(fresh.slot), B, NOW)
    again.undo()
    with pytest.raises(Conflict, match="on hold after another line"):
        fixed_ipv4(space, pool, space.address(fresh.slot), A, NOW)


def test_a_restored_slot_is_occupied() -> None:
    slots = Slots(4, frozenset({0}))
    slots.occupy(1, A)
    assert slots.take_lowest(B, NOW) == 2


class SlotsAgainstModel(RuleBasedStateMachine):
    """The heap and the watermark against the obvious: the smallest number that nobody owns or holds."""

    SIZE = 8

    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots(self.SIZE, frozenset({0, 7}))
        self.owned: dict[int, Imsi] = {}
        self.held: dict[int, Held] = {}
        self.now = NOW

    def free(self) -> list[int]:
        self.held = {slot: held for slot, held in self.held.items() if held.until > self.now}
        return [slot for slot in range(1, self.SIZE - 1) if slot not in self.owned and slot not in self.held]

    @rule(imsi=st.sampled_from([A, B]))
    def take_lowest(self, imsi: Imsi) -> None:
        expected = min(self.free(), default=None)
        assert self.slots.take_lowest(imsi, self.now) == expected
        if expected is not None:
            self.owned[expected] = imsi

    @rule(slot=st.integers(0, 9), imsi=st.sampled_from([A, B]))
    def take(self, slot: int, imsi: Imsi) -> None:
        free = self.free()
        mine = self.owned.get(slot) == imsi or (slot in self.held and self.held[slot].imsi == imsi)
        try:
            self.slots.take(slot, imsi, self.now)
        except Conflict:
            assert slot not in free
            assert not mine
        else:
            assert slot in free or mine
            self.owned[slot] = imsi
            self.held.pop(slot, None)

    @precondition(lambda self: self.owned)
    @rule(data=st.data(), minutes=st.integers(0, 3))
    def give_back(self, data: st.DataObject, minutes: int) -> None:
        slot = data.draw(st.sampled_from(sorted(self.owned)))
        held = Held(self.owned.pop(slot), self.now + minutes * MINUTE)
        self.slots.free(slot)
        if minutes:
            self.slots.hold(slot, held)
            self.held[slot] = held

    @rule(minutes=st.integers(1, 3))
    def pass_time(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @invariant()
    def owners_agree(self) -> None:
        assert {slot: self.slots.owner(slot) for slot in range(self.SIZE) if self.slots.owner(slot)} == self.owned


TestSlotsAgainstModel = SlotsAgainstModel.TestCase
