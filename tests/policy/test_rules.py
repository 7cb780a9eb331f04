"""`decide`: the table of architecture section 5, precedence, and the properties that hold for every policy."""

from datetime import timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.identity import PolicyName
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.policy.rules import NO_BINDINGS, Bindings, PolicySet, decide
from tests.policy.making import LANDING, NOW, group, profile, to

GROUPS = (
    group("portal", "portal.carrier.example", trusted=True),
    group("api", "portal.carrier.example", ports=(8080,), trusted=True),
    group("payment", "pay.test", ".provider.test", "*.cdn.test"),
    group("quiz", "quiz.campus.test", ports=(8081,)),
    group("office", networks=("198.51.100.0/24", "2001:db8:9::/48"), trusted=True),
    group("shops", networks=("198.51.100.128/25",), ports=(80, 8000)),
)
PROFILES = (
    profile("open", Verdict.ALLOW, "portal", "api", "payment", "office"),
    profile("arrears", Verdict.REDIRECT, "portal", "api", "payment", "office", "shops", redirect_to=LANDING),
    profile("training", Verdict.REJECT, "quiz"),
)
POLICIES = PolicySet.build(GROUPS, PROFILES)
PORTAL_AT = ip_address("198.18.0.1")
BOUND: Bindings = {
    ("portal.carrier.example", PORTAL_AT): NOW + timedelta(seconds=1),
    ("pay.test", PORTAL_AT): NOW,
}

ALLOW, REDIRECT, REJECT = Verdict.ALLOW, Verdict.REDIRECT, Verdict.REJECT
HTTPS, RAW, DNS = Scheme.HTTPS, Scheme.RAW, Scheme.DNS
UDP = Transport.UDP
AT = str(PORTAL_AT)
PORTAL = "portal.carrier.example"

TABLE = [
    # profile, destination, verdict, enrich, rule
    ("arrears", to(PORTAL), ALLOW, True, "arrears/allow/portal/portal.carrier.example"),
    ("arrears", to("PORTAL.Carrier.Example."), ALLOW, True, "arrears/allow/portal/portal.carrier.example"),
    ("arrears", to(PORTAL, 8080), ALLOW, True, "arrears/allow/api/portal.carrier.example"),
    ("arrears", to(PORTAL, 443, scheme=HTTPS), ALLOW, False, "arrears/allow/portal/portal.carrier.example"),
    ("arrears", to(PORTAL, 443, scheme=RAW), ALLOW, False, "arrears/allow/portal/portal.carrier.example"),
    ("arrears", to(PORTAL, 8443), REDIRECT, False, "arrears/default"),
    ("arrears", to("pay.test"), ALLOW, False, "arrears/allow/payment/pay.test"),
    ("arrears", to("evilpay.test"), REDIRECT, False, "arrears/default"),
    ("arrears", to("a.pay.test"), REDIRECT, False, "arrears/default"),
    ("arrears", to("pay.test.evil.example"), REDIRECT, False, "arrears/default"),
    ("arrears", to("x.y.provider.test", 443, scheme=HTTPS), ALLOW, False, "arrears/allow/payment/.provider.test"),
    ("arrears", to("evilprovider.test"), REDIRECT, False, "arrears/default"),
    ("arrears", to("x.cdn.test"), ALLOW, False, "arrears/allow/payment/*.cdn.test"),
    ("arrears", to("x.y.cdn.test"), REDIRECT, False, "arrears/default"),
    ("arrears", to("cdn.test"), REDIRECT, False, "arrears/default"),
    # what cannot be redirected is refused
    ("arrears", to("news.example", 443, scheme=HTTPS), REJECT, False, "arrears/default"),
    ("arrears", to("news.example", 25, scheme=RAW), REJECT, False, "arrears/default"),
    ("arrears", to("news.example", 8080), REDIRECT, False, "arrears/default"),
    # QUIC and other UDP go by the default, allowed names included
    ("arrears", to("pay.test", 443, scheme=HTTPS, transport=UDP), REJECT, False, "arrears/default"),
    ("arrears", to("198.51.100.9", 443, scheme=RAW, transport=UDP), REJECT, False, "arrears/default"),
    # DNS asks for the name, whatever its ports and the resolver
    ("arrears", to("pay.test", 53, scheme=DNS, transport=UDP), ALLOW, False, "arrears/allow/payment/pay.test"),
    (
        "arrears",
        to("pay.test", 53, at="8.8.8.8", scheme=DNS, transport=UDP),
        ALLOW,
        False,
        "arrears/allow/payment/pay.test",
    ),
    ("arrears", to("t1.tunnel.example", 53, scheme=DNS, transport=UDP), REJECT, False, "arrears/default"),
    ("arrears", to("198.51.100.9", 53, scheme=DNS, transport=UDP), REJECT, False, "arrears/default"),
    ("training", to("quiz.campus.test", 53, scheme=DNS), ALLOW, False, "training/allow/quiz/quiz.campus.test"),
    # a name at an address: only where this subscriber was given it, and as long as it holds
    ("arrears", to(PORTAL, at=AT), ALLOW, True, "arrears/allow/portal/portal.carrier.example"),
    ("arrears", to(PORTAL, at="198.18.0.2"), REDIRECT, False, "arrears/unbound/portal"),
    ("arrears", to(PORTAL, 443, at="198.18.0.2", scheme=HTTPS), REJECT, False, "arrears/unbound/portal"),
    ("arrears", to("pay.test", at=AT), REDIRECT, False, "arrears/unbound/payment"),  # expired just now
    ("arrears", to("news.example", at=AT), REDIRECT, False, "arrears/default"),
    ("arrears", to("news.example", at="198.51.100.9"), REDIRECT, False, "arrears/default"),
    # literals are judged as addresses
    ("arrears", to("198.51.100.9"), ALLOW, True, "arrears/allow/office/198.51.100.0/24"),
    ("arrears", to("198.51.100.200"), ALLOW, False, "arrears/allow/shops/198.51.100.128/25"),
    ("arrears", to("198.51.100.200", 443, scheme=HTTPS), ALLOW, False, "arrears/allow/office/198.51.100.0/24"),
    ("arrears", to("[2001:db8:9::1]"), ALLOW, True, "arrears/allow/office/2001:db8:9::/48"),
    ("arrears", to("[::ffff:198.51.100.9]"), ALLOW, True, "arrears/allow/office/198.51.100.0/24"),
    ("arrears", to(AT), REDIRECT, False, "arrears/default"),
    ("arrears", Destination(None, None, 80), REDIRECT, False, "arrears/default"),
    # open: everything passes, trusted destinations are enriched on their own ports
    ("open", to("news.example"), ALLOW, False, "open/default"),
    ("open", to("news.example", 443, scheme=HTTPS, transport=UDP), ALLOW, False, "open/default"),
    ("open", to(PORTAL), ALLOW, True, "open/allow/portal/portal.carrier.example"),
    ("open", to(PORTAL, 8080), ALLOW, True, "open/allow/api/portal.carrier.example"),
    ("open", to(PORTAL, 9000), ALLOW, False, "open/default"),
    ("open", to(PORTAL, 443, scheme=HTTPS), ALLOW, False, "open/allow/portal/portal.carrier.example"),
    ("open", to("pay.test"), ALLOW, False, "open/allow/payment/pay.test"),
    # `Host: portal` sent to another address is never enriched
    ("open", to(PORTAL, at="203.0.113.66"), ALLOW, False, "open/unbound/portal"),
    ("open", to(PORTAL, at=AT), ALLOW, True, "open/allow/portal/portal.carrier.example"),
    ("open", to("198.51.100.9"), ALLOW, True, "open/allow/office/198.51.100.0/24"),
    # the same engine for other gardens (G18)
    ("training", to("quiz.campus.test", 8081), ALLOW, False, "training/allow/quiz/quiz.campus.test"),
    ("training", to("quiz.campus.test"), REJECT, False, "training/default"),
    ("training", to(PORTAL), REJECT, False, "training/default"),
]


@pytest.mark.parametrize(("name", "destination", "verdict", "enrich", "rule"), TABLE)
def test_decide(name: str, destination: Destination, verdict: Verdict, enrich: bool, rule: str) -> None:
    decision = decide(POLICIES.profile(PolicyName(name)), destination, BOUND, NOW)
    assert (decision.verdict, decision.enrich, decision.rule) == (verdict, enrich, rule)
    assert (decision.group or "default") in rule
    assert decision.reason


def test_the_reason_says_what_happens() -> None:
    arrears, everything = POLICIES.profile(PolicyName("arrears")), POLICIES.profile(PolicyName("open"))
    elsewhere = to(PORTAL, at="203.0.113.66")
    assert "was not given the address" in decide(arrears, elsewhere, NO_BINDINGS, NOW).reason
    assert decide(everything, elsewhere, NO_BINDINGS, NOW).reason.endswith(
        "allowed, as everything is, and not enriched"
    )
    assert "plain HTTP is enriched" in decide(everything, to(PORTAL), NO_BINDINGS, NOW).reason


def test_decisions_are_made_once() -> None:
    arrears = POLICIES.profile(PolicyName("arrears"))
    for _, destination, *_ in TABLE:
        assert decide(arrears, destination, BOUND, NOW) is decide(arrears, destination, BOUND, NOW)


def test_policy_set() -> None:
    assert POLICIES.names == ("open", "arrears", "training")
    arrears = POLICIES.profile(PolicyName("arrears"))
    assert (arrears.name, arrears.default, arrears.redirect_to) == ("arrears", Verdict.REDIRECT, LANDING)
    with pytest.raises(NotFound, match="`nope` does not exist; there are: open, arrears, training"):
        POLICIES.profile(PolicyName("nope"))
    with pytest.raises(NotFound, match="there are: none"):
        PolicySet.build((), ()).profile(PolicyName("open"))


PORTAL_GROUP = group("portal", PORTAL, trusted=True)


@pytest.mark.parametrize(
    ("groups", "profiles", "complaint"),
    [
        ([PORTAL_GROUP, PORTAL_GROUP], [], "group `portal` is defined twice"),
        ([], [profile("open", ALLOW)] * 2, "profile `open` is defined twice"),
        ([group("a/b", PORTAL)], [], "group `a/b`: its name is not letters"),
        ([group("", PORTAL)], [], "group ``: its name is not letters"),
        ([], [profile("a b", ALLOW)], "profile `a b`: its name is not letters"),
        ([group("all", ".com")], [], "group `all`: host pattern `.com` covers the public suffix `com`"),
        ([group("n", networks=("10.0.0.1/8",))], [], "group `n`: network `10.0.0.1/8` has bits set"),
        ([group("n", PORTAL, ports=(0,))], [], "group `n`: port `0` is out of range"),
        ([group("n", PORTAL, ports=(80, 65536))], [], "group `n`: port `65536` is out of range"),
        (
            [PORTAL_GROUP],
            [profile("open", ALLOW, "portl")],
            "names group `portl`, which does not exist; there are: portal",
        ),
        ([], [profile("open", ALLOW, "portal")], "there are: none"),
        ([], [profile("arrears", REDIRECT)], "profile `arrears`: `default: redirect` needs `redirect_to`"),
        ([], [profile("open", ALLOW, redirect_to=LANDING)], "profile `open`: `redirect_to` has no effect"),
        ([], [profile("training", REJECT, redirect_to=LANDING)], "`redirect_to` has no effect"),
        (
            [PORTAL_GROUP],
            [profile("arrears", REDIRECT, redirect_to=LANDING)],
            "not allowed by the profile itself, port 80",
        ),
        (
            [PORTAL_GROUP],
            [profile("arrears", REDIRECT, "portal", redirect_to="http://portal.carrier.example:8080/green")],
            "not allowed by the profile itself, port 8080",
        ),
        (
            [PORTAL_GROUP],
            [profile("arrears", REDIRECT, "portal", redirect_to="https://portal.carrier.example/green")],
            "not a plain http:// URL",
        ),
        (
            [PORTAL_GROUP, group("other", PORTAL, ports=(80, 9000))],
            [profile("open", ALLOW, "other", "portal")],
            "in group `portal`, which is trusted, and in group `other`, which is not",
        ),
        (
            [group("n", networks=("10.0.0.0/8",)), group("m", networks=("10.0.0.0/8",), trusted=True)],
            [profile("open", ALLOW, "n", "m")],
            "`10.0.0.0/8` is in group `m`, which is trusted, and in group `n`, which is not",
        ),
    ],
)
def test_refused(groups: list[DestinationGroup], profiles: list[PolicyProfile], complaint: str) -> None:
    with pytest.raises(InvalidInput) as error:
        PolicySet.build(groups, profiles)
    assert complaint in str(error.value)


def test_one_pattern_trusted_on_one_port_only_is_no_contradiction() -> None:
    groups = [PORTAL_GROUP, group("plain", PORTAL, ports=(9000,)), group("again", PORTAL, trusted=True)]
    compiled = PolicySet.build(groups, [profile("p", REJECT, "portal", "plain", "again", "portal")])
    decisions = [decide(compiled.profile(PolicyName("p")), to(PORTAL, port), NO_BINDINGS, NOW) for port in (80, 9000)]
    assert [(one.rule, one.enrich) for one in decisions] == [
        (f"p/allow/portal/{PORTAL}", True),
        (f"p/allow/plain/{PORTAL}", False),
    ]


def test_a_landing_page_may_be_an_address() -> None:
    office = group("office", networks=("198.51.100.0/24", "2001:db8::/32"))
    for url in ("http://198.51.100.1/", "http://[2001:db8::1]:443/"):
        PolicySet.build([office], [profile("p", REDIRECT, "office", redirect_to=url)])


# Properties, over policies and destinations made of the same few parts.

LABELS = ("a", "pay", "evilpay", "shop", "test", "example")
hostnames = st.lists(st.sampled_from(LABELS), min_size=2, max_size=4).map(".".join)
addresses = st.sampled_from([ip_address(f"198.51.100.{n}") for n in (1, 2, 200)])
patterns = st.tuples(st.sampled_from(("", ".", "*.")), hostnames).map("".join)
groups_of_any_kind = st.lists(
    st.builds(
        lambda hosts, networks, ports, trusted: (tuple(hosts), tuple(networks), tuple(ports), trusted),
        st.lists(patterns, max_size=3),
        st.lists(st.sampled_from(("198.51.100.0/24", "198.51.100.128/25", "198.51.100.1")), max_size=2),
        st.lists(st.sampled_from((80, 443, 8080)), max_size=2),
        st.booleans(),
    ),
    max_size=4,
).map(lambda made: [group(f"g{n}", *h, networks=w, ports=p, trusted=t) for n, (h, w, p, t) in enumerate(made)])
destinations = st.builds(
    Destination,
    st.none() | hostnames,
    st.none() | addresses,
    st.sampled_from((80, 443, 8080, 22)),
    st.sampled_from(Transport),
    st.sampled_from(Scheme),
)
bindings = st.dictionaries(
    st.tuples(hostnames, addresses), st.sampled_from((NOW - timedelta(1), NOW, NOW + timedelta(1))), max_size=4
)


def compiled(groups: list[DestinationGroup], default: Verdict) -> tuple[PolicySet, PolicyName]:
    """A policy of these groups; one that contradicts itself about trust is made all untrusted."""
    names = [one.name for one in groups]
    landing = group("landing", "landing.carrier.example")
    target = "http://landing.carrier.example/" if default is Verdict.REDIRECT else None
    made = profile("p", default, *names, "landing", redirect_to=target)
    try:
        return PolicySet.build([*groups, landing], [made]), made.name
    except InvalidInput:
        plain = [group(one.name, *one.hosts, networks=one.networks, ports=one.ports) for one in groups]
        return PolicySet.build([*plain, landing], [made]), made.name


@given(groups_of_any_kind, destinations, bindings, st.sampled_from(Verdict))
def test_what_holds_for_every_policy(
    groups: list[DestinationGroup],
    destination: Destination,
    bound: Bindings,
    default: Verdict,
) -> None:
    policies, name = compiled(groups, default)
    decision = decide(policies.profile(name), destination, bound, NOW)
    is_pair = destination.host is not None and destination.address is not None and destination.scheme is not Scheme.DNS
    held = {name for (name, address), expires in bound.items() if address == destination.address and expires > NOW}
    proven = not is_pair or destination.host in held
    by_group = next((one for one in groups if one.name == decision.group), None)

    assert decision.rule.startswith("p/")
    if decision.enrich:
        assert decision.verdict is Verdict.ALLOW
        assert destination.scheme is Scheme.HTTP
        assert destination.transport is Transport.TCP
        assert by_group is not None
        assert by_group.trusted
        assert destination.port in (by_group.ports or (80, 443))
        assert proven
    if decision.verdict is Verdict.REDIRECT:
        assert default is Verdict.REDIRECT
        assert destination.scheme is Scheme.HTTP
    if default is not Verdict.ALLOW and decision.verdict is Verdict.ALLOW:
        assert decision.rule.startswith("p/allow/")
        assert proven
    if default is Verdict.ALLOW:
        assert decision.verdict is Verdict.ALLOW


@given(hostnames, hostnames, st.sampled_from(("", ".", "*.")), st.sampled_from(("x", "evil", "-", "_")))
def test_no_match_by_a_suffix_of_the_string(base: str, host: str, form: str, glue: str) -> None:
    """`evilpay.test` is not `pay.test`, whatever is glued on."""
    policies, name = compiled([group("g", form + base)], Verdict.REDIRECT)
    decision = decide(policies.profile(name), Destination(glue + base, None, 80), NO_BINDINGS, NOW)
    assert decision.verdict is Verdict.REDIRECT
    below = decide(policies.profile(name), Destination(f"{host}.{glue}{base}", None, 80), NO_BINDINGS, NOW)
    assert below.verdict is Verdict.REDIRECT


def test_what_a_restricted_profile_is() -> None:
    policies = PolicySet.build([], [profile("open", Verdict.ALLOW), profile("strict", Verdict.REJECT)])
    assert [policies.profile(name).restricted for name in policies.names] == [False, True]


def test_an_address_is_as_trusted_as_a_name_that_has_it() -> None:
    """Names that can be looked up, on the ports of all the groups that list them."""
    arrears = POLICIES.profile(PolicyName("arrears"))
    assert arrears.names_trusted_on(80) == [PORTAL]
    assert arrears.names_trusted_on(8080) == [PORTAL]
    assert arrears.names_trusted_on(8000) == []
    wide = PolicySet.build((group("wide", "*.carrier.example", trusted=True),), (profile("p", ALLOW, "wide"),))
    assert wide.profile(PolicyName("p")).names_trusted_on(80) == []
