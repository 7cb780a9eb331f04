"""What a subscriber gets beside the policy's verdict: guards before and after it, and where names lead."""

from ipaddress import ip_address

import pytest

from nfemu.gateway.link.host import Answer
from nfemu.gateway.ports import Direct, Route
from nfemu.gateway.reach import reach
from nfemu.gateway.resolving import Names
from nfemu.model.destination import Scheme, Transport
from nfemu.model.errors import Unavailable
from nfemu.model.identity import PolicyName
from nfemu.model.policy import Verdict
from nfemu.policy.reach import Reach
from nfemu.policy.rules import NO_BINDINGS, PolicySet, decide
from tests.gateway.origins import Numbered
from tests.gateway.test_resolving import EMULATED, PORTAL, REAL
from tests.policy.making import LANDING, NOW, group, profile, to

GROUPS = [group("portal", PORTAL, trusted=True), group("net", "pay.example", networks=("10.0.0.0/8", "8.8.8.8"))]
POLICIES = PolicySet.build(
    GROUPS,
    [
        profile("open", Verdict.ALLOW, "portal"),
        profile("arrears", Verdict.REDIRECT, "portal", "net", redirect_to=LANDING),
    ],
)


class Told:
    """A resolver with one answer; None: nobody may ask it."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = tuple(map(ip_address, addresses))

    async def answer(self, host: str) -> Answer:
        assert self._addresses, f"{host} was resolved"
        return Answer(Route(self._addresses, Direct(), Direct()), 1.0)


class Silent(Told):
    """Knows no names now."""

    async def answer(self, host: str) -> Answer:
        if host == PORTAL:
            raise Unavailable("the DNS did not answer")
        return await super().answer(host)


async def seen(policy: str, host: str, port: int, scheme: Scheme, *, real: bool, udp: bool = False) -> Reach:
    its = POLICIES.profile(PolicyName(policy))
    destination = to(host, port, scheme=scheme, transport=Transport.UDP if udp else Transport.TCP)
    names = Names(REAL if real else EMULATED, Numbered())
    return await reach(names, its, destination, decide(its, destination, NO_BINDINGS, NOW))


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "169.254.1.1", "::1", "fd00::1", "192.168.1.1"])
@pytest.mark.parametrize("policy", ["open", "arrears"])
async def test_private_literals_are_refused_under_every_profile(policy: str, host: str, real: bool) -> None:
    for scheme in (Scheme.HTTP, Scheme.HTTPS, Scheme.RAW):
        guard = (await seen(policy, host, 80, scheme, real=real)).guard
        assert guard is not None
        assert (guard.rule, guard.reason) == (
            "gateway/private-address",
            f"{host} is not a public address: the gateway does not dial it",
        )


@pytest.mark.parametrize(
    ("policy", "host", "port", "scheme", "real", "rule"),
    [
        ("arrears", "8.8.8.8", 443, Scheme.HTTPS, True, "gateway/names-only"),
        ("arrears", "8.8.8.8", 443, Scheme.RAW, True, "gateway/names-only"),
        ("arrears", "pay.example", 443, Scheme.RAW, False, "gateway/no-raw"),
        ("open", PORTAL, 80, Scheme.RAW, False, "gateway/no-raw"),
        ("open", "8.8.8.8", 80, Scheme.HTTP, False, "gateway/no-such-name"),
        ("open", "printer.local", 80, Scheme.HTTP, False, "gateway/no-such-name"),
        ("open", "localhost", 80, Scheme.HTTP, True, "gateway/no-such-name"),
    ],
)
async def test_other_guards(policy: str, host: str, port: int, scheme: Scheme, real: bool, rule: str) -> None:
    found = await seen(policy, host, port, scheme, real=real)
    assert found.guard is not None
    assert found.guard.rule == rule
    assert found.leads_to == ""


async def test_nothing_raw_goes_to_a_trusted_name_s_address() -> None:
    """By whatever name; where the trusted one cannot be resolved, nobody knows."""
    its = POLICIES.profile(PolicyName("open"))
    for host, port, refused in (("8.8.8.8", 80, True), ("8.8.8.8", 25, False), ("alias.example", 443, True)):
        destination = to(host, port, scheme=Scheme.RAW)
        decision = decide(its, destination, NO_BINDINGS, NOW)
        found = await reach(Told("8.8.8.8"), its, destination, decision)
        assert (found.guard is not None and f"`{PORTAL}` is there" in found.guard.reason) is refused
    destination = to("8.8.8.8", 443, scheme=Scheme.RAW)
    found = await reach(Silent("8.8.8.8"), its, destination, decide(its, destination, NO_BINDINGS, NOW))
    assert found.guard is not None
    assert found.guard.rule == "gateway/no-raw"


async def test_proxies_carry_no_udp() -> None:
    guard = (await seen("open", "8.8.8.8", 53, Scheme.RAW, real=True, udp=True)).guard
    assert guard is not None
    assert guard.rule == "gateway/tcp-only"


async def test_where_names_lead() -> None:
    emulated = await seen("open", "news.example", 443, Scheme.HTTPS, real=False)
    assert [str(address) for address in emulated.addresses] == ["198.18.0.16", "2001:2::10"]
    assert emulated.leads_to == "the emulated Internet"
    assert (await seen("open", "198.18.0.77", 443, Scheme.RAW, real=False)).leads_to == "the emulated Internet"
    literal = await seen("open", "8.8.8.8", 443, Scheme.HTTPS, real=True)
    assert (literal.guard, literal.leads_to) == (None, "the Internet, port 443")


@pytest.mark.parametrize(
    ("addresses", "refused"), [(("10.0.0.7", "::1"), True), (("8.8.8.8",), False), (("127.0.0.1", "8.8.8.8"), False)]
)
async def test_names_that_resolve_to_private_addresses(addresses: tuple[str, ...], refused: bool) -> None:
    its = POLICIES.profile(PolicyName("open"))
    destination = to("news.example")
    found = await reach(Told(*addresses), its, destination, decide(its, destination, NO_BINDINGS, NOW))
    assert found.addresses == tuple(map(ip_address, addresses))
    assert (found.guard is not None and found.guard.rule == "gateway/private-address") is refused
    assert found.leads_to == ("" if refused else "the Internet, port 80")


@pytest.mark.parametrize("policy", ["open", "arrears"])
async def test_a_configured_upstream_is_exempt(policy: str) -> None:
    plain = await seen(policy, PORTAL, 80, Scheme.HTTP, real=True)
    assert plain.leads_to == "127.0.0.1:9000, a configured upstream: exempt from the private-address guard"
    assert (await seen(policy, PORTAL, 443, Scheme.HTTPS, real=True)).leads_to == "the emulated Internet"


@pytest.mark.parametrize("scheme", [Scheme.HTTP, Scheme.HTTPS, Scheme.DNS])
async def test_what_is_not_allowed_is_not_resolved(scheme: Scheme) -> None:
    """Nor is a DNS question about an allowed name: it asks only whether it may."""
    its = POLICIES.profile(PolicyName("arrears"))
    for host in ("news.example", *((PORTAL,) if scheme is Scheme.DNS else ())):
        destination = to(host, 53, scheme=scheme)
        assert await reach(Told(), its, destination, decide(its, destination, NO_BINDINGS, NOW)) == Reach()
