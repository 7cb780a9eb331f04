"""What a line's DNS question gets (architecture, section 5). Whether a name may be resolved is `decide`'s answer.

| line | name | A, AAAA | other types |
|---|---|---|---|
| restricted | allowed | true answer, bound | no data |
| restricted, default redirect | any other | sinkhole | no data |
| restricted, default reject | any other | no such name | no such name |
| open | listed by any profile | true answer, bound | true answer; HTTPS and SVCB: no data |
| open | any other | true answer | true answer |

A restricted line therefore never gets a question of its own past the carrier: of allowed names only the addresses
are looked up, of others nothing, so that there is no DNS tunnel. "No data" and not "no such name" beside a sinkhole,
because a resolver that is told once that a name does not exist may stop asking for its addresses (RFC 8020).

Names that any profile lists are bound on open lines too. A trusted one needs it to be enriched; the others, because a
browser keeps an address over the restriction and would be refused there. HTTPS and SVCB records of such names are kept
back (RFC 9460): they carry addresses that nobody bound, and keys that hide the name from the gate (ECH).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum

from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.identity import PolicyName
from nfemu.model.policy import Decision, Verdict
from nfemu.policy.rules import NO_BINDINGS, CompiledProfile, PolicySet, decide

TRUE_TTL_S = 60
"""At the most; a line may be restricted, or the page moved, long before an origin's own TTL ends."""
SINKHOLE_TTL_S = 5
NEGATIVE_TTL_S = 5
BOUND_FOR = timedelta(minutes=10)
"""Counted from the binding. An answer is handed out for two TTLs after it at the most, and a resolver keeps it for one
more; browsers and applications keep addresses beyond that."""

_PORT = 53


class Kind(IntEnum):
    """Types of questions that are treated by name (RFC 1035 section 3.2.2, RFC 3596, RFC 9460)."""

    A = 1
    AAAA = 28
    SVCB = 64
    HTTPS = 65


_ADDRESSES = frozenset({Kind.A, Kind.AAAA})
_HINTS = frozenset({Kind.SVCB, Kind.HTTPS})
_OPT = 41
_OWN_RESOLVERS = "resolver.arpa"
_META = range(128, 256)
"""Questions that no single record answers: ANY, AXFR, IXFR, TSIG (RFC 6895 section 3.1). Nobody here asks them."""


class DnsAnswer(Enum):
    TRUE = "true answer"
    """Look it up; of types that are no addresses, where there is somebody to ask."""
    SINKHOLE = "sinkhole address"
    NODATA = "no data"
    NXDOMAIN = "no such name"


@dataclass(frozen=True, slots=True)
class Question:
    """`name` is normalised; None: not a host name, so that no pattern can cover it. `kind` is the type, class IN."""

    name: str | None
    kind: int


@dataclass(frozen=True, slots=True)
class DnsVerdict:
    """`binds`: the addresses are bound to this name for this line before the answer leaves."""

    answer: DnsAnswer
    decision: Decision
    binds: bool = False


def judge(
    policies: PolicySet, policy: PolicyName, question: Question, now: datetime, hours_at: datetime | None = None
) -> DnsVerdict:
    """For a line under `policy`. `now` is wall time, `hours_at` as for `decide`. Raises NotFound: no such policy."""
    profile = policies.profile(policy)
    if question.name is None:
        return DnsVerdict(_unnamed(profile, question.kind), profile.otherwise.other)
    destination = Destination(question.name, None, _PORT, Transport.UDP, Scheme.DNS)
    decision = decide(profile, destination, NO_BINDINGS, now, hours_at)
    if decision.verdict is not Verdict.ALLOW:
        return DnsVerdict(_refusal(profile, question.kind), decision)
    binds = profile.restricted or is_listed(policies, question.name)
    if question.kind in _ADDRESSES:
        return DnsVerdict(DnsAnswer.TRUE, decision, binds)
    held_back = profile.restricted or (binds and question.kind in _HINTS)
    if held_back or _is_meta(question.kind) or _asks_for_resolvers(question.name):
        return DnsVerdict(DnsAnswer.NODATA, decision)
    return DnsVerdict(DnsAnswer.TRUE, decision)


def is_listed(policies: PolicySet, name: str) -> bool:
    """Whether a pattern of any profile covers the normalised name."""
    return any(policies.profile(each).hosts.candidates(name) for each in policies.names)


def _unnamed(profile: CompiledProfile, kind: int) -> DnsAnswer:
    """No web site has such a name, but `_ldap._tcp` of an IP network or the root may well have records."""
    if profile.restricted or kind in _ADDRESSES:
        return DnsAnswer.NXDOMAIN
    return DnsAnswer.NODATA if _is_meta(kind) else DnsAnswer.TRUE


def _refusal(profile: CompiledProfile, kind: int) -> DnsAnswer:
    if profile.default is not Verdict.REDIRECT:
        return DnsAnswer.NXDOMAIN
    return DnsAnswer.SINKHOLE if kind in _ADDRESSES else DnsAnswer.NODATA


def _asks_for_resolvers(name: str) -> bool:
    """Which encrypted resolvers belong to the one asked (RFC 9462 section 6.4): to this one, none."""
    return name == _OWN_RESOLVERS or name.endswith(f".{_OWN_RESOLVERS}")


def _is_meta(kind: int) -> bool:
    return kind in _META or kind == _OPT
