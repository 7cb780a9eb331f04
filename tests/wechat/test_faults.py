"""Faults: their names and parameters, which deliveries they make of the first attempt, and when."""

from datetime import timedelta

import pytest

from nfemu.model.errors import InvalidInput
from nfemu.wechat.faults import (
    HELD_FOR,
    MAGIC,
    USUAL,
    Armed,
    Deviation,
    Fault,
    FaultKind,
    by_amount,
    deliveries,
    first_attempt,
)
from tests.wechat.making import NOW


@pytest.mark.parametrize("kind", list(FaultKind))
def test_each_has_a_name_and_an_amount(kind: FaultKind) -> None:
    fault = Fault.parse(kind.value)
    assert (fault.kind, fault.parameter) == (kind, USUAL.get(kind, ""))
    assert Fault.parse(str(fault)) == fault
    (total,) = [total for total, of_it in MAGIC.items() if of_it is kind]
    assert by_amount(total) == fault


def test_other_amounts_have_none() -> None:
    assert by_amount(5000) is None
    assert len(MAGIC) == len(FaultKind)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("never", "`never` is not a fault; there are duplicate, late"),
        ("late:soon", "write seconds like late:600"),
        ("late:99999999", "2592000 at the most"),
        ("slow:-1", "write seconds like slow:3"),
        ("error:WHAT", "write a code of the API like error:SYSTEM_ERROR"),
        ("lost:1", "it takes no parameter"),
    ],
)
def test_what_is_no_fault(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Fault.parse(text)


def test_parameters() -> None:
    assert Fault.parse("late:60").seconds == 60
    assert str(Fault.parse("error:NO_AUTH")) == "error:NO_AUTH"


@pytest.mark.parametrize("kind", list(FaultKind))
def test_only_the_first_attempt_deviates(kind: FaultKind) -> None:
    fault = Fault.parse(kind.value)
    assert deliveries(fault, 1) == (Deviation.NONE,)
    assert len(deliveries(fault, 0)) >= 1
    assert deliveries(None, 0) == (Deviation.NONE,)


def test_every_deviation_is_some_faults() -> None:
    assert {each for kind in FaultKind for each in deliveries(Fault(kind), 0)} == set(Deviation)


def test_when_the_merchant_is_told_first() -> None:
    at = {
        FaultKind.LOST: None,
        FaultKind.LATE: NOW + timedelta(seconds=600),
        FaultKind.OUT_OF_ORDER: NOW + HELD_FOR,
    }
    for kind in FaultKind:
        assert first_attempt(Fault.parse(kind.value), NOW) == at.get(kind, NOW)
    assert first_attempt(None, NOW) == NOW


def test_whom_an_armed_one_concerns() -> None:
    fault = Fault(FaultKind.LOST)
    assert Armed(1, fault).concerns("m", "o")
    assert Armed(1, fault, "m", "o").concerns("m", "o")
    for armed in (Armed(1, fault, left=0), Armed(1, fault, "other"), Armed(1, fault, "m", "other")):
        assert not armed.concerns("m", "o")
