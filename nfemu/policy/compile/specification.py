"""`steer`: what the table must do with a flow, told from `decide` alone. Tests hold the table to it for every packet.

FORWARD is past all judgement, so it is given only where `decide` allows the address itself on a port that carries no
name, or, where the profile allows whatever it does not list, whatever name the flow may carry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from nfemu.model.destination import Destination, IpAddress, Scheme, Transport
from nfemu.model.identity import PolicyName
from nfemu.model.policy import Decision, Verdict
from nfemu.policy.compile.marks import Use
from nfemu.policy.compile.ports import http_ports
from nfemu.policy.compile.steering import DNS_PORT, NEVER_REDIRECTED, Packet, Steering, SteeringPlan, Way
from nfemu.policy.names import canonical_address
from nfemu.policy.rules import NO_BINDINGS, Bindings, CompiledProfile, PolicySet, decide

Trusted = Mapping[tuple[IpAddress, int], datetime | None]
"""Address and HTTP port of somebody who believes headers → wall time until which that is known; None: for good."""

Named = Mapping[tuple[IpAddress, int], datetime | None]
"""The same of names that a restricted line may reach, with their ports for HTTP and TLS."""


@dataclass(frozen=True)
class Specification:
    policies: PolicySet
    plan: SteeringPlan
    trusted: Trusted
    hours_at: datetime | None = None
    capped: frozenset[PolicyName] = frozenset()
    """Profiles under which the line has used its daily cap."""
    named: Named = field(default_factory=dict)

    @cached_property
    def _http(self) -> tuple[int, ...]:
        return http_ports(self.policies, self.plan)

    def steer(self, policy: PolicyName | None, packet: Packet, bindings: Bindings, now: datetime) -> Steering:
        """Where the first packet of a flow of a line goes, and from then on all of the flow; see `goes_on` for what was
        forwarded before its address became a name's.

        `policy` None, or the name of a profile that is gone: the line has none. `bindings` are the line's.
        """
        if packet.target != canonical_address(packet.target):
            return Steering.DROP
        if policy not in self.policies.names:
            return Steering.REFUSE
        profile = self.policies.profile(policy)
        place = self._place(profile, packet, bindings, now)
        if place is not None and any(packet.target in network for network in NEVER_REDIRECTED):
            return Steering.REFUSE
        return place or self._unjudged(profile, packet, now)

    def _place(self, profile: CompiledProfile, packet: Packet, bindings: Bindings, now: datetime) -> Steering | None:
        """Where somebody of ours reads the flow; None where it needs no such place."""
        if packet.port == DNS_PORT and packet.transport is not Transport.OTHER:
            return Steering.DNS
        return self._judged(profile, packet, bindings, now) if packet.transport is Transport.TCP else None

    def goes_on(self, policy: PolicyName | None, packet: Packet, bindings: Bindings, now: datetime) -> bool:
        """Whether a flow goes on straight that was forwarded before, whatever was in force and known then."""
        steering = self.steer(policy, packet, bindings, now)
        if steering is Steering.GATE and policy is not None and not self.policies.profile(policy).restricted:
            steering = self._unjudged(self.policies.profile(policy), packet, now)
        return steering is Steering.FORWARD

    def _judged(self, profile: CompiledProfile, packet: Packet, bindings: Bindings, now: datetime) -> Steering | None:
        """Where names are read on that port; None where the flow needs no such place."""
        if profile.restricted:
            if packet.port in self.plan.tls_ports:
                return Steering.GATE
            if packet.port not in self._http:
                return None
            leads_to_a_name = _is_bound(packet.target, bindings, now) or _known(self.named, packet, now)
            may_be_allowed = leads_to_a_name or self._allows(profile, packet, now)
            return Steering.ENGINE if may_be_allowed else Steering.RESPONDER
        if self._is_trusted(packet, now):
            return Steering.ENGINE
        sinkhole = self.plan.is_sinkhole(packet.target)
        if packet.port in self.plan.tls_ports:
            return Steering.GATE if sinkhole or _known(self.named, packet, now) else None
        return Steering.ENGINE if sinkhole and packet.port in self._http else None

    def _unjudged(self, profile: CompiledProfile, packet: Packet, now: datetime) -> Steering:
        if packet.way is not Way.OUTSIDE or self.plan.is_sinkhole(packet.target):
            return Steering.REFUSE
        decision = self._decide(profile, packet, now)
        past_cap = profile.name in self.capped and decision.group not in profile.essential
        return Steering.FORWARD if decision.verdict is Verdict.ALLOW and not past_cap else Steering.REFUSE

    def counted(self, policy: PolicyName, packet: Packet, now: datetime) -> Use:
        """As what a flow that is forwarded counts. All others are counted by those who read names in them."""
        return policy, self._decide(self.policies.profile(policy), packet, now).group

    def _allows(self, profile: CompiledProfile, packet: Packet, now: datetime) -> bool:
        return self._decide(profile, packet, now).verdict is Verdict.ALLOW

    def _decide(self, profile: CompiledProfile, packet: Packet, now: datetime) -> Decision:
        """By its address, with no name known."""
        destination = Destination(None, packet.target, packet.port, packet.transport, Scheme.RAW)
        return decide(profile, destination, NO_BINDINGS, now, self.hours_at)

    def _is_trusted(self, packet: Packet, now: datetime) -> bool:
        if _known(self.trusted, packet, now):
            return True
        if packet.port not in self._http:
            return False
        profiles = (self.policies.profile(name) for name in self.policies.names)
        listed = (rule for one in profiles for rule in one.networks.candidates(packet.target))
        return any(rule.group.trusted and packet.port in rule.ports for rule in listed)


def _known(places: Trusted | Named, packet: Packet, now: datetime) -> bool:
    key = (packet.target, packet.port)
    return key in places and ((until := places[key]) is None or now < until)


def _is_bound(target: IpAddress, bindings: Bindings, now: datetime) -> bool:
    return any(address == target and now < until for (_, address), until in bindings.items())
