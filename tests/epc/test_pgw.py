"""The PGW's session table: values, counters, addresses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest

from nfemu.epc import pgw
from nfemu.epc.catalogue import Catalogue
from nfemu.epc.pgw import Pgw
from nfemu.model.errors import Conflict, NotFound
from nfemu.model.identity import AccountId, Imsi, Msisdn, SessionId
from nfemu.model.session import PdnSession, SessionState
from nfemu.model.subscriber import OrderedProfile, PdnType, Subscriber
from tests.fakes.world import HOLD, catalogue

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ONE = Subscriber(Imsi("460000000000001"), Msisdn("8613800138000"), AccountId("one"))
TWO = Subscriber(Imsi("460000000000002"), Msisdn("8613800138001"), AccountId("two"))
FIXED = replace(TWO, static_ipv4=IPv4Address("10.45.0.9"))


def attach(
    table: Pgw, subscriber: Subscriber, now: datetime = NOW, shelves: Catalogue | None = None, number: int = 1
) -> PdnSession:
    profile = (shelves or catalogue()).meaning(OrderedProfile.OPEN)
    addresses = table.reserve(subscriber, profile, now)
    identifier = SessionId(f"ses-{subscriber.imsi}-{number}")
    session = pgw.create(identifier, subscriber, profile, addresses, table.latest(subscriber.imsi), now)
    table.accept(session)
    return session


def test_a_first_session_counts_from_one_and_is_not_effective_yet() -> None:
    session = attach(Pgw(catalogue()), ONE)
    assert (session.generation, session.policy_version, session.acknowledged_version) == (1, 1, 0)
    assert (str(session.ue_ipv4), str(session.ue_ipv6)) == ("10.45.0.2", "2001:db8:4500:1::/64")
    assert not pgw.is_acknowledged(session)
    assert pgw.is_acknowledged(pgw.acknowledge(session))


def test_in_place_keeps_address_and_generation() -> None:
    session = attach(Pgw(catalogue()), ONE)
    green = pgw.modify(session, catalogue().meaning(OrderedProfile.ARREARS))
    assert (green.profile, green.policy, green.policy_version) == ("green", "arrears", 2)
    assert (green.id, green.ue_ipv4, green.ue_ipv6, green.generation) == (
        session.id,
        session.ue_ipv4,
        session.ue_ipv6,
        1,
    )


def test_versions_go_on_over_detach_and_attach() -> None:
    table = Pgw(catalogue())
    released = pgw.release(attach(table, ONE), NOW)
    table.accept(released)
    again = attach(table, ONE, number=2)
    assert (released.policy_version, again.policy_version, again.generation) == (2, 3, 2)
    assert again.ue_ipv4 != released.ue_ipv4, "the former address is on hold"


def test_a_released_session_neither_changes_nor_ends_again() -> None:
    released = pgw.release(attach(Pgw(catalogue()), ONE), NOW)
    assert (released.state, released.released_at) == (SessionState.RELEASED, NOW)
    with pytest.raises(Conflict, match=r"of 138\*\*\*\*8000 is released; attach the line first"):
        pgw.modify(released, catalogue().meaning(OrderedProfile.ARREARS))
    with pytest.raises(Conflict, match="is released"):
        pgw.release(released, NOW)


def test_nobody_is_not_active() -> None:
    assert not pgw.is_active(None)


def test_lookup_by_address() -> None:
    table = Pgw(catalogue())
    session = attach(table, ONE)
    assert table.by_address(IPv4Address("10.45.0.2")) == session
    assert table.by_address(IPv6Address("2001:db8:4500:1::abcd")) == session
    assert table.by_address(IPv6Address("2001:db8:4500:2::abcd")) is None
    table.accept(pgw.release(session, NOW))
    assert table.by_address(IPv4Address("10.45.0.2")) is None
    assert table.by_address(IPv6Address("2001:db8:4500:1::abcd")) is None
    assert [each.state for each in table.sessions()] == [SessionState.RELEASED]


def test_a_reservation_can_be_cancelled() -> None:
    table = Pgw(catalogue())
    addresses = table.reserve(ONE, catalogue().meaning(OrderedProfile.OPEN), NOW)
    table.cancel(addresses)
    assert attach(table, TWO).ue_ipv4 == addresses.ipv4


def test_a_failed_reservation_takes_nothing() -> None:
    """The IPv4 address was free, the IPv6 prefix was not: neither is taken."""
    table = Pgw(catalogue())
    taken = attach(table, ONE)
    clash = replace(TWO, static_ipv6=taken.ue_ipv6)
    with pytest.raises(Conflict, match="in use by another line"):
        table.reserve(clash, catalogue().meaning(OrderedProfile.OPEN), NOW)
    assert attach(table, TWO).ue_ipv4 == IPv4Address("10.45.0.3")


@pytest.mark.parametrize("pdn_type", [PdnType.IPV4, PdnType.IPV6])
def test_one_family(pdn_type: PdnType) -> None:
    profiles = {name: replace(each, pdn_type=pdn_type) for name, each in catalogue().profiles.items()}
    shelves = replace(catalogue(), profiles=profiles)
    table = Pgw(shelves)
    session = attach(table, ONE, shelves=shelves)
    assert (session.ue_ipv4 is None) is (pdn_type is PdnType.IPV6)
    assert (session.ue_ipv6 is None) is (pdn_type is PdnType.IPV4)
    table.accept(pgw.release(session, NOW))
    assert len(table.sessions()) == 1


def test_a_profile_without_ip_reserves_nothing() -> None:
    with pytest.raises(NotFound):
        Pgw(catalogue()).reserve(ONE, catalogue().meaning(OrderedProfile.BARRED), NOW)


def test_a_static_address_comes_back_to_its_owner_at_once() -> None:
    table = Pgw(catalogue())
    first = attach(table, FIXED)
    table.accept(pgw.release(first, NOW))
    second = attach(table, FIXED, number=2)
    assert first.ue_ipv4 == second.ue_ipv4 == IPv4Address("10.45.0.9")
    assert (second.generation, table.by_address(IPv4Address("10.45.0.9"))) == (2, second)


def test_an_assigned_address_is_its_owners_alone() -> None:
    """Attached or not: the static line finds its address free whenever it comes."""
    lowest = replace(TWO, static_ipv4=IPv4Address("10.45.0.2"), static_ipv6=IPv6Network("2001:db8:4500:1::/64"))
    elsewhere = replace(TWO, imsi=Imsi("460000000000009"), static_ipv4=IPv4Address("192.0.2.1"))
    table = Pgw(catalogue())
    table.assign([lowest, elsewhere])
    session = attach(table, ONE)
    assert (session.ue_ipv4, str(session.ue_ipv6)) == (IPv4Address("10.45.0.3"), "2001:db8:4500:2::/64")
    with pytest.raises(Conflict, match="it is assigned to another line"):
        table.reserve(replace(lowest, imsi=Imsi("460000000000003")), catalogue().meaning(OrderedProfile.OPEN), NOW)
    assert attach(table, lowest).ue_ipv4 == IPv4Address("10.45.0.2")
    with pytest.raises(Conflict, match=r"static address `192.0.2.1` in pool `internet`: it is not one of the pool's"):
        table.reserve(elsewhere, catalogue().meaning(OrderedProfile.OPEN), NOW)


def test_a_release_reported_twice_does_not_touch_the_next_owner() -> None:
    """The acknowledgement writes a released session a second time; its address may be somebody else's by then."""
    shelves = catalogue(ipv4="10.45.0.0/30", hold=timedelta(0))
    table = Pgw(shelves)
    released = pgw.release(attach(table, ONE, shelves=shelves), NOW)
    table.accept(released)
    heir = attach(table, TWO, shelves=shelves)
    assert heir.ue_ipv4 == released.ue_ipv4
    table.accept(pgw.acknowledge(released))
    assert table.by_address(IPv4Address("10.45.0.2")) == heir
    third = replace(ONE, imsi=Imsi("460000000000003"))
    with pytest.raises(Conflict, match="exhausted"):
        table.reserve(third, shelves.meaning(OrderedProfile.OPEN), NOW)


def test_an_older_value_does_not_replace_the_latest() -> None:
    """A reactivation writes the old session, released, and the new one; the order of the two must not matter."""
    table = Pgw(catalogue())
    old = attach(table, ONE)
    released = pgw.release(old, NOW)
    profile = catalogue().meaning(OrderedProfile.OPEN)
    new = pgw.create(SessionId("ses-new"), ONE, profile, table.reserve(ONE, profile, NOW), released, NOW)
    table.accept(new)
    table.accept(released)
    assert table.latest(ONE.imsi) == new
    assert table.by_address(IPv4Address("10.45.0.3")) == new
    assert table.by_address(IPv4Address("10.45.0.2")) is None


def test_restore_brings_sessions_holds_and_counters_back() -> None:
    """Active addresses are in use; released ones stay on hold for what is left, superseded sessions' too."""
    table = Pgw(catalogue())
    active = attach(table, ONE)
    gone = pgw.release(attach(table, TWO), NOW)
    moved = replace(gone, id=SessionId("ses-before"), imsi=ONE.imsi, ue_ipv4=IPv4Address("10.45.0.4"), ue_ipv6=None)

    again = Pgw(catalogue())
    again.restore([active, gone], [gone, moved])
    assert again.by_address(IPv4Address("10.45.0.2")) == active
    assert again.latest(TWO.imsi) == gone
    third = replace(ONE, imsi=Imsi("460000000000003"))
    assert attach(again, third, NOW + HOLD - timedelta(seconds=1)).ue_ipv4 == IPv4Address("10.45.0.5")
    fourth = replace(ONE, imsi=Imsi("460000000000004"))
    assert attach(again, fourth, NOW + HOLD).ue_ipv4 == IPv4Address("10.45.0.3")


def test_an_address_that_no_pool_has_any_more_is_kept_by_its_session() -> None:
    active = attach(Pgw(catalogue()), ONE)
    changed = Pgw(catalogue(ipv4="10.99.0.0/16"))
    changed.restore([active], [])
    assert changed.by_address(IPv4Address("10.45.0.2")) == active
    changed.accept(pgw.release(active, NOW))
    assert changed.by_address(IPv4Address("10.45.0.2")) is None
