"""Signatures and sealed resources: what is signed, and that one octet more or less is noticed."""

import base64
from datetime import timedelta

import pytest

from nfemu.model.errors import InvalidInput
from nfemu.wechat.resource import seal, unseal
from nfemu.wechat.signing import answer_message, is_fresh, is_signed, request_message, sign, strict_base64
from tests.wechat.making import NOW, key

KEY = b"0123456789abcdef0123456789abcdef"


def test_what_is_signed() -> None:
    """As the provider's documentation shows it: every part ends with a line feed, an empty body too."""
    nonce = "593BEC0C930BF1AFEB40B4A08C8FB242"
    assert request_message("GET", "/v3/certificates?a=%20b", "1554208460", nonce, b"") == (
        b"GET\n/v3/certificates?a=%20b\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n"
    )
    assert answer_message("1554209980", "c5ac7061fccab6bf3e254dcf98995b8c", b'{"data":[]}') == (
        b'1554209980\nc5ac7061fccab6bf3e254dcf98995b8c\n{"data":[]}\n'
    )


def test_every_changed_character_of_a_signature_is_noticed() -> None:
    message = answer_message("1", "n", b"body")
    signature = sign(key(), message)
    public = key().public_key()
    assert is_signed(public, message, signature)
    for at in range(len(signature)):
        for other in {"A", "B", "+", "=", " ", "\n"} - {signature[at]}:
            assert not is_signed(public, message, signature[:at] + other + signature[at + 1 :]), at
    assert not is_signed(public, message + b" ", signature)


@pytest.mark.parametrize("text", ["", "YQ==", "YWI=", "YWJj", "YWJjZA=="])
def test_the_one_spelling_of_base64(text: str) -> None:
    octets = strict_base64(text)
    assert octets is not None
    assert base64.b64encode(octets).decode() == text


@pytest.mark.parametrize("text", ["YQ", "YR==", "YQ= =", "YQ==\n", " YQ==", "YWK=", "Y-==", "YQ==YQ==", "é"])
def test_every_other_spelling_is_none(text: str) -> None:
    assert strict_base64(text) is None


@pytest.mark.parametrize(
    ("seconds", "fresh"), [(0, True), (300, True), (-300, True), (301, False), (-301, False), (86_400, False)]
)
def test_a_timestamp_counts_for_five_minutes(seconds: int, fresh: bool) -> None:
    at = NOW + timedelta(seconds=seconds)
    assert is_fresh(str(int(at.timestamp())), NOW) is fresh


@pytest.mark.parametrize("text", ["", "1.5", "-1", "١٢٣", "9" * 13, "1793520000 "])
def test_what_is_no_timestamp(text: str) -> None:
    assert not is_fresh(text, NOW)


def test_what_was_sealed_comes_out() -> None:
    fields = seal(KEY, "话费".encode(), "transaction", "abcdefghijkl")
    assert fields | {"ciphertext": ""} == {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": "",
        "associated_data": "transaction",
        "nonce": "abcdefghijkl",
    }
    assert unseal(KEY, fields).decode() == "话费"
    assert unseal(KEY, seal(KEY, b"x", "", "abcdefghijkl")) == b"x"


def test_every_changed_character_of_a_resource_is_noticed() -> None:
    fields = seal(KEY, b'{"amount":{"total":1}}', "transaction", "abcdefghijkl")
    for name, value in fields.items():
        for at in range(len(value)):
            changed = value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
            with pytest.raises(InvalidInput):
                unseal(KEY, {**fields, name: changed})
    with pytest.raises(InvalidInput, match="not sealed with this API v3 key"):
        unseal(KEY[::-1], fields)
    with pytest.raises(InvalidInput, match="a nonce of 12 octets"):
        unseal(KEY, {**fields, "nonce": "short"})
    with pytest.raises(InvalidInput, match="algorithm `None`"):
        unseal(KEY, {})
