from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address

from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.identity import Imsi
from nfemu.model.sinkhole import IPV4_SINKHOLES, is_sinkhole
from nfemu.policy.sinkholes import HELD_FOR, Sinkhole, Sinkholes
from tests.policy.making import NOW

ME, OTHER = Imsi("460000000000001"), Imsi("460000000000002")
FIRST = Sinkhole(IPv4Address("100.100.0.16"), IPv6Address("fd53:696e:6b00::10"))
SECOND = Sinkhole(IPv4Address("100.100.0.17"), IPv6Address("fd53:696e:6b00::11"))
SHARED = Sinkhole(IPv4Address("100.100.0.1"), IPv6Address("fd53:696e:6b00::1"))
INSTANT = timedelta(microseconds=1)


def test_a_name_keeps_its_address_and_each_family_leads_back_to_it() -> None:
    table = Sinkholes()
    assert table.answer(ME, "news.example", NOW) == FIRST
    assert table.answer(ME, "mail.example", NOW) == SECOND
    assert table.answer(ME, "news.example", NOW) == FIRST
    for address in (FIRST.ipv4, FIRST.ipv6):
        assert table.name_of(ME, address, NOW) == "news.example"


def test_an_address_means_something_for_the_subscriber_who_was_given_it() -> None:
    table = Sinkholes()
    assert table.answer(ME, "news.example", NOW) == table.answer(OTHER, "mail.example", NOW) == FIRST
    assert table.name_of(OTHER, FIRST.ipv4, NOW) == "mail.example"
    assert table.name_of(Imsi("460000000000003"), FIRST.ipv4, NOW) is None


def test_it_is_held_for_ten_minutes_after_the_last_answer_or_use() -> None:
    table = Sinkholes()
    table.answer(ME, "news.example", NOW)
    answered = NOW + timedelta(minutes=9)
    table.answer(ME, "news.example", answered)
    used = answered + HELD_FOR - INSTANT
    assert table.name_of(ME, FIRST.ipv4, used) == "news.example"
    assert table.name_of(ME, FIRST.ipv4, used + HELD_FOR - INSTANT) == "news.example"
    assert table.name_of(ME, FIRST.ipv4, used + HELD_FOR * 2) is None
    assert len(table) == 0


def test_another_name_gets_an_address_that_was_not_used_yet() -> None:
    table = Sinkholes()
    table.answer(ME, "news.example", NOW)
    table.answer(ME, "mail.example", NOW + timedelta(minutes=5))
    third = table.answer(ME, "chat.example", NOW + HELD_FOR)
    assert third == Sinkhole.of_slot(18)
    assert table.name_of(ME, FIRST.ipv4, NOW + HELD_FOR) is None


def test_addresses_go_round_when_all_have_been_used() -> None:
    table, now = Sinkholes(per_line=60_000), NOW
    table.answer(ME, "kept.example", now)
    for slot in range(17, IPV4_SINKHOLES.num_addresses - 1):
        if slot % 20_000 == 0:
            now += HELD_FOR / 2
            assert table.name_of(ME, FIRST.ipv4, now) == "kept.example"
        assert table.answer(ME, f"n{slot}.example", now) == Sinkhole.of_slot(slot)
    assert table.answer(ME, "again.example", now) == SECOND
    assert table.name_of(ME, SECOND.ipv6, now) == "again.example"
    assert table.answer(ME, "kept.example", now) == FIRST


def test_past_the_caps_names_share_an_address_that_stands_for_none() -> None:
    table = Sinkholes(per_line=1, total=2)
    table.answer(ME, "news.example", NOW)
    assert table.answer(ME, "mail.example", NOW) == SHARED
    assert table.answer(OTHER, "mail.example", NOW) == FIRST
    assert table.answer(Imsi("460000000000003"), "mail.example", NOW) == SHARED
    assert table.name_of(ME, SHARED.ipv4, NOW) is None
    assert table.answer(ME, "mail.example", NOW + HELD_FOR) == FIRST


def test_a_wall_clock_that_goes_back_takes_no_address_away() -> None:
    table = Sinkholes()
    table.answer(ME, "news.example", NOW)
    table.answer(ME, "news.example", NOW - timedelta(hours=1))
    assert table.name_of(ME, FIRST.ipv4, NOW + HELD_FOR - INSTANT) == "news.example"


def test_only_the_two_networks_are_sinkholes() -> None:
    assert all(is_sinkhole(address) for address in (FIRST.ipv4, FIRST.ipv6))
    assert not any(is_sinkhole(ip_address(text)) for text in ("100.99.255.255", "198.18.0.16", "fd53:696e:6b01::10"))
    assert Sinkholes().name_of(ME, ip_address("100.101.0.16"), NOW) is None


STEPS = st.lists(
    st.tuples(st.sampled_from([ME, OTHER]), st.sampled_from("abcdef"), st.integers(0, 400)), min_size=1, max_size=60
)


@given(STEPS)
def test_no_address_ever_means_two_names_within_ten_minutes(steps: list[tuple[Imsi, str, int]]) -> None:
    table, now = Sinkholes(per_line=4, total=6), NOW
    told: dict[tuple[Imsi, IPv4Address], tuple[str, datetime]] = {}
    for imsi, name, seconds in steps:
        now += timedelta(seconds=seconds)
        found = table.answer(imsi, name, now)
        if found == SHARED:
            continue
        earlier, until = told.get((imsi, found.ipv4), (name, now))
        assert earlier == name or until <= now
        told[imsi, found.ipv4] = (name, now + HELD_FOR)
        assert table.name_of(imsi, found.ipv6, now) == name
        assert len(table) <= 6
