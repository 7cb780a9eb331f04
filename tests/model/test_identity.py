"""Identities of TS 23.003: one spelling inside, whatever people write outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Apn, Imsi, Msisdn, Plmn


@pytest.mark.parametrize(
    "text",
    ["13800138000", "+8613800138000", "008613800138000", "8613800138000", "+86 138-0013-8000", "013800138000"],
)
def test_every_spelling_is_one_number(text: str) -> None:
    assert Msisdn.parse(text) == Msisdn("8613800138000")


def test_other_countries_keep_their_code() -> None:
    number = Msisdn.parse("+49 170 1234567")
    assert number.e164 == "491701234567"
    assert number.national() == "491701234567"
    assert Msisdn.parse("1701234567", country_code="49") == number
    assert number.national("49") == "1701234567"


def test_numbers_are_masked_for_pages_and_logs() -> None:
    assert Msisdn.parse("13800138000").masked() == "138****8000"
    assert Msisdn("8612345678").masked() == "123****5678"
    assert Msisdn("861234567").masked() == "****67"
    assert str(Msisdn.parse("13800138000")) == "8613800138000"


@pytest.mark.parametrize(
    "text", ["", "abc", "+", "1380013800x", "+0123456789", "1" * 20, "１３８００１３８０００", "+86138\n"]
)
def test_what_is_not_a_number_is_named(text: str) -> None:
    with pytest.raises(InvalidInput, match="phone number"):
        Msisdn.parse(text)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_parse_is_idempotent(national: str) -> None:
    number = Msisdn.parse(national)
    assert Msisdn.parse(number.e164) == number
    assert Msisdn.parse(number.national()) == number


@pytest.mark.parametrize("digits", ["", "12345", "1" * 16, "46000138001380x"])
def test_imsi_is_6_to_15_digits(digits: str) -> None:
    with pytest.raises(InvalidInput, match="IMSI"):
        Imsi(digits)


def test_identities_read_as_their_digits() -> None:
    assert str(Imsi("460001380013800")) == "460001380013800"
    assert str(Plmn("460", "00")) == "460-00"
    assert str(Apn("internet.mnc000.mcc460")) == "internet.mnc000.mcc460"


def test_e164_is_checked_where_no_parser_was_used() -> None:
    with pytest.raises(InvalidInput, match=r"E\.164"):
        Msisdn("0138")


@pytest.mark.parametrize(("mcc", "mnc"), [("46", "00"), ("460", "0"), ("460", "0000"), ("4a0", "00")])
def test_plmn_has_3_and_2_or_3_digits(mcc: str, mnc: str) -> None:
    with pytest.raises(InvalidInput, match="PLMN"):
        Plmn(mcc, mnc)


@pytest.mark.parametrize("name", ["", "Internet", "-a", "a-", "a..b", "a b", "x" * 64])
def test_apn_is_labels(name: str) -> None:
    with pytest.raises(InvalidInput, match="APN"):
        Apn(name)
