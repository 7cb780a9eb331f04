"""What trusted destinations are told, in each encoding; no value that could break a request."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.enrichment.encodings import MIN_KEY, pseudonym
from nfemu.enrichment.enricher import Enricher
from nfemu.enrichment.values import Encoding, EnrichedValue, HeaderRule, Identity, sendable
from nfemu.model.errors import InvalidInput
from tests.enrichment.making import IDENTITY, KEY, NOW, OpenSealer, shipped

MSISDN, IMSI, UE_ADDRESS, APN = EnrichedValue.MSISDN, EnrichedValue.IMSI, EnrichedValue.UE_ADDRESS, EnrichedValue.APN
PLAIN, PSEUDONYM, TOKEN = Encoding.PLAIN, Encoding.PSEUDONYM, Encoding.TOKEN
HOST, GROUP = "portal.carrier.example", "portal"


def test_plain() -> None:
    enricher = Enricher(
        [
            HeaderRule("X-MSISDN", MSISDN),
            HeaderRule("X-WAP-3GPP-IMSI", IMSI),
            HeaderRule("X-UE-Address", UE_ADDRESS),
            HeaderRule("X-APN", APN),
        ]
    )
    assert enricher.headers_for(IDENTITY, HOST, GROUP, NOW) == [
        (b"X-MSISDN", b"8613800138000"),
        (b"X-WAP-3GPP-IMSI", b"460001380013800"),
        (b"X-UE-Address", b"10.45.0.2"),
        (b"X-APN", b"internet"),
    ]
    without = Identity(IDENTITY.msisdn, IDENTITY.imsi)
    assert [name for name, _ in enricher.headers_for(without, HOST, GROUP, NOW)] == [b"X-MSISDN", b"X-WAP-3GPP-IMSI"]


def test_pseudonym_is_hmac_sha_256_of_the_parts_with_their_lengths() -> None:
    message = b"\0\0\0\x11nfemu pseudonym 1\0\0\0\x06portal\0\0\0\x06msisdn\0\0\0\x0d8613800138000"
    digest = hmac.new(KEY, message, hashlib.sha256).digest()
    enricher = Enricher([HeaderRule("X-ACR", MSISDN, PSEUDONYM)], pseudonym_key=KEY)
    ((name, value),) = enricher.headers_for(IDENTITY, HOST, GROUP, NOW)
    assert (name, value) == (b"X-ACR", base64.urlsafe_b64encode(digest).rstrip(b"="))
    assert enricher.headers_for(IDENTITY, "www.carrier.example", GROUP, NOW) == [(name, value)]


@given(
    st.lists(
        st.tuples(st.text(max_size=4), st.sampled_from(EnrichedValue), st.text(max_size=4)),
        min_size=2,
        max_size=6,
        unique=True,
    )
)
def test_pseudonyms_of_different_things_differ(parts: list[tuple[str, EnrichedValue, str]]) -> None:
    made = {pseudonym(KEY, *one) for one in parts}
    assert len(made) == len(parts)
    assert not made & {pseudonym(KEY[::-1], *one) for one in parts}
    assert all(len(one) == 43 for one in made)


def test_token() -> None:
    sealer = OpenSealer()
    enricher = Enricher([HeaderRule("X-Subscriber", MSISDN, TOKEN, lifetime_s=90)], sealer=sealer)
    ((name, value),) = enricher.headers_for(IDENTITY, HOST, GROUP, NOW)
    issued = int(NOW.timestamp())
    assert name == b"X-Subscriber"
    assert sealer.read(value) == {"msisdn": "8613800138000", "iat": issued, "exp": issued + 90, "aud": HOST}


@pytest.mark.parametrize("text", ["", "a b", "a\r\nX-Admin: 1", "a\nb", "a\x00", "a\x7f", "ü", "\udcff"])
def test_no_value_that_breaks_a_request(text: str) -> None:
    enricher = Enricher([HeaderRule("X-UE-Address", UE_ADDRESS)])
    with pytest.raises(InvalidInput, match="`X-UE-Address` has characters that no header may carry"):
        enricher.headers_for(replace(IDENTITY, ue_address=text), HOST, GROUP, NOW)


@given(st.text(max_size=8))
def test_sendable(text: str) -> None:
    try:
        value = sendable("X-Any", text)
    except InvalidInput:
        return
    assert value
    assert all(33 <= byte <= 126 for byte in value)


def test_what_is_inserted_is_what_is_removed() -> None:
    enricher = shipped()
    made = enricher.headers_for(IDENTITY, HOST, GROUP, NOW)
    assert made
    assert enricher.strip(made) == []


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ([HeaderRule("", MSISDN)], "enrichment header `` is not a header name"),
        ([HeaderRule("X MSISDN", MSISDN)], "enrichment header `X MSISDN` is not a header name"),
        ([HeaderRule("X-MSISDN:", MSISDN)], "is not a header name"),
        ([HeaderRule("X-MSISDN\n", MSISDN)], r"`X-MSISDN\n` is not a header name"),
        ([HeaderRule("X-号码", MSISDN)], "is not a header name"),
        ([HeaderRule("_-_", MSISDN)], "is not a header name"),
        ([HeaderRule("Host", MSISDN)], "`Host` is a header that HTTP itself needs"),
        ([HeaderRule("content_length", MSISDN)], "is a header that HTTP itself needs"),
        ([HeaderRule("Proxy-Msisdn", MSISDN)], "is a header that HTTP itself needs"),
        ([HeaderRule("X-MSISDN", MSISDN), HeaderRule("x_msisdn", IMSI)], "`x_msisdn` is there twice for some servers"),
        ([HeaderRule("X-ACR", MSISDN, PSEUDONYM)], f"needs a pseudonym key of {MIN_KEY} octets or more, not 31"),
        ([HeaderRule("X-ID", MSISDN, TOKEN)], "no keys for tokens are at hand"),
    ],
)
def test_refused(rules: list[HeaderRule], complaint: str) -> None:
    with pytest.raises(InvalidInput) as error:
        Enricher(rules, pseudonym_key=KEY[:31])
    assert complaint in str(error.value)


@pytest.mark.parametrize("lifetime_s", [0, -1, 86_401])
def test_lifetime_of_a_token(lifetime_s: int) -> None:
    with pytest.raises(InvalidInput, match="out of range; give 1 to 86400"):
        Enricher([HeaderRule("X-ID", MSISDN, TOKEN, lifetime_s)], sealer=OpenSealer())


def test_names_to_remove_are_checked_too() -> None:
    with pytest.raises(InvalidInput, match="alias `Cookie` is a header that HTTP itself needs"):
        Enricher([], ["Cookie"])
    with pytest.raises(InvalidInput, match="alias `a b` is not a header name"):
        Enricher([], ["a b"])
    with pytest.raises(InvalidInput, match="cookie `a=b` is not a cookie name"):
        Enricher([], [], ["a=b"])
