"""`lint`: one test per check, and that it never says less than `PolicySet.build` refuses."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.errors import InvalidInput
from nfemu.model.policy import DestinationGroup, Limits, PolicyProfile, Verdict
from nfemu.policy.lint import PaymentPath, Severity, lint
from nfemu.policy.rules import PolicySet
from tests.policy.making import LANDING, group, profile
from tests.policy.test_rules import groups_of_any_kind

PORTAL = group("portal", "portal.carrier.example", trusted=True)
PAYMENT = group("payment", "pay.provider.example")
OPEN = profile("open", Verdict.ALLOW, "portal")
ARREARS = profile("arrears", Verdict.REDIRECT, "portal", "payment", redirect_to=LANDING)


def texts(groups: list[DestinationGroup], profiles: list[PolicyProfile]) -> list[str]:
    return [str(finding) for finding in lint(groups, profiles)]


def strict(*allow: str, name: str = "strict") -> PolicyProfile:
    return profile(name, Verdict.REJECT, *allow)


def test_the_shipped_shape_is_clean() -> None:
    assert texts([PORTAL, PAYMENT], [OPEN, ARREARS]) == []


def test_every_error_is_found_and_the_rest_still_looked_at() -> None:
    bad = group("bad", "ok.test", ".com", "http://x", networks=("10.0.0.1/8",), ports=(0, 80))
    found = texts(
        [bad, PORTAL, PORTAL, group("a/b", "x.test")],
        [strict("bad", "nope"), profile("arrears", Verdict.REDIRECT), profile("arrears", Verdict.ALLOW, "bad")],
    )
    starts = [
        "error: groups: group `portal` is defined twice",
        "error: profiles: profile `arrears` is defined twice",
        "error: groups.bad.ports[0]: port `0`",
        "error: groups.bad.hosts[1]: host pattern `.com`",
        "error: groups.bad.hosts[2]: host pattern `http://x`",
        "error: groups.bad.networks[0]: network `10.0.0.1/8`",
        "error: groups.a/b: its name",
        "error: profiles.strict: profile `strict`: `allow` names group `nope`",
        "error: profiles.arrears: profile `arrears`: `default: redirect` needs",
        "note: profiles.arrears.allow: group `bad` has no effect here",
        "note: groups.portal: no profile allows this group",
        "note: groups.a/b: no profile allows this group",
    ]
    assert len(found) == len(starts)
    for line, start in zip(found, starts, strict=True):
        assert line.startswith(start), line


def test_without_purpose() -> None:
    assert texts([group("empty")], [strict("empty")]) == [
        "warning: groups.empty: it has neither hosts nor networks, so it allows nothing"
    ]
    assert texts([PAYMENT], []) == ["note: groups.payment: no profile allows this group; name it in one, or remove it"]
    assert texts([PAYMENT], [profile("open", Verdict.ALLOW, "payment")]) == [
        "note: profiles.open.allow: group `payment` has no effect here: all is allowed, and the group is not trusted"
    ]


def test_over_wide() -> None:
    wide = group(
        "wide", ".alipay.com", "*.tenpay.com", ".www.alipay.com.cn", "alipayobjects.com", networks=("10.0.0.0/15",)
    )
    assert texts([wide], [strict("wide")]) == [
        "warning: groups.wide.networks: `10.0.0.0/15` covers 131072 addresses; list the networks that are needed",
        "note: groups.wide.hosts: `.alipay.com` covers every host of `alipay.com`; list the hosts that are needed",
        "note: groups.wide.hosts: `*.tenpay.com` covers every host of `tenpay.com`; list the hosts that are needed",
    ]
    told = group("told", ".carrier.example", networks=("2001:db8::/31", "2001:db8::/32"), trusted=True)
    found = lint([told], [strict("told")])
    assert [finding.severity for finding in found[:2]] == [Severity.WARNING, Severity.WARNING]
    assert "each is told who the subscriber is" in found[0].text
    assert "`2001:db8::/31`" in found[1].text


def shadowed(groups: list[DestinationGroup], *profiles: PolicyProfile) -> list[str]:
    made = profiles or (strict(*[one.name for one in groups]),)
    return [finding.text for finding in lint(groups, list(made)) if "changes nothing beside" in finding.text]


def test_shadowed() -> None:
    one = group("one", ".pay.shop.test", "a.pay.shop.test", "*.b.pay.shop.test", ".c.pay.shop.test", "pay.shop.test")
    assert shadowed([one]) == [
        f"`{pattern}` changes nothing beside `.pay.shop.test` of group `one`; remove one"
        for pattern in ("a.pay.shop.test", "*.b.pay.shop.test", ".c.pay.shop.test", "pay.shop.test")
    ]
    single = group("single", "*.pay.shop.test", "a.pay.shop.test", ".b.pay.shop.test", "pay.shop.test")
    assert shadowed([single]) == [
        "`a.pay.shop.test` changes nothing beside `*.pay.shop.test` of group `single`; remove one"
    ]
    networks = group("n", networks=("10.1.0.0/16", "10.1.2.0/24", "10.2.0.0/24"))
    assert shadowed([networks]) == ["`10.1.2.0/24` changes nothing beside `10.1.0.0/16` of group `n`; remove one"]


def test_shadowed_by_another_group() -> None:
    first, again = group("first", "pay.shop.test", ports=(80, 443)), group("again", "pay.shop.test")
    assert shadowed([first, again]) == [
        "`pay.shop.test` changes nothing beside `pay.shop.test` of group `first`; remove one"
    ]
    # another port, other trust, or a profile that has only one of the two: it does change something
    assert shadowed([first, group("again", "pay.shop.test", ports=(8080,))]) == []
    assert shadowed([group("wide", ".shop.test"), group("told", "pay.shop.test", trusted=True)]) == []
    assert shadowed([first, again], strict("first", "again"), strict("again", name="other")) == []
    # the nearest shorter pattern counts: beneath it the farther one means nothing
    between = [
        group("far", ".shop.test", trusted=True),
        group("near", ".pay.shop.test"),
        group("own", "a.pay.shop.test", trusted=True),
    ]
    assert shadowed(between) == []


def test_trusted_where_nothing_can_be_inserted() -> None:
    secure = group("secure", "portal.carrier.example", ports=(443,), trusted=True)
    assert texts([secure], [strict("secure"), profile("open", Verdict.ALLOW)]) == [
        "warning: groups.secure.ports: trusted on port 443 only, where nothing can be inserted; add a plain HTTP port"
    ]


def test_trust_that_differs_between_profiles() -> None:
    plain = group("plain", ".carrier.example", ports=(80,))
    found = [
        line for line in texts([PORTAL, plain], [strict("portal"), strict("plain", name="other")]) if "learns" in line
    ]
    assert found == [
        (
            "warning: profiles.other.allow: `portal.carrier.example`, port 80, learns the number under `strict`, "
            "but not under `other`: there it is in group `plain`, which is not trusted"
        )
    ]
    for entry in ({"networks": ("198.51.100.0/24",)}, {"networks": ("2001:db8::/48",)}):
        office = group("office", ports=(8080,), trusted=True, **entry)
        assert [
            line for line in texts([office], [strict("office"), profile("open", Verdict.ALLOW)]) if "learns" in line
        ] == [
            (
                f"warning: profiles.open.allow: `{entry['networks'][0]}`, port 8080, learns the number under `strict`, "
                "but not under `open`: add group `office`"
            )
        ]


def test_an_exception_from_trust_is_no_difference() -> None:
    """A longer untrusted pattern in the same profile is meant; the wider one is judged where it decides itself."""
    groups = [
        group("told", ".www.carrier.example", "*.m.carrier.example", "198-51.carrier.example", trusted=True),
        group("not-told", "www.carrier.example", "a.m.carrier.example"),
    ]
    assert [
        line
        for line in texts(groups, [strict("told", "not-told"), strict("told", "not-told", name="b")])
        if "learns" in line
    ] == []
    same = [group("told", networks=("10.1.0.0/16",), trusted=True), group("not-told", networks=("10.1.0.0/24",))]
    assert [line for line in texts(same, [strict("told", "not-told")]) if "learns" in line] == []


def test_a_landing_page_that_does_not_know_the_number() -> None:
    plain = group("portal", "portal.carrier.example")
    assert texts([plain, PAYMENT], [ARREARS]) == [
        (
            "warning: profiles.arrears.redirect_to: the landing page is in group `portal`, which is not trusted: "
            "it will not know the number"
        )
    ]


def test_a_cap_past_which_nothing_is_bounded() -> None:
    def capped(*limits: int) -> PolicyProfile:
        return replace(ARREARS, limits=Limits(*limits), essential=ARREARS.allow)

    (found,) = texts([PORTAL, PAYMENT], [OPEN, capped(1 << 20, 1_000_000)])
    assert found.startswith("warning: profiles.arrears.essential: past `daily_cap` nothing but `rate` bounds what")
    assert texts([PORTAL, PAYMENT], [OPEN, capped(1 << 20, 1_000_000, 32_000)]) == []
    assert texts([PORTAL, PAYMENT], [OPEN, capped(1 << 20, 0, 8_000)]) == []
    assert texts([PORTAL, PAYMENT], [OPEN, capped(0, 32_000, 32_000)]) == []


@pytest.mark.parametrize(
    ("rate", "slow", "said"),
    [
        (1_000_000, 7_999, "7999 bits per second are too few to pay with; write 8k at least, such as 32k"),
        (32_000, 32_000, "it changes nothing: `rate` is 32000 bits per second already; write less"),
    ],
)
def test_a_rate_past_the_cap_that_is_none(rate: int, slow: int, said: str) -> None:
    capped = replace(ARREARS, limits=Limits(1 << 20, rate, slow), essential=ARREARS.allow)
    assert texts([PORTAL, PAYMENT], [OPEN, capped]) == [f"warning: profiles.arrears.rate_past_cap: {said}"]


def test_a_cap_past_which_nobody_can_pay() -> None:
    path = PaymentPath("portal.carrier.example", ("pay.provider.example",))
    capped = replace(ARREARS, limits=Limits(1 << 20, 0, 32_000), essential=(PORTAL.name,))
    (found,) = lint([PORTAL, PAYMENT], [OPEN, capped], path)
    assert str(found) == (
        "warning: profiles.arrears.essential: past `daily_cap` nobody can pay at `pay.provider.example`, where the "
        "portal has people pay; add group `payment`"
    )


def test_a_portal_from_which_nobody_can_pay() -> None:
    path = PaymentPath("portal.carrier.example", ("pay.provider.example",))
    poor = profile("poor", Verdict.REDIRECT, "portal", redirect_to=LANDING)
    elsewhere = profile("quiz", Verdict.REDIRECT, "quiz", redirect_to="http://quiz.test/")
    groups = [PORTAL, PAYMENT, group("quiz", "quiz.test", trusted=True)]
    found = lint(groups, [ARREARS, poor, elsewhere, strict("portal", "quiz")], path)
    assert [str(finding) for finding in found] == [
        (
            "warning: profiles.poor.allow: people are sent to the portal, which has them pay at "
            "`pay.provider.example`, but that is not allowed on port 443; add its group"
        )
    ]


@given(groups_of_any_kind, st.sampled_from(Verdict), st.booleans())
def test_errors_are_what_build_refuses(groups: list[DestinationGroup], default: Verdict, landing: bool) -> None:
    made = profile("p", default, *[one.name for one in groups], redirect_to="http://a.test/" if landing else None)
    try:
        PolicySet.build(groups, [made, strict(*[one.name for one in groups])])
        refused = False
    except InvalidInput:
        refused = True
    found = lint(groups, [made, strict(*[one.name for one in groups])])
    assert any(finding.severity is Severity.ERROR for finding in found) is refused


def test_only_the_portal_must_know_who_lands_there() -> None:
    """Another garden's page need not; of where people pay nothing is said where it is not known."""
    groups = [group("page", "page.test")]
    profiles = [profile("garden", Verdict.REDIRECT, "page", redirect_to="http://page.test/")]
    assert lint(groups, profiles, PaymentPath("portal.carrier.example", ())) == []
    (own,) = lint(groups, profiles, PaymentPath("page.test", ()))
    assert "will not know the number" in own.text
