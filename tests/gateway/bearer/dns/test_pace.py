from ipaddress import ip_address

import pytest

from nfemu.gateway.bearer.dns import pace
from nfemu.gateway.bearer.dns.pace import Pace
from nfemu.runtime.crowd import sender

ME, OTHER = b"\x0a\x2d\x00\x02", b"\x0a\x2d\x00\x03"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(pace, "QUESTIONS_A_SECOND", 4)
    return Clock()


def heard(of: Pace, who: bytes, questions: int) -> int:
    return sum(of.allows(who) for _ in range(questions))


def test_a_second_s_worth_at_once_and_then_as_time_goes_by(clock: Clock) -> None:
    one = Pace(clock)
    assert heard(one, ME, 10) == 4
    clock.now += 0.5
    assert heard(one, ME, 10) == 2
    clock.now += 60
    assert heard(one, ME, 10) == 4


def test_nobody_takes_the_place_of_others(clock: Clock) -> None:
    one = Pace(clock)
    assert heard(one, ME, 1000) == 4
    assert heard(one, OTHER, 4) == 4


def test_a_phone_has_one_share_whatever_addresses_it_takes(clock: Clock) -> None:
    addresses = [ip_address(f"2001:db8:4500:1::{number:x}").packed for number in range(1, 9)]
    one = Pace(clock)
    assert sum(one.allows(sender(each)) for each in addresses) == 4
    assert one.allows(sender(ip_address("2001:db8:4500:2::1").packed))


def test_who_has_been_silent_is_forgotten(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_LEAST", 3)
    one = Pace(clock)
    for number in range(3):
        one.allows(bytes([number]))
    clock.now += 0.1
    one.allows(ME)
    assert len(one) == 4, "all of them may still be held to what they have asked"
    clock.now += 2
    for number in range(5):
        one.allows(bytes([1, number]))
    assert len(one) == 5
