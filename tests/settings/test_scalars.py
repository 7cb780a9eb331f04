"""Durations, bit rates, amounts, addresses: what is read, and what is refused with an example."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from nfemu.model.errors import InvalidInput
from nfemu.model.money import Money
from nfemu.settings import scalars


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("300ms", timedelta(milliseconds=300)),
        ("60s", timedelta(seconds=60)),
        (" 10m ", timedelta(minutes=10)),
        ("2h", timedelta(hours=2)),
        ("365d", timedelta(days=365)),
        ("0s", timedelta(0)),
    ],
)
def test_durations(text: str, value: timedelta) -> None:
    assert scalars.duration(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("50M", 50_000_000), ("1.5G", 1_500_000_000), ("64k", 64_000), ("64K", 64_000), ("1", 1), ("0.001k", 1)],
)
def test_bit_rates(text: str, value: int) -> None:
    assert scalars.bit_rate(text) == value


@pytest.mark.parametrize(
    ("text", "minor"), [("30.00", 3000), ("30", 3000), ("0", 0), ("-0.00", 0), ("-12.5", -1250), (" 7 ", 700)]
)
def test_amounts(text: str, minor: int) -> None:
    assert scalars.amount(text, "CNY") == Money(minor)


def test_amounts_have_the_currency_s_decimals() -> None:
    assert scalars.amount("5900", "JPY") == Money(5900, "JPY")
    with pytest.raises(InvalidInput, match=r"`59\.5` is not an amount in JPY; write it like `59000`"):
        scalars.amount("59.5", "JPY")


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (scalars.duration, "10"),
        (scalars.duration, "1h30m"),
        (scalars.duration, "-1s"),
        (scalars.duration, "366d"),
        (scalars.duration, "١s"),
        (scalars.bit_rate, "0"),
        (scalars.bit_rate, "1.5"),
        (scalars.bit_rate, "5T"),
        (scalars.bit_rate, "9999G"),
        (scalars.listen_address, "example.com"),
        (scalars.host_name, "192.0.2.1"),
        (scalars.host_name, "a b"),
        (scalars.upstream, "127.0.0.1:9000"),
        (scalars.upstream, "ftp://127.0.0.1"),
        (scalars.upstream, "http://127.0.0.1:99999"),
        (scalars.upstream, "http://127.0.0.1:0"),
        (scalars.upstream, "http://user@127.0.0.1"),
        (scalars.upstream, "http://127.0.0.1/path"),
        (scalars.upstream, "http://127.0.0.1?x"),
        (scalars.upstream, "http://[::1"),
        (scalars.static_ipv4, "10.45.1"),
        (scalars.static_ipv6, "2001:db8::/48"),
        (scalars.static_ipv6, "2001:db8::1/64"),
        (scalars.static_ipv6, "x"),
    ],
)
def test_what_is_refused(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(InvalidInput, match=r"write|`a b`"):
        parse(text)


def test_addresses() -> None:
    assert scalars.listen_address("localhost") == "localhost"
    assert scalars.listen_address("::1") == "::1"
    assert scalars.host_name("Portal.Carrier.Example.") == "portal.carrier.example"
    assert scalars.upstream("http://[::1]:9000/") == ("http", "::1", 9000)
    assert str(scalars.static_ipv4("10.45.1.7")) == "10.45.1.7"
    assert str(scalars.static_ipv6("2001:db8:4500:7::")) == "2001:db8:4500:7::/64"


@pytest.mark.parametrize(
    ("text", "octets"),
    [("0", 0), ("20MiB", 20 << 20), ("1.5KiB", 1536), ("1GiB", 1 << 30), (" 77 ", 77)],
)
def test_a_volume(text: str, octets: int) -> None:
    assert scalars.volume(text) == octets


@pytest.mark.parametrize("text", ["", "-1", "20MB", "0.3", "1.0001KiB", "9999999GiB", "much"])
def test_no_volume(text: str) -> None:
    with pytest.raises(InvalidInput, match="write it like `20MiB`"):
        scalars.volume(text)


def test_a_rate_may_be_without_limit() -> None:
    assert (scalars.rate_limit("0"), scalars.rate_limit("1M")) == (0, 1_000_000)
    with pytest.raises(InvalidInput, match=r"`-1` is not a bit rate; write it like `32k` .*, or `0` for no limit"):
        scalars.rate_limit("-1")
