"""Host patterns: what each form covers, and the tree against a reader that simply tries all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.errors import InvalidInput
from nfemu.model.policy import Verdict
from nfemu.policy.patterns import HostPattern, HostTable, PatternKind
from nfemu.policy.rule import Rule, RuleFactory
from tests.policy.making import group, profile


def table(*entries: tuple[str, tuple[int, ...]]) -> HostTable:
    """Each pattern in a group of its own, named after its place."""
    made = HostTable()
    for place, (text, ports) in enumerate(entries):
        factory = RuleFactory.of(profile("p", Verdict.REJECT), group(f"g{place}", ports=ports))
        made.add(HostPattern.parse(text), factory.rule(text))
    return made


@pytest.mark.parametrize(
    ("pattern", "covered", "not_covered"),
    [
        ("pay.test", ["pay.test"], ["evilpay.test", "a.pay.test", "test", "pay.test.evil.example", "pay"]),
        (".pay.test", ["pay.test", "a.pay.test", "b.a.pay.test"], ["evilpay.test", "test", "pay.test.evil.example"]),
        ("*.pay.test", ["a.pay.test"], ["pay.test", "b.a.pay.test", "evilpay.test", "a.evilpay.test"]),
        ("le.com", ["le.com"], ["google.com", "ap.le.com"]),
        (".le.com", ["le.com", "ap.le.com"], ["google.com", "apple.com"]),
        ("localhost", ["localhost"], ["a.localhost"]),
    ],
)
def test_covers(pattern: str, covered: list[str], not_covered: list[str]) -> None:
    one = table((pattern, ()))
    for host in covered:
        assert one.match(host, 443) is not None, host
        assert [rule.pattern for rule in one.candidates(host)] == [pattern]
    for host in not_covered:
        assert one.match(host, 443) is None, host
        assert one.candidates(host) == []


def test_longest_first() -> None:
    order = ["a.b.c.test", ".a.b.c.test", "*.b.c.test", ".b.c.test", ".c.test"]
    everything = table(*((pattern, ()) for pattern in reversed(order)))
    assert [rule.pattern for rule in everything.candidates("a.b.c.test")] == order
    for left in range(len(order)):
        some = table(*((pattern, ()) for pattern in order[left:]))
        match = some.match("a.b.c.test", 80)
        assert match is not None
        assert match.pattern == order[left]


def test_a_longer_pattern_on_another_port_leaves_the_shorter_one() -> None:
    both = table(("a.shop.test", (8080,)), (".shop.test", ()), ("*.shop.test", (8443,)), (".a.shop.test", (9000,)))
    found = {port: both.match("a.shop.test", port) for port in (8080, 80, 8443, 9000, 22)}
    assert {port: rule and rule.pattern for port, rule in found.items()} == {
        8080: "a.shop.test",
        80: ".shop.test",
        8443: "*.shop.test",
        9000: ".a.shop.test",
        22: None,
    }


@pytest.mark.parametrize("pattern", ["a.shop.test", ".a.shop.test", "*.shop.test"])
def test_one_pattern_in_two_groups(pattern: str) -> None:
    made = HostTable()
    factories = [
        RuleFactory.of(profile("p", Verdict.REJECT), group(name, ports=ports))
        for name, ports in (("first", (80,)), ("second", (80, 8080)))
    ]
    rules = [factory.rule(pattern) for factory in factories]
    assert made.add(HostPattern.parse(pattern), rules[0]) == ()
    assert made.add(HostPattern.parse(pattern), rules[1]) == (rules[0],)
    assert made.match("a.shop.test", 80) is rules[0]
    assert made.match("a.shop.test", 8080) is rules[1]


def test_parse_normalises() -> None:
    assert HostPattern.parse("*.Bücher.Example.") == HostPattern(PatternKind.SINGLE, "xn--bcher-kva.example")
    assert str(HostPattern.parse(".Bücher.Example")) == ".xn--bcher-kva.example"
    assert str(HostPattern.parse("Portal.Example")) == "portal.example"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (".com", "write the registered name, like `.shop.com`"),
        ("*.com", "write the registered name, like `*.shop.com`"),
        ("*.co.uk", "covers the public suffix `co.uk`"),
        (".co.uk", "covers the public suffix `co.uk`"),
        (".uk", "covers the public suffix `uk`"),
        (".github.io", "covers the public suffix `github.io`"),
        ("*.blogspot.com", "covers the public suffix `blogspot.com`"),
        (".s3.amazonaws.com", "covers the public suffix `s3.amazonaws.com`"),
        (".amazonaws.com", "covers public suffixes below `amazonaws.com`"),
        ("*.amazonaws.com", "covers public suffixes below `amazonaws.com`"),
        (".kobe.jp", "covers the public suffix `kobe.jp`"),
        (".example", "covers the public suffix `example`"),
        (".公司.cn", "covers the public suffix `xn--55qx5d.cn`"),
        ("*", "`*` in a place without meaning"),
        ("*.*.shop.test", "`*` in a place without meaning"),
        ("a.*.shop.test", "`*` in a place without meaning"),
        ("a*.shop.test", "`*` in a place without meaning"),
        ("", "not a DNS name"),
        (".", "not a DNS name"),
        ("..shop.test", "not a DNS name"),
        ("*.", "not a DNS name"),
        ("shop.test:8080", "ports stand apart"),
        ("http://shop.test/", "a bare name"),
        ("192.0.2.1", "write it under `networks`"),
        (".192.0.2.1", "write it under `networks`"),
        ("[2001:db8::1]", "write it under `networks`"),
        ("0x7f.1", "four decimal numbers"),
    ],
)
def test_refused(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInput) as error:
        HostPattern.parse(text)
    assert complaint in str(error.value)
    assert str(error.value).startswith("host pattern `")


@pytest.mark.parametrize(
    "text",
    [
        "github.io",
        "com",
        "www.ck",
        ".www.ck",
        "*.alipay.com",
        ".city.kobe.jp",
        "*.cn-north-1.eb.amazonaws.com.cn.shop.test",
    ],
)
def test_what_covers_no_public_suffix_is_allowed(text: str) -> None:
    """An exact name covers itself alone."""
    assert str(HostPattern.parse(text)) == text


labels = st.sampled_from(["a", "b", "pay", "evilpay", "xn--9ca"])
names = st.lists(labels, min_size=1, max_size=3).map(lambda parts: ".".join([*parts, "shop", "test"]))
entries = st.tuples(st.sampled_from(["", ".", "*."]), names, st.sampled_from([(), (80,), (8080, 443), (8443,)])).map(
    lambda one: (one[0] + one[1], one[2])
)


def covers(pattern: str, host: str) -> tuple[int, int] | None:
    """The definition, by lists of labels; the answer is the pattern's length, exact before wildcard."""
    if pattern.startswith("*."):
        base = pattern[2:].split(".")
        return (len(base), 1) if host.split(".")[1:] == base else None
    if pattern.startswith("."):
        base = pattern[1:].split(".")
        return (len(base), 0) if host.split(".")[-len(base) :] == base else None
    return (len(host.split(".")), 1) if pattern == host else None


@given(st.lists(entries, max_size=12), names, st.sampled_from([80, 443, 8080, 8443, 22]))
def test_the_tree_agrees_with_trying_all(patterns: list[tuple[str, tuple[int, ...]]], host: str, port: int) -> None:
    made = table(*patterns)
    rated = [
        (rating, -place, pattern)
        for place, (pattern, ports) in enumerate(patterns)
        if (rating := covers(pattern, host)) is not None
    ]
    fitting = [one for one in rated if port in (patterns[-one[1]][1] or (80, 443))]
    expected = f"g{-max(fitting)[1]}" if fitting else None
    match: Rule | None = made.match(host, port)
    assert (match.group.name if match is not None else None) == expected
    assert [rule.group.name for rule in made.candidates(host)] == [f"g{-one[1]}" for one in sorted(rated, reverse=True)]
