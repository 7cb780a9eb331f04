"""Counting failures per caller: who waits, for how long, and who does not."""

import pytest
from starlette.requests import HTTPConnection

from nfemu.web import limits
from nfemu.web.limits import Attempts, TooMany, caller_of


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_caller_who_was_wrong_too_often_waits_and_nobody_else_does() -> None:
    seconds = Seconds()
    attempts = Attempts(2, 60.0, seconds)
    for _ in range(2):
        attempts.check("one")
        attempts.failed("one")
    seconds.now += 20.5
    for refused in (attempts.check, attempts.failed):
        with pytest.raises(TooMany, match="try again in 40 s") as caught:
            refused("one")
        assert caught.value.retry_after == 40
    attempts.check("two")
    attempts.failed("two")


def test_after_the_window_the_count_begins_anew() -> None:
    seconds = Seconds()
    attempts = Attempts(1, 60.0, seconds)
    attempts.failed("one")
    seconds.now += 60
    attempts.check("one")
    attempts.failed("one")
    with pytest.raises(TooMany):
        attempts.check("one")


def test_a_failure_now_and_then_is_forgotten() -> None:
    seconds = Seconds()
    attempts = Attempts(2, 60.0, seconds)
    for _ in range(10):
        attempts.failed("one")
        seconds.now += 60
    attempts.check("one")


def test_memory_is_bounded_and_who_was_wrong_last_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_CALLERS", 3)
    attempts = Attempts(2, 60.0, Seconds())
    attempts.failed("one")
    for other in ("two", "three"):
        attempts.failed(other)
    attempts.failed("one")
    attempts.failed("four")
    assert len(attempts) == 3
    with pytest.raises(TooMany):
        attempts.check("one")


@pytest.mark.parametrize(
    ("client", "caller"),
    [
        (("10.45.0.2", 1), "10.45.0.2"),
        (("2001:db8:4500:1::7", 1), "2001:db8:4500:1::"),
        (("2001:db8:4500:1:ffff::1", 2), "2001:db8:4500:1::"),
        (None, ""),
    ],
)
def test_a_phone_is_its_address_or_all_of_its_prefix(client: tuple[str, int] | None, caller: str) -> None:
    assert caller_of(HTTPConnection({"type": "http", "client": client})) == caller
