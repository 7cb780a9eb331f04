"""Host names and patterns. An input is lines: patterns, and last a host as a client writes it.

* A host has one spelling: normalised again it is the same; it is a DNS name, and no C library takes it for an address.
* A pattern has one spelling too, and covers no public suffix.
* What the tree of patterns finds, a reader that tries them all finds: by suffix comparison, straight from the table
  in `policy.patterns`.
"""

import re
import socket

from nfemu.model.errors import InvalidInput
from nfemu.model.policy import Verdict
from nfemu.policy.names import MAX_NAME, normalise_host
from nfemu.policy.networks import parse_network
from nfemu.policy.patterns import HostPattern, HostTable, PatternKind
from nfemu.policy.public_suffix import is_public_suffix
from nfemu.policy.rule import RuleFactory
from tests.fuzz.campaign import Target
from tests.policy.making import group, profile

_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_FACTORY = RuleFactory.of(profile("p", Verdict.REJECT), group("g"))


def check(data: bytes) -> str:
    *lines, last = data.decode("utf-8", "surrogateescape").split("\n")
    patterns: list[HostPattern] = []
    for text in lines:
        try:
            pattern = HostPattern.parse(text)
        except InvalidInput:
            _check_network(text)
            continue
        assert HostPattern.parse(str(pattern)) == pattern
        assert pattern.kind is PatternKind.EXACT or not is_public_suffix(pattern.name)
        patterns.append(pattern)
    try:
        host = normalise_host(last)
    except InvalidInput as error:
        return re.sub(r"`.*`", "``", str(error), flags=re.DOTALL)
    assert normalise_host(str(host)) == host, f"normalised twice: {host}"
    if not isinstance(host, str):
        return f"accepted: IPv{host.version}"
    assert _NAME.fullmatch(host), host
    assert len(host) <= MAX_NAME
    assert not _is_address(host), host
    _check_match(patterns, host)
    return f"accepted, {len(patterns)} patterns"


def _is_address(host: str) -> bool:
    """What `inet_aton` takes, a resolver takes."""
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


def _check_match(patterns: list[HostPattern], host: str) -> None:
    table = HostTable()
    for pattern in patterns:
        table.add(pattern, _FACTORY.rule(str(pattern)))
    covering = sorted({p for p in patterns if _covers(p, host)}, key=_length, reverse=True)
    found = [rule.pattern for rule in table.candidates(host)]
    assert list(dict.fromkeys(found)) == [str(pattern) for pattern in covering]
    match = table.match(host, 443)
    assert (match.pattern if match else None) == (str(covering[0]) if covering else None)


def _covers(pattern: HostPattern, host: str) -> bool:
    below = host.endswith("." + pattern.name)
    match pattern.kind:
        case PatternKind.EXACT:
            return host == pattern.name
        case PatternKind.SUFFIX:
            return below or host == pattern.name
        case _:
            return below and "." not in host.removesuffix("." + pattern.name)


def _length(pattern: HostPattern) -> tuple[int, int]:
    """`a.b.c`, `.a.b.c`, `*.b.c`, `.b.c`: longest first."""
    labels = pattern.name.count(".") + (pattern.kind is PatternKind.SINGLE)
    return labels, (PatternKind.SINGLE, PatternKind.SUFFIX, PatternKind.EXACT).index(pattern.kind)


def _check_network(text: str) -> None:
    try:
        network = parse_network(text)
    except InvalidInput:
        return
    assert parse_network(str(network)) == network


TARGET = Target(
    "hosts",
    (
        *(
            b".",
            b"*.",
            b"*",
            b"..",
            b"\n",
            b"-",
            b"_",
            b"xn--",
            b"xn--bcher-kva",
            b"%2e",
            b" ",
            b"\x00",
            b"\t",
            b":80",
            b"/",
            b"@",
            b"[",
            b"]",
        ),
        *(
            b"example",
            b"pay.provider.example",
            b".shop.example",
            b"co.uk",
            b"com",
            b"github.io",
            b"a.b.c.example",
            b"localhost",
            b"a",
        ),
        *(
            b"127.0.0.1",
            b"127.1",
            b"0x7f.1",
            b"2130706433",
            b"017700000001",
            b"0x",
            b"1.2.3.4.",
            b"::1",
            b"[::1]",
            b"::ffff:127.0.0.1",
            b"fe80::1%eth0",
        ),
        *("。中Ａ．①ßς\u200d\u00adĐ١İK".encode()[n : n + 3] for n in range(0, 27, 3)),
        *(
            each.encode()
            for each in ("。", "．", "中", "ß", "ς", "\u200d", "\u00ad", "İ", "K", "①", "١", "\u0301", "．com")
        ),
        *(b"198.51.100.0/24", b"2001:db8::/32", b"/0", b"/129", b"x" * 63, b"x" * 64, b"x." * 126),
    ),
    check,
    250_000,
)
