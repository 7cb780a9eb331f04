"""What a flow meets on a bearer: DNS, nft, and whoever reads what nft steers to it.

Told from what the points go by: the policy as it is compiled, what the line was told by the DNS, and where names lead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from nfemu.model.destination import Destination, IpAddress, Scheme, Transport
from nfemu.model.identity import PolicyName
from nfemu.model.policy import Decision, Verdict
from nfemu.model.signs import (
    ANSWERED,
    CONNECTED,
    FAILED,
    FORBIDDEN,
    NO_DATA,
    NO_NAME,
    NOT_INSERTED,
    OVER,
    REFUSED,
    RESET,
    SENT,
    SINKHOLE,
    TLS,
)
from nfemu.policy.compile.specification import Specification
from nfemu.policy.compile.steering import Packet, Steering, Way
from nfemu.policy.connectivity import shows_page
from nfemu.policy.dns import BOUND_FOR, DnsAnswer, Kind, Question, judge
from nfemu.policy.points import Place, Point, points_of_request
from nfemu.policy.rules import Bindings, CompiledProfile, decide

PRIVATE, NOBODY, SILENT = "gateway/private-address", "gateway/no-such-name", "gateway/no-answer"
"""The gateway's own rules by which nobody is dialled."""
TCP_ONLY = "gateway/tcp-only"
"""The one by which nothing else is carried to the real Internet."""

_BROADCAST = IPv4Address("255.255.255.255")
_OF_A_LINK = (1, 2)
"""Scopes of multicast addresses that hold on one link at the most (RFC 7346)."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Where a name really leads. `sign` says why there are no addresses: FORBIDDEN at a literal that the gateway never
    dials. `real`: on the real Internet."""

    addresses: tuple[IpAddress, ...] = ()
    sign: str = NO_NAME
    real: bool = False


@dataclass(frozen=True, slots=True)
class Bearer:
    """An attached line as its bearer's points know it. `bindings`: what it was told already. `families` that it has
    addresses of, the one that it goes by first. `own`: what the phone keeps to itself. `now` is wall time."""

    specification: Specification
    policy: PolicyName
    bindings: Bindings
    families: tuple[int, ...]
    own: tuple[IPv4Network | IPv6Network, ...]
    now: datetime

    @property
    def profile(self) -> CompiledProfile:
        return self.specification.policies.profile(self.policy)

    def decide(self, destination: Destination, bindings: Bindings) -> Decision:
        return decide(self.profile, destination, bindings, self.now, self.specification.hours_at)


def points_of_bearer(line: Bearer, destination: Destination, truth: Truth, way: Way) -> tuple[Point, ...]:
    """`truth` about the destination's name, or of its address whether anybody is there; `way`, where its address leads.

    Raises NotFound: no such policy.
    """
    host = destination.host
    if host is None:
        if destination.address is None or destination.scheme is Scheme.DNS:
            return ()
        return tuple(_Journey(line, destination, destination.address, truth, line.bindings).points(way))
    asked, told, bindings = _asked(line, host, truth)
    first = next((each for version in line.families for each in told if each.version == version), None)
    if destination.scheme is Scheme.DNS or first is None:
        return asked
    return asked + tuple(_Journey(line, destination, first, truth, bindings).points(Way.OUTSIDE))


def _asked(line: Bearer, host: str, truth: Truth) -> tuple[tuple[Point, ...], tuple[IpAddress, ...], Bindings]:
    """What the name's two questions meet, the addresses that are told, and what the line is bound to then."""
    points: list[Point] = []
    told: list[IpAddress] = []
    bindings = dict(line.bindings)
    specification = line.specification
    for place, kind, version in ((Place.DNS_A, Kind.A, 4), (Place.DNS_AAAA, Kind.AAAA, 6)):
        question = Question(host, kind)
        verdict = judge(specification.policies, line.policy, question, line.now, specification.hours_at)
        own = tuple(each for each in truth.addresses if each.version == version)
        sign = {
            DnsAnswer.SINKHOLE: SINKHOLE,
            DnsAnswer.NXDOMAIN: NO_NAME,
            DnsAnswer.TRUE: _told(own, truth),
        }.get(verdict.answer, NO_DATA)
        points.append(Point(place, verdict.answer.value, verdict.decision.rule, sign))
        if verdict.answer is DnsAnswer.SINKHOLE:
            told.append(next(each for each in specification.plan.sinkholes if each.version == version)[16])
        elif verdict.answer is DnsAnswer.TRUE:
            told.extend(own)
            if verdict.binds:
                bindings |= {(host, each): line.now + BOUND_FOR for each in own}
    return tuple(points), tuple(told), bindings


def _told(addresses: Sequence[IpAddress], truth: Truth) -> str:
    if addresses:
        return ", ".join(sorted(map(str, addresses)))
    return NO_DATA if truth.addresses else truth.sign


@dataclass(frozen=True, slots=True)
class _Journey:
    """A flow to one address of the destination."""

    line: Bearer
    destination: Destination
    address: IpAddress
    truth: Truth
    bindings: Bindings

    def points(self, way: Way) -> list[Point]:
        if self._stays():
            told = self.destination.transport is not Transport.TCP and not _is_unrouted(self.address)
            return [Point(Place.PHONE, "never leaves it", "", SENT if told else REFUSED)]
        if self.address.version not in self.line.families:
            return [Point(Place.PHONE, f"has no IPv{self.address.version} address", "", REFUSED)]
        packet = Packet(self.address, self.destination.transport, self.destination.port, way)
        line = self.line
        steering = line.specification.steer(line.policy, packet, self.bindings, line.now)
        if steering is Steering.FORWARD and (lost := self._lost()) is not None:
            return [lost]
        nft = Point(Place.NFT, steering.value, self._rule(steering), self._sign(steering))
        if self.destination.transport is not Transport.TCP or self.destination.scheme is Scheme.RAW:
            return [nft]
        match steering:
            case Steering.ENGINE | Steering.RESPONDER if self.destination.scheme is Scheme.HTTP:
                return [nft, *self._answered(steering)]
            case Steering.ENGINE | Steering.RESPONDER | Steering.GATE:
                return [nft, *self._greeted()]
            case Steering.FORWARD:
                return [nft, *self._straight()]
            case _:
                return [nft]

    def _lost(self) -> Point | None:
        """Let out of the core, and refused behind it; None: it is carried on."""
        there, truth = Steering.FORWARD.value, self.truth
        if self.destination.transport is not Transport.TCP:
            return (
                Point(Place.NFT, f"{there}, of which TCP alone is carried", TCP_ONLY, REFUSED) if truth.real else None
            )
        if truth.addresses:
            return None
        if truth.real:
            return Point(Place.NFT, f"{there}, where the gateway dials no such address", PRIVATE, REFUSED)
        return Point(Place.NFT, f"{there}, where nobody is", NOBODY, REFUSED)

    def _stays(self) -> bool:
        address = self.address
        if any(address in own for own in self.line.own):
            return True
        return address.is_loopback or address.is_unspecified or address.is_multicast or _is_unrouted(address)

    def _rule(self, steering: Steering) -> str:
        """By address alone; where a name decides, none has yet."""
        if steering not in (Steering.FORWARD, Steering.REFUSE):
            return ""
        place = Destination(None, self.address, self.destination.port, self.destination.transport, Scheme.RAW)
        decision = self.line.decide(place, self.bindings)
        refused = steering is Steering.REFUSE and decision.verdict is Verdict.ALLOW
        return self._cap if refused and self._past_cap(decision) else decision.rule

    @property
    def _cap(self) -> str:
        return f"{self.line.policy}/daily-cap"

    def _past_cap(self, decision: Decision) -> bool:
        return self.line.policy in self.line.specification.capped and decision.group not in self.line.profile.essential

    def _sign(self, steering: Steering) -> str:
        if steering in (Steering.REFUSE, Steering.DROP):
            return REFUSED
        return CONNECTED if self.destination.transport is Transport.TCP else SENT

    def _judged(self, scheme: Scheme) -> Decision:
        """The name at the address; the name alone at a sinkhole, which is no site's."""
        destination = self.destination
        at = None if self.line.specification.plan.is_sinkhole(self.address) else self.address
        place = Destination(destination.host, at, destination.port, Transport.TCP, scheme)
        if destination.host is None:
            place = Destination(None, self.address, destination.port, Transport.TCP, scheme)
        return self.line.decide(place, self.bindings)

    def _answered(self, steering: Steering) -> tuple[Point, ...]:
        if steering is Steering.ENGINE and self.destination.host is None and self.truth.sign == FORBIDDEN:
            return (Point(Place.HTTP, "not a public address: not dialled", PRIVATE, FORBIDDEN),)
        decision = self._judged(Scheme.HTTP)
        if self._past_cap(decision) and not shows_page(self.destination, decision):
            return (Point(Place.HTTP, "the day's volume is used up", self._cap, OVER),)
        if decision.verdict is not Verdict.ALLOW:
            return points_of_request(self.line.profile, decision)
        if not self.truth.addresses:
            return (Point(Place.HTTP, "forwarded, but nobody is there", NOBODY, FAILED),)
        return points_of_request(self.line.profile, decision)

    def _greeted(self) -> tuple[Point, ...]:
        """What an open line says goes on, whatever it is; but at a sinkhole nobody is."""
        line = self.line
        if line.profile.restricted or line.specification.plan.is_sinkhole(self.address):
            return (self._judged_by_name(),)
        if self.destination.scheme is not Scheme.HTTPS:
            return ()
        decision = self._judged(Scheme.HTTPS)
        if self._past_cap(decision):
            return (self._used_up(),)
        if not self.truth.addresses:
            return (Point(Place.SNI, "passed on, but nobody is there", NOBODY, RESET),)
        return (Point(Place.SNI, "passed on", decision.rule, TLS),)

    def _used_up(self) -> Point:
        return Point(Place.SNI, "the day's volume is used up: reset", self._cap, RESET)

    def _judged_by_name(self) -> Point:
        if self.destination.scheme is not Scheme.HTTPS:
            return Point(Place.SNI, "a request is no TLS handshake: reset", "", RESET)
        if self.destination.host is None:
            return Point(Place.SNI, "a handshake without a name: reset", "", RESET)
        decision = self._judged(Scheme.HTTPS)
        if self._past_cap(decision):
            return self._used_up()
        if decision.verdict is Verdict.ALLOW and self.truth.addresses:
            return Point(Place.SNI, "the name may be reached: passed on", decision.rule, TLS)
        return Point(Place.SNI, "the name may not be reached: reset", decision.rule, RESET)

    def _straight(self) -> tuple[Point, ...]:
        """Nobody of the carrier's is there any more: what answers is the origin, to what suits its port."""
        if self.destination.scheme is Scheme.HTTPS:
            return (Point(Place.ORIGIN, "reached untouched", "", TLS),)
        if self.destination.port in self.line.specification.plan.tls_ports:
            return ()
        return Point(Place.HTTP, "reached untouched", "", ANSWERED), Point(Place.IDENTITY, "none", "", NOT_INSERTED)


def _is_unrouted(address: IpAddress) -> bool:
    """A phone has no way there unless it is told the interface, which URLs cannot (RFC 4007), or to shout."""
    if address.version == 4:
        return address == _BROADCAST
    return address.is_link_local or (address.is_multicast and address.packed[1] & 0xF in _OF_A_LINK)
