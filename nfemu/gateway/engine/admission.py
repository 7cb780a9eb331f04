"""One client connection's way through the judge: whose it is, and what each of its requests may do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from mitmproxy import http

from nfemu.gateway.engine import responses
from nfemu.gateway.engine.caps import Caps
from nfemu.gateway.engine.deadline import PATIENCE_S
from nfemu.gateway.engine.dial import DialRequest
from nfemu.gateway.engine.flows import FlowTable, Limited
from nfemu.gateway.engine.forwarding import forwarded_fields
from nfemu.gateway.engine.judge import Judge, Line, Refusal, Target
from nfemu.gateway.engine.meter import Meters
from nfemu.gateway.engine.reporting import reporting
from nfemu.gateway.ports import Reports
from nfemu.model.destination import IpAddress, Scheme
from nfemu.model.identity import Imsi, Msisdn
from nfemu.model.policy import Decision
from nfemu.model.sinkhole import is_sinkhole
from nfemu.wire.http_head import Authority, RequestHead


@dataclass(frozen=True, slots=True)
class Forward:
    """An allowed plain HTTP request, as it will leave the gateway, and where it goes."""

    request: http.Request
    dial: DialRequest


class Metered(Limited, Protocol):
    """A client connection that counts its octets, and has a place among those of its line."""

    def belong_to(self, line: Imsi | None) -> bool: ...

    def unmetered(self) -> None: ...


class Admission:
    """`owner`: the number of a listener that is one line's, or the address of the UE that connects; None: every request
    names its line itself. `inside`: where the connection leads that the requests come through, a tunnel's target or the
    address that a UE has dialled. `patience_s`: how long a head may take, in seconds.
    """

    def __init__(
        self,
        judge: Judge,
        flows: FlowTable[Limited],
        meters: Meters,
        reports: Reports,
        connection: Metered,
        owner: Msisdn | IpAddress | None = None,
        inside: Target | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.judge = judge
        self._flows = flows
        self._meters = meters
        self._caps = Caps(judge, meters)
        self._reports = reports
        self._connection = connection
        self.owner = owner
        self._inside = inside
        self.patience_s = patience_s

    def for_tunnel(self, line: Line, target: Target) -> "Admission":
        """For plain HTTP inside a tunnel of this connection."""
        return Admission(
            self.judge,
            self._flows,
            self._meters,
            self._reports,
            self._connection,
            line.state.msisdn,
            target,
            self.patience_s,
        )

    def connect(self, head: RequestHead) -> tuple[Line, Target]:
        """Judge a CONNECT request and enter its flow. Raises Refusal."""
        line = self._line(head.notable[b"proxy-authorization"])
        if self._inside is not None:
            raise Refusal(responses.refusal(400, "CONNECT inside a tunnel"))
        target = Target.read(head.authority)
        self.enter_tunnel(line, target)
        return line, target

    def enter_tunnel(self, line: Line, target: Target) -> None:
        """Judge a tunnel and enter its flow. Raises Refusal."""
        with reporting(self._reports, line):
            decision = self.judge.tunnel(line, target)
        self._caps.check(line, decision)
        self._enter(line, target, decision, Scheme.RAW, named=False)

    def name_tunnel(self, target: Target) -> None:
        """The tunnel has proved to be TLS to the name that it was opened for."""
        flow = self._flows.of(self._connection)
        if flow is not None:
            named = replace(flow, destination=target.destination(Scheme.HTTPS), named=True)
            self._flows.enter(self._connection, named)

    def claimed_name(self, authority: Authority) -> str | None:
        """The name whose addresses `request` and `tls` must know: a listed one, claimed in a connection to an address.

        Names that no rule lists are not looked up for a client that has its address already. Raises Refusal.
        """
        if self._inside is None or self._inside.address is None or is_sinkhole(self._inside.address):
            return None
        target = Target.read(authority, self._inside.port)
        return target.host if self.judge.is_listed(self._line(), target) else None

    def tls(self, authority: Authority, addresses: Sequence[IpAddress] = ()) -> DialRequest:
        """Judge TLS of a UE, enter its flow, and say where it goes. Raises Refusal.

        `authority`: the name in its hello, or where there is none the address, at the port that was dialled.
        """
        line = self._line()
        target = self._target(authority, addresses)
        with reporting(self._reports, line):
            decision = self.judge.tls(line, target)
        self._caps.check(line, decision)
        self._enter(line, target, decision, Scheme.HTTPS, named=target.host is not None)
        return DialRequest(target.text, target.port, False, line.state)

    def request(self, head: RequestHead, addresses: Sequence[IpAddress] = ()) -> Forward:
        """Judge a plain HTTP request, enter its flow, and make what will be forwarded. Raises Refusal.

        `addresses`: those of `claimed_name`.
        """
        line = self._line(head.notable[b"proxy-authorization"])
        target = self._target(head.authority, addresses)
        with self._caps.explained(line, target, head), reporting(self._reports, line):
            decision = self.judge.request(line, target, head)
        self._caps.check(line, decision)
        fields = line.rules.enricher.strip(forwarded_fields(head, target.authority))
        if decision.enrich:
            fields += self.judge.enrichment(line, target, decision)
        self._enter(line, target, decision, Scheme.HTTP, named=True)
        request = http.Request(
            host=target.text,
            port=target.port,
            method=head.method,
            scheme=b"http",
            authority=b"",
            path=head.target,
            http_version=head.version,
            headers=http.Headers(fields),
            content=None,
            trailers=None,
            timestamp_start=0,
            timestamp_end=None,
        )
        request.stream = True
        return Forward(request, DialRequest(target.text, target.port, True, line.state, line.rules))

    def leave(self) -> None:
        """What was entered last has ended."""
        self._flows.leave(self._connection)
        self._connection.unmetered()

    def _target(self, authority: Authority, addresses: Sequence[IpAddress]) -> Target:
        """By the authority, and by where the tunnel leads: two places are one request's only as a name at an address.

        An address that the name has counts as the name. A sinkhole was given for a name that only the request can tell,
        and that is resolved anew: it leads there once the line may go there. Raises Refusal.
        """
        inside = self._inside
        if inside is None:
            return Target.read(authority)
        target = Target.read(authority, inside.port)
        if target == inside or (target.port == inside.port and inside.address in addresses):
            return target
        if target.port == inside.port and inside.address is not None and is_sinkhole(inside.address):
            return target
        if inside.address is None or target.host is None or target.port != inside.port:
            raise Refusal(responses.refusal(400, "the request's authority is not where the connection leads"))
        return Target(target.host, inside.address, inside.port)

    def _line(self, credentials: Sequence[bytes] = ()) -> Line:
        """`credentials`: of a request that may have to name its line itself. Raises Refusal."""
        match self.owner:
            case None:
                return self.judge.line_of(credentials)
            case Msisdn():
                return self.judge.line(self.owner)
            case address:
                return self.judge.line_at(address)

    def _enter(self, line: Line, target: Target, decision: Decision, scheme: Scheme, *, named: bool) -> None:
        """Raises Refusal where the line has no place for another connection."""
        if not self._connection.belong_to(line.state.imsi):
            raise Refusal(responses.refusal(503, "the line has too many connections open"))
        flow = line.flow(target.destination(scheme), decision, named=named)
        self._flows.enter(self._connection, flow)
        counter, limiter = self._meters.counter(line, decision.group), self._meters.limiter(line)
        self._connection.metered(counter, limiter, essential=flow.essential)
