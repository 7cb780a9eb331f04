"""Past the bundle, unit by unit as it is begun: the same however it is reported."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.bss.tariffs import MOST, consumed, number, owed
from nfemu.model.consumption import Consumption
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Imsi
from nfemu.model.money import Money
from nfemu.model.plans import Measured, Tariff

NOTHING = Consumption(Imsi("460001380013800"), date(2026, 11, 1), Measured.VOICE)
TARIFF = Tariff(600, 60, Money(15))


@pytest.mark.parametrize(("seconds", "units"), [(1, 0), (600, 0), (601, 1), (660, 1), (661, 2)])
def test_a_unit_costs_once_it_is_begun(seconds: int, units: int) -> None:
    after = consumed(TARIFF, NOTHING, seconds)
    assert (after.used, after.units) == (seconds, units)
    assert owed(TARIFF, NOTHING, after) == (Money(15 * units) if units else None)


def test_without_a_tariff_and_for_a_price_of_nothing_it_is_counted_only() -> None:
    assert consumed(None, NOTHING, 6000).units == 0
    assert owed(None, NOTHING, consumed(None, NOTHING, 6000)) is None
    gratis = Tariff(0, 60, Money(0))
    assert owed(gratis, NOTHING, consumed(gratis, NOTHING, 60)) is None


def test_a_bundle_that_has_grown_gives_nothing_back_and_charges_nothing_twice() -> None:
    before = consumed(TARIFF, NOTHING, 700)
    grown = Tariff(6000, 60, Money(15))
    after = consumed(grown, before, 10)
    assert (after.units, owed(grown, before, after)) == (before.units, None)


def test_a_charge_is_named_by_the_unit_that_it_ends_with() -> None:
    assert number("basic", consumed(TARIFF, NOTHING, 700)) == "voice/basic/460001380013800/2026-11/2"


@pytest.mark.parametrize("amount", [0, -1, MOST + 1])
def test_what_cannot_have_been_used_is_refused(amount: int) -> None:
    with pytest.raises(InvalidInput, match="octets or seconds"):
        consumed(TARIFF, NOTHING, amount)


@given(st.lists(st.integers(1, 2000), min_size=1))
def test_it_does_not_matter_in_which_pieces_it_is_reported(pieces: list[int]) -> None:
    at, cost = NOTHING, 0
    for piece in pieces:
        after = consumed(TARIFF, at, piece)
        due = owed(TARIFF, at, after)
        cost += due.minor if due is not None else 0
        at = after
    whole = consumed(TARIFF, NOTHING, sum(pieces))
    due = owed(TARIFF, NOTHING, whole)
    assert (at, cost) == (whole, due.minor if due is not None else 0)
