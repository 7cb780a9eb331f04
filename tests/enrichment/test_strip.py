"""Clients' copies are gone in every spelling; everything else is byte for byte what it was (G12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.enrichment.spelling import canonical
from tests.enrichment.making import ALIASES, COOKIES, shipped

ENRICHER = shipped()
BROWSER = [
    (b"Host", b"portal.carrier.example"),
    (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64)"),
    (b"Accept", b"text/html, */*;q=0.8"),
    (b"Accept-Encoding", b"gzip"),
    (b"Connection", b"keep-alive"),
    (b"Cookie", b"a=1; theme=dark"),
    (b"X-Requested-With", b""),
    (b"Content-Length", b"0"),
]


def test_nothing_to_remove() -> None:
    left = ENRICHER.strip(BROWSER)
    assert left == BROWSER
    assert left is not BROWSER
    assert ENRICHER.strip([]) == []
    assert ENRICHER.strip(BROWSER[:4]) == BROWSER[:4]


@pytest.mark.parametrize(
    "name",
    [
        b"X-MSISDN",
        b"X_MSISDN",
        b"x-msisdn",
        b"X.MSISDN",
        b"X%2dMSISDN",
        b"%58-MSISDN",
        b"x_Msisdn",
        b"X-WAP_3gpp-SGSN_address",
        b"Msisdn",
        b"X--MSISDN",
        b"-X-MSISDN_",
        b"X-MSISDN ",
        b"\tX-MSISDN",
        b"X-MSISDN\x00",
        b"X-MSISDN\xa0",
        b"x-forwarded-for",
        b"FORWARDED",
        b"_" * 80 + b"X-MSISDN",
        b"Proxy-Authorization",
        b"proxy-connection",
        b"Proxy_Authorization",
    ],
)
@pytest.mark.parametrize("value", [b"8613900139000", b""])
def test_removed_wherever_it_stands(name: bytes, value: bytes) -> None:
    header = (name, value)
    assert ENRICHER.strip([header, *BROWSER]) == BROWSER
    assert ENRICHER.strip([*BROWSER[:3], header, *BROWSER[3:], header]) == BROWSER


@pytest.mark.parametrize(
    "name",
    [
        b"X-MSISDNX",
        b"XMSISDN",
        b"X-MSI-SDN",
        b"X%2-MSISDN",
        b"X%252dMSISDN",
        b"",
        b"-",
        b"Proxy",
        b"X-Proxy-Id",
        b"X-" + b"a" * 100,
    ],
)
def test_others_stay(name: bytes) -> None:
    assert ENRICHER.strip([(name, b"1"), (b"MSISDN", b"2")]) == [(name, b"1")]


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (b"keep-alive", b"keep-alive"),
        (b"close,  TE", b"close,  TE"),
        (b"keep-alive, X-MSISDN", b"keep-alive"),
        (b"x_msisdn,close", b"close"),
        (b"close, , X-MSISDN, TE", b"close, TE"),
        (b"X-MSISDN", None),
        (b"X-MSISDN, x-acr,", None),
        (b"Proxy-Authorization, close", b"close"),
        (b"close, " + b"_" * 80 + b"X-MSISDN", b"close"),
        (b"", b""),
    ],
)
@pytest.mark.parametrize("name", [b"Connection", b"connection", b"Trailer"])
def test_lists_of_names_are_cleaned(name: bytes, value: bytes, left: bytes | None) -> None:
    """`Connection: X-MSISDN` would have the next hop remove what was inserted."""
    assert ENRICHER.strip([(name, value)]) == ([(name, left)] if left is not None else [])


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (b"a=1;b=2", b"a=1;b=2"),
        (b"a=%20;b=2", b"a=%20;b=2"),
        (b"User-Identity-Forward-msisdn=86139; a=1", b"a=1"),
        (b"a=1; user_identity_forward_MSISDN=86139; b=2", b"a=1; b=2"),
        (b"a=1;User-Identity-Forward-msisdn;b=2", b"a=1; b=2"),
        (b"a=1; User%2DIdentity-Forward-msisd%6E=86139", b"a=1"),
        (b"a=x,y; User.Identity.Forward.msisdn=86139", b"a=x,y"),
        (b"a=1, User-Identity-Forward-msisdn=86139, b=2", b"a=1, b=2"),
        (b'a="1; User-Identity-Forward-msisdn=86139; 2"', b'a="1; 2"'),
        (b"a=1; b=2 User-Identity-Forward-msisdn=86139; c=3", b"a=1; c=3"),
        (b"a=1; User-Identity-Forward-msisdn[0]=86139", b"a=1"),
        (b"note=User-Identity-Forward-msisdn; a=1", b"note=User-Identity-Forward-msisdn; a=1"),
        (b"User-Identity-Forward-msisdn=86139", None),
        (b" ; User-Identity-Forward-msisdn=86139;", None),
        (b"", b""),
    ],
)
@pytest.mark.parametrize("name", [b"Cookie", b"cookie"])
def test_cookies_are_cleaned(name: bytes, value: bytes, left: bytes | None) -> None:
    assert ENRICHER.strip([(name, value)]) == ([(name, left)] if left is not None else [])


def test_is_identity_header() -> None:
    for name in ("X-MSISDN", "x_msisdn", "MSISDN", "x-Up_Calling-line-ID", "X-MSISDN\u00a0"):
        assert ENRICHER.is_identity_header(name)
    for name in ("Host", "Cookie", "Proxy-Authorization", "X-MSISDN-2", "", "\udcff"):
        assert not ENRICHER.is_identity_header(name)


def respelled(name: str) -> st.SearchStrategy[bytes]:
    """Some spelling of `name`: any case, `_` for any of its `-`, odd bytes at the ends."""
    parts = [
        st.sampled_from("-_") if letter == "-" else st.sampled_from(letter.lower() + letter.upper()) for letter in name
    ]
    odd = st.text(alphabet=" \t\x00_-\x7f", max_size=2)
    return st.tuples(odd, st.tuples(*parts).map("".join), odd).map(lambda one: "".join(one).encode())


identity_names = st.sampled_from(("X-MSISDN", *ALIASES)).flatmap(respelled)
cookie_names = st.sampled_from(COOKIES).flatmap(respelled)
harmless = st.sampled_from((b"Host", b"Accept", b"X-Trace", b"Via", b"DNT", b"If-None-Match"))
values = st.binary(max_size=12)
spoofed = st.tuples(identity_names, values).map(lambda header: (True, header))
listing = st.lists(identity_names | harmless, max_size=3).map(lambda names: (True, (b"Connection", b",".join(names))))
cookies = st.lists(st.tuples(cookie_names | st.just(b"a"), st.just(b"7")).map(b"=".join), max_size=3).map(
    lambda made: (True, (b"Cookie", b";".join(made)))
)
plain = st.tuples(harmless, values).map(lambda header: (False, header))


@given(st.lists(spoofed | listing | cookies | plain, max_size=10))
def test_no_copy_survives_and_nothing_else_is_touched(marked: list[tuple[bool, tuple[bytes, bytes]]]) -> None:
    left = ENRICHER.strip([header for _, header in marked])
    listed = {canonical(name.encode()) for name in ("X-MSISDN", *ALIASES)}
    assert not [name for name, _ in left if canonical(name) in listed]
    assert [header for header in left if header[0] in {header[0] for touched, header in marked if not touched}] == [
        header for touched, header in marked if not touched
    ]
    for name, value in left:
        if name == b"Connection":
            assert not {canonical(part) for part in value.split(b",")} & listed
        if name == b"Cookie":
            assert b"msisdn" not in value.lower()
    assert ENRICHER.strip(left) == left
