"""Who asks, where to, and what the answer is: the worker's use of `decide` on what arrives at a proxy listener.

The judge knows no connection and sends nothing; it returns what may go on and raises `Refusal` with the answer for
what may not. Every request of a kept-alive connection is asked anew, so a flip needs no notice to it.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit

from nfemu.carrier.ports import LineState
from nfemu.enrichment.values import Identity
from nfemu.gateway.addresses import NAMES_ONLY, refused_literal
from nfemu.gateway.engine import responses
from nfemu.gateway.engine.dial import ue_address
from nfemu.gateway.engine.flows import Flow
from nfemu.gateway.ports import GatewayRules, LineView
from nfemu.model.destination import Destination, IpAddress, Scheme, Transport
from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.identity import Msisdn
from nfemu.model.policy import Decision, Verdict
from nfemu.policy.names import normalise_host
from nfemu.policy.rules import NO_BINDINGS, Bindings, CompiledProfile, decide, is_bound
from nfemu.wire.http_head import Authority, Fields, RequestHead

_SAFE_METHODS = (b"GET", b"HEAD")


class Refusal(Exception):
    """Not let through; `answer` is the complete HTTP response that says so."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer


class Blocked(Refusal):
    """Refused by the line's policy: it may not go there."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request or tunnel wants to go: a normalised name, an address, or both.

    Both: a connection was opened to the address, and a request in it claims a name that the address was not given for.
    """

    host: str | None
    address: IpAddress | None
    port: int

    @classmethod
    def read(cls, authority: Authority, default_port: int = 80) -> "Target":
        """Raises Refusal (400) when the host is neither a name nor an address."""
        try:
            host = normalise_host(authority.host)
        except InvalidInput as error:
            raise Refusal(responses.refusal(400, str(error))) from None
        port = default_port if authority.port is None else authority.port
        return cls(host, None, port) if isinstance(host, str) else cls(None, host, port)

    @property
    def text(self) -> str:
        """As it is resolved and dialled; a claimed name leads nowhere else."""
        return str(self.address) if self.address is not None else self.name

    @property
    def name(self) -> str:
        """As the client wrote it in the end: for pages, and for tokens."""
        return self.host if self.host is not None else str(self.address)

    @property
    def authority(self) -> str:
        """For a `Host` of plain HTTP: the name or address, and the port unless it is 80 (RFC 9110 section 7.2)."""
        host = f"[{self.name}]" if ":" in self.name else self.name
        return host if self.port == 80 else f"{host}:{self.port}"

    def destination(self, scheme: Scheme) -> Destination:
        return Destination(self.host, self.address, self.port, Transport.TCP, scheme)


@dataclass(frozen=True, slots=True)
class Line:
    """A subscriber's line at this moment, with the rules that go with it."""

    state: LineState
    profile: CompiledProfile
    rules: GatewayRules

    @property
    def restricted(self) -> bool:
        return self.profile.restricted

    def flow(self, destination: Destination, decision: Decision, *, named: bool) -> Flow:
        """What goes there by that decision."""
        state, essential = self.state, decision.group in self.profile.essential
        return Flow(state.imsi, state.msisdn, state.generation, destination, named, self.profile.name, essential)


def _nobodys(_state: LineState) -> Bindings:
    """Of proxy access, which resolves by itself."""
    return NO_BINDINGS


class Judge:
    """One per data plane. `now` is wall time, `bindings` what a line was told by our DNS.

    `refused` says why an address that a subscriber names is refused before anything else; None where it is not.
    """

    def __init__(
        self,
        view: LineView,
        now: Callable[[], datetime],
        bindings: Callable[[LineState], Bindings] = _nobodys,
        refused: Callable[[IpAddress], str | None] = refused_literal,
    ) -> None:
        self._view = view
        self._now = now
        self._bindings = bindings
        self._refused = refused

    def line_of(self, credentials: Sequence[bytes]) -> Line:
        """The line named by a request's Proxy-Authorization values. Raises Refusal: 407 for nobody's number, 503."""
        self._check_control()
        number = credentials[0] if len(credentials) == 1 else b""
        return self.line(_number(number, self._view.rules().country_code))

    def line(self, msisdn: Msisdn | None) -> Line:
        """Raises Refusal: 407 for a number that is not known, 403 when not attached, 503 without control process."""
        self._check_control()
        if msisdn is None:
            raise Refusal(responses.NO_NUMBER)
        state = self._view.line(msisdn)
        if state is None:
            raise Refusal(responses.NO_LINE)
        return self.attached(state)

    def line_at(self, address: IpAddress) -> Line:
        """The line of a UE's address. Raises Refusal: 403 for nobody's, 503 without control process."""
        self._check_control()
        state = self._view.line_at(address)
        if state is None:
            raise Refusal(responses.refusal(403, "the address is no attached line's"))
        return self.attached(state)

    def line_by_name(self, user_name: str) -> Line:
        """The line of a SOCKS user name. Raises Refusal."""
        self._check_control()
        try:
            return self.line(Msisdn.parse(user_name, self._view.rules().country_code))
        except InvalidInput:
            raise Refusal(responses.NO_NUMBER) from None

    def request(self, line: Line, target: Target, head: RequestHead) -> Decision:
        """Judge one plain HTTP request. Raises Refusal; Blocked with the redirect, 511 or 403."""
        self._check_address(target)
        decision = self._decide(line, target.destination(Scheme.HTTP))
        if decision.verdict is Verdict.ALLOW:
            return decision
        landing = line.profile.redirect_to
        if decision.verdict is Verdict.REJECT or landing is None:
            raise Blocked(responses.refusal(403, decision.reason))
        if head.method not in _SAFE_METHODS:
            raise Blocked(responses.sign_in_needed(landing))
        raise Blocked(responses.redirect(landing, target.name, _url(target, head.target)))

    def tunnel(self, line: Line, target: Target) -> Decision:
        """Judge a CONNECT or SOCKS request before anything of its inside is known. Raises Refusal, Blocked (403)."""
        self._check_address(target)
        self._check_named(line, target)
        decision = self._decide(line, target.destination(Scheme.RAW))
        if decision.verdict is not Verdict.ALLOW:
            raise Blocked(responses.refusal(403, decision.reason))
        return decision

    def tls(self, line: Line, target: Target) -> Decision:
        """Judge TLS whose ClientHello names `target`, or nothing where that is an address. Raises Refusal, Blocked
        (403)."""
        self._check_named(line, target)
        self._check_address(target)
        decision = self._decide(line, target.destination(Scheme.HTTPS))
        if decision.verdict is not Verdict.ALLOW:
            raise Blocked(responses.refusal(403, decision.reason))
        return decision

    def is_trusted(self, line: Line, target: Target) -> bool:
        """Whether plain HTTP to there is enriched, or will be when its group opens."""
        destination = target.destination(Scheme.HTTP)
        decision = self._decide(line, destination)
        rule = line.profile.match(destination)
        will_be = rule is not None and rule.closed is not None and rule.group.trusted
        return decision.enrich or will_be

    def landing_past_cap(self, line: Line) -> str | None:
        """The profile's landing page, where it is in a group that the daily cap leaves open."""
        landing = line.profile.redirect_to
        if landing is None:
            return None
        parts = urlsplit(landing)
        target = Target(parts.hostname, None, parts.port or 80)
        open_ = self._decide(line, target.destination(Scheme.HTTP)).group in line.profile.essential
        return landing if open_ else None

    def is_listed(self, line: Line, target: Target) -> bool:
        """Whether the line's profile has a rule for it, which holds only at an address that was given for the name."""
        return line.profile.match(target.destination(Scheme.HTTP)) is not None

    def was_given(self, line: Line, name: str, address: IpAddress) -> bool:
        """Whether our DNS has given the line that address for the name."""
        return is_bound(self._bindings(line.state), name, address, self._now())

    def enrichment(self, line: Line, target: Target, decision: Decision) -> Fields:
        """The header fields to insert. Raises Refusal (503) when a value cannot be sent: never forwarded without."""
        state = line.state
        identity = Identity(state.msisdn, state.imsi, _text(ue_address(state)), state.apn)
        try:
            return line.rules.enricher.headers_for(identity, target.name, decision.group or "", self._now())
        except InvalidInput as error:
            raise Refusal(responses.refusal(503, str(error))) from None

    def permits(self, flow: Flow, state: LineState) -> tuple[Line, Decision] | None:
        """By what a flow that is under way may go on under the line's new state; None: it may not."""
        if (state.imsi, state.generation) != (flow.imsi, flow.generation):
            return None
        try:
            line = self.attached(state)
        except Refusal:
            return None
        if line.restricted and not flow.named:
            return None
        decision = self._decide(line, flow.destination)
        return (line, decision) if decision.verdict is Verdict.ALLOW else None

    def _decide(self, line: Line, destination: Destination) -> Decision:
        bindings = self._bindings(line.state)
        return decide(line.profile, destination, bindings, self._now(), line.rules.hours_at)

    def attached(self, state: LineState) -> Line:
        """Raises Refusal (403): not attached, or under a profile that the rules do not have."""
        if state.policy is None:
            raise Refusal(responses.refusal(403, "the line has no data connection: it is not attached"))
        rules = self._view.rules()
        try:
            return Line(state, rules.policies.profile(state.policy), rules)
        except NotFound as error:
            raise Refusal(responses.refusal(403, str(error))) from None

    def _check_control(self) -> None:
        if not self._view.fresh():
            raise Refusal(responses.UNAVAILABLE)

    def _check_named(self, line: Line, target: Target) -> None:
        if line.restricted and target.host is None:
            raise Blocked(responses.refusal(403, NAMES_ONLY))

    def _check_address(self, target: Target) -> None:
        reason = self._refused(target.address) if target.address is not None else None
        if reason is not None:
            raise Refusal(responses.refusal(403, reason))


def _url(target: Target, path: bytes) -> bytes:
    host = f"[{target.name}]" if target.host is None and ":" in target.name else target.name
    port = "" if target.port == 80 else f":{target.port}"
    return f"http://{host}{port}".encode() + (b"/" if path == b"*" else path)


def _text(address: IpAddress | None) -> str | None:
    return None if address is None else str(address)


@lru_cache(maxsize=4096)
def _number(credentials: bytes, country_code: str) -> Msisdn | None:
    """The number in `Basic` credentials (RFC 7617): the user name, in any spelling; the password plays no part."""
    scheme, _, encoded = credentials.partition(b" ")
    if scheme.lower() != b"basic" or len(encoded) > 512:
        return None
    try:
        user = base64.b64decode(encoded.strip(), validate=True).partition(b":")[0].decode()
        return Msisdn.parse(user, country_code)
    except (binascii.Error, UnicodeDecodeError, InvalidInput):
        return None
