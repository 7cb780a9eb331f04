"""Money is integers and never mixes currencies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.errors import InvalidInput
from nfemu.model.money import MAX_MINOR, Money


@pytest.mark.parametrize(("text", "minor"), [("59", 5900), ("59.0", 5900), ("59.00", 5900), ("0.01", 1), ("7.5", 750)])
def test_amounts_are_read_in_minor_units(text: str, minor: int) -> None:
    assert Money.parse(text) == Money(minor)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.00",
        "-1",
        "+1",
        "1e3",
        "59.001",
        "59,00",
        "NaN",
        "١",
        "1" * 14,
        "10000000000.01",
        ".",
        " 5",
        "5 ",
        "5\n",
    ],
)
def test_wrong_amounts_are_named(text: str) -> None:
    with pytest.raises(InvalidInput, match="amount"):
        Money.parse(text)


def test_currencies_without_minor_units() -> None:
    assert Money.parse("500", "JPY") == Money(500, "JPY")
    with pytest.raises(InvalidInput, match=r"such as 59$"):
        Money.parse("500.0", "JPY")
    assert Money(500, "JPY").decimal() == "500"
    assert Money(1234, "KWD").decimal() == "1.234"
    assert str(Money(1234, "KWD")) == "KWD 1.234"


def test_money_reads_well() -> None:
    assert str(Money(5900)) == "¥59.00"
    assert str(Money(-2905)) == "-¥29.05"
    assert Money(-5).decimal() == "-0.05"


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (123_450, "CNY", "¥1,234.50"),
        (-123_456_789, "CNY", "-¥1,234,567.89"),
        (123_450, "EUR", "1.234,50 €"),
        (-5, "EUR", "-0,05 €"),
        (1_234_567, "JPY", "¥1,234,567"),
        (500, "KRW", "₩500"),
        (123_450, "HKD", "HK$1,234.50"),
        (0, "USD", "$0.00"),
    ],
)
def test_every_currency_is_written_its_own_way(minor: int, currency: str, shown: str) -> None:
    assert str(Money(minor, currency)) == shown
    if minor > 0:
        assert Money.typed(shown, currency) == Money.typed(Money(minor, currency).plain(), currency)
        assert Money.typed(shown, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("29", "EUR", 2900),
        ("29.00", "EUR", 2900),
        ("29,5", "EUR", 2950),
        ("1.234", "EUR", 123_400),
        ("€ 29", "EUR", None),
        ("1,234", "CNY", 123_400),
        ("29,00", "CNY", None),
        ("12,34", "JPY", None),
        ("1.5", "JPY", None),
        ("-29", "CNY", None),
        ("¥", "CNY", None),
    ],
)
def test_amounts_as_people_type_them(text: str, currency: str, minor: int | None) -> None:
    if minor is None:
        with pytest.raises(InvalidInput, match="amount"):
            Money.typed(text, currency)
    else:
        assert Money.typed(text, currency) == Money(minor, currency)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(InvalidInput, match="cannot be combined"):
        Money(1, "CNY") + Money(1, "EUR")
    with pytest.raises(InvalidInput, match="known"):
        Money(1, "XXX")


@given(st.integers(1, MAX_MINOR), st.sampled_from(["CNY", "EUR", "JPY", "KWD"]))
def test_decimal_is_read_back(minor: int, currency: str) -> None:
    amount = Money(minor, currency)
    assert Money.parse(amount.decimal(), currency) == amount
    assert Money.of_decimal((-amount).decimal(), currency) == -amount
    assert Money.of_decimal(Money(0, currency).decimal(), currency) == Money(0, currency)
    assert Money.typed(str(amount), currency) == amount


@given(st.integers(), st.integers())
def test_arithmetic_is_exact(a: int, b: int) -> None:
    assert (Money(a) + Money(b)).minor == a + b
    assert (Money(a) - Money(b)).minor == a - b
    assert (-Money(a)).minor == -a


@pytest.mark.parametrize(
    ("money", "whole"), [(Money(5999), 59), (Money(-199), 1), (Money(99), 0), (Money(7, "JPY"), 7)]
)
def test_whole_units_leave_out_what_is_less_than_one(money: Money, whole: int) -> None:
    assert money.whole() == whole
