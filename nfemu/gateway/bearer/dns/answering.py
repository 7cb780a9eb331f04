"""From a question of a line to the answer's octets."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.dns.messages import Ede, Note, Query, Rcode, Reply, code_of, cut, write
from nfemu.gateway.bearer.dns.truth import Found, Truth
from nfemu.gateway.bearer.dns.upstream import Upstream
from nfemu.gateway.ports import GatewayRules
from nfemu.gateway.resolving import is_never_resolved
from nfemu.model.errors import NotFound, Unavailable
from nfemu.model.identity import PolicyName
from nfemu.policy.dns import NEGATIVE_TTL_S, SINKHOLE_TTL_S, DnsAnswer, DnsVerdict, Kind, Question, judge
from nfemu.policy.sinkholes import Sinkholes

_PRIVATE = "gateway/private-address"


@dataclass(frozen=True, slots=True)
class Answered:
    """`message` may be given for the same question for `keep_s` seconds: to every line of the policy where it is
    `common`, else to this line at this version. 0: not again."""

    message: bytes
    keep_s: int = 0
    common: bool = False


class Answering:
    """`upstream` None: the emulated Internet, where names have addresses and nothing else. `now` gives wall time."""

    def __init__(
        self, truth: Truth, sinkholes: Sinkholes, upstream: Upstream | None, now: Callable[[], datetime]
    ) -> None:
        self._truth = truth
        self._sinkholes = sinkholes
        self._upstream = upstream
        self._now = now

    async def answer(
        self, rules: GatewayRules, line: LineState, policy: PolicyName, query: Query, *, tcp: bool
    ) -> Answered:
        """For a line under `policy`. Raises NotFound where there is no such policy."""
        now = self._now()
        verdict = judge(rules.policies, policy, Question(query.name, query.kind), now, rules.hours_at)
        restricted = rules.policies.profile(policy).restricted
        common = not verdict.binds and not restricted
        match verdict.answer, query.name:
            case DnsAnswer.TRUE, None:
                return await self._passed_on(query, tcp=tcp)
            case DnsAnswer.TRUE, str(name) if query.kind in (Kind.A, Kind.AAAA):
                try:
                    found = await (self._truth.bound(line, name) if verdict.binds else self._truth.of(name))
                except NotFound:
                    reply = Reply(Rcode.NXDOMAIN if restricted else await self._why_not(query, name))
                except Unavailable as error:
                    return _failed(query, error)
                else:
                    reply = _addresses(query, found)
                return _said(query, reply, common=common)
            case DnsAnswer.TRUE, str(name):
                return await self._other(query, name, tcp=tcp)
            case DnsAnswer.SINKHOLE, str(name):
                return _said(query, self._sinkhole(line, query, name, verdict, now))
            case _:
                rcode = Rcode.NXDOMAIN if verdict.answer is DnsAnswer.NXDOMAIN else Rcode.NOERROR
                return _said(query, Reply(rcode, note=_blocked(verdict)), common=common)

    def forget(self) -> None:
        """The rules have changed."""
        self._truth.forget()

    def _sinkhole(self, line: LineState, query: Query, name: str, verdict: DnsVerdict, now: datetime) -> Reply:
        found = self._sinkholes.answer(line.imsi, name, now)
        address = found.ipv4 if query.kind == Kind.A else found.ipv6
        return Reply(addresses=(address,), ttl_s=SINKHOLE_TTL_S, note=Note(Ede.FORGED, verdict.decision.rule))

    async def _why_not(self, query: Query, name: str) -> Rcode:
        """Why a name has no addresses: it does not exist, or it has other records only.

        The name service does not know, and resolvers stop asking for names that do not exist (RFC 8020). Of what comes
        back the code alone is used: addresses have to pass the guard.
        """
        if self._upstream is None or is_never_resolved(name):
            return Rcode.NXDOMAIN
        try:
            answer = await self._upstream.ask(query, tcp=False)
        except Unavailable:
            return Rcode.NXDOMAIN
        return Rcode.NOERROR if code_of(answer) == Rcode.NOERROR else Rcode.NXDOMAIN

    async def _other(self, query: Query, name: str, *, tcp: bool) -> Answered:
        """A type that is no address. What is ours has addresses only, whatever the real DNS may say of such a name."""
        if self._upstream is None:
            return _said(query, Reply(), common=True)
        if is_never_resolved(name):
            return _said(query, Reply(Rcode.NXDOMAIN), common=True)
        try:
            if not (await self._truth.of(name)).real:
                return _said(query, Reply(), common=True)
        except (NotFound, Unavailable):
            pass  # a name without addresses may have other records
        return await self._passed_on(query, tcp=tcp)

    async def _passed_on(self, query: Query, *, tcp: bool) -> Answered:
        if self._upstream is None:
            return _said(query, Reply(), common=True)
        try:
            answer = await self._upstream.ask(query, tcp=tcp)
        except Unavailable as error:
            return _failed(query, error)
        return Answered(answer if tcp else cut(query, answer), NEGATIVE_TTL_S, common=True)


def _addresses(query: Query, found: Found) -> Reply:
    if found.guarded:
        return Reply(note=Note(Ede.BLOCKED, _PRIVATE))
    wanted = 4 if query.kind == Kind.A else 6
    told = [each for each in found.addresses if each.version == wanted]
    return Reply(addresses=told, ttl_s=found.ttl_s) if told else Reply()


def _failed(query: Query, error: Unavailable) -> Answered:
    return Answered(write(query, Reply(Rcode.SERVFAIL, note=Note(Ede.NETWORK_ERROR, str(error)))))


def _blocked(verdict: DnsVerdict) -> Note:
    return Note(Ede.BLOCKED, verdict.decision.rule)


def _said(query: Query, reply: Reply, *, common: bool = False) -> Answered:
    """Our own answers fit into the smallest datagram (see tests), so the transport makes no difference."""
    return Answered(write(query, reply), reply.ttl_s, common)
