"""The small languages inside values: durations, bit rates, amounts, addresses to listen on."""

import re
from datetime import time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from nfemu.model.errors import InvalidInput
from nfemu.model.money import Money
from nfemu.policy.names import normalise_host

DURATION = r"([0-9]{1,9})(ms|s|m|h|d)"
TIME_OF_DAY = r"([01][0-9]|2[0-3]):([0-5][0-9])"
BIT_RATE = r"([0-9]{1,13}(?:\.[0-9]{1,6})?)([kKMG]?)"
VOLUME = r"([0-9]{1,13}(?:\.[0-9]{1,6})?)(KiB|MiB|GiB|)"
"""How these are spelled: also for the editors' schemas, which know nothing of a reader's further limits."""

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_RATES = {"": 1, "k": 1000, "K": 1000, "M": 1000_000, "G": 1000_000_000}
_VOLUMES = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_MAX_VOLUME = 1 << 50
_MAX_DURATION = timedelta(days=365)
_MAX_RATE = 4_294_967_295_000
"""Largest AMBR that Diameter can carry: Unsigned32 in kbit/s (Extended-Max-Requested-BW, TS 29.272 clause 7.3.139)."""


def duration(text: str) -> timedelta:
    """Read `300ms`, `60s`, `10m`, `2h`, `1d`. Raises InvalidInput."""
    match = re.fullmatch(DURATION, text.strip(), re.ASCII)
    if match is None or int(match[1]) * _UNITS[match[2]] > _MAX_DURATION:
        raise InvalidInput(f"`{text}` is not a duration of at most 365 days; write it like `10m` (ms, s, m, h, d)")
    return int(match[1]) * _UNITS[match[2]]


def time_of_day(text: str) -> time:
    """Read `08:00`, up to `23:59`. Raises InvalidInput."""
    match = re.fullmatch(TIME_OF_DAY, text.strip(), re.ASCII)
    if match is None:
        raise InvalidInput(f"`{text}` is not a time of day; write hours and minutes like `08:00`, midnight as `00:00`")
    return time(int(match[1]), int(match[2]))


def bit_rate(text: str) -> int:
    """Read `50M`, `1.5G`, `64k` or plain bits per second. Raises InvalidInput."""
    match = re.fullmatch(BIT_RATE, text.strip(), re.ASCII)
    bits = Decimal(match[1]) * _RATES[match[2]] if match else Decimal(0)
    if bits < 1 or bits != bits.to_integral_value() or bits > _MAX_RATE:
        raise InvalidInput(f"`{text}` is not a bit rate above zero; write it like `50M` (k, M, G: bits per second)")
    return int(bits)


def rate_limit(text: str) -> int:
    """A bit rate, or `0` for no limit. Raises InvalidInput."""
    if text.strip() == "0":
        return 0
    try:
        return bit_rate(text)
    except InvalidInput:
        raise InvalidInput(
            f"`{text}` is not a bit rate; write it like `32k` (k, M, G: bits per second), or `0` for no limit"
        ) from None


def volume(text: str) -> int:
    """Octets: `20MiB`, `512KiB`, `1.5GiB`, plain octets, or `0`. Raises InvalidInput."""
    match = re.fullmatch(VOLUME, text.strip(), re.ASCII)
    octets = Decimal(match[1]) * _VOLUMES[match[2]] if match else Decimal(-1)
    if octets < 0 or octets > _MAX_VOLUME or octets != octets.to_integral_value():
        raise InvalidInput(f"`{text}` is not a volume; write it like `20MiB` (KiB, MiB, GiB), or `0` for no limit")
    return int(octets)


def amount(text: str, currency: str) -> Money:
    """Read an amount that may also be zero or a debt: `30.00`, `0`, `-12.50`. Raises InvalidInput."""
    digits = text.strip()
    if re.fullmatch(r"-?0{1,12}(\.0{1,3})?", digits, re.ASCII):
        return Money(0, currency)
    try:
        value = Money.parse(digits.removeprefix("-"), currency)
    except InvalidInput:
        example = Money(59000, currency).decimal()
        raise InvalidInput(f"`{text}` is not an amount in {currency}; write it like `{example}`") from None
    return -value if digits.startswith("-") else value


def credit_limit(text: str, currency: str) -> Money:
    """Zero or more. Raises InvalidInput."""
    limit = amount(text, currency)
    if limit.minor < 0:
        raise InvalidInput(f"credit limit `{text}` is negative; write how far a balance may fall below zero")
    return limit


def host_name(text: str) -> str:
    """A host name, normalised to lower-case A-labels. Raises InvalidInput, also for an address."""
    name = normalise_host(text)
    if not isinstance(name, str):
        raise InvalidInput(f"`{text}` is an address; write a host name")
    return name


def receiver_host(text: str) -> str:
    """A host name, normalised as `host_name` does, or an IP address. Raises InvalidInput."""
    return str(normalise_host(text))


def listen_address(text: str) -> str:
    """An address to listen on, or `localhost`. Raises InvalidInput."""
    if text == "localhost":
        return text
    try:
        return str(ip_address(text))
    except ValueError:
        raise InvalidInput(f"`{text}` is not an IP address; write `127.0.0.1` to listen on loopback only") from None


def upstream(text: str) -> tuple[str, str, int]:
    """Scheme, host and port of an upstream server's URL. Raises InvalidInput."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    extra = parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in {"http", "https"} or not parts.hostname or extra or port == 0:
        raise InvalidInput(
            f"`{text}` is not the address of a server; write it like `http://127.0.0.1:9000`, without a path"
        )
    return parts.scheme, str(normalise_host(parts.hostname)), port or (443 if parts.scheme == "https" else 80)


def static_ipv4(text: str) -> IPv4Address:
    """One IPv4 address. Raises InvalidInput."""
    try:
        return IPv4Address(text)
    except ValueError:
        raise InvalidInput(f"`{text}` is not an IPv4 address; write it like `10.45.1.7`") from None


def static_ipv6(text: str) -> IPv6Network:
    """One IPv6 /64, with or without the prefix length. Raises InvalidInput."""
    try:
        network = IPv6Network(text if "/" in text else f"{text}/64")
    except ValueError:
        network = None
    if network is None or network.prefixlen != 64:
        raise InvalidInput(f"`{text}` is not an IPv6 prefix of a phone; write a /64 like `2001:db8:4500:7::/64`")
    return network
