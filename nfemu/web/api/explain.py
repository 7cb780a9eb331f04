"""`explain`: may this line reach that URL at this moment, by which rule, and why."""

from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from nfemu.carrier.status import LineStatus
from nfemu.epc.pgw import is_active
from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.errors import InvalidInput
from nfemu.model.subscriber import Hold
from nfemu.policy.explain import describe, explain
from nfemu.policy.names import normalise_host
from nfemu.policy.rules import NO_BINDINGS
from nfemu.web.api import views
from nfemu.web.api.backend import ApiBackend
from nfemu.web.api.models import ExplanationOut

_KINDS: dict[str, tuple[Transport, Scheme, int | None]] = {
    "http": (Transport.TCP, Scheme.HTTP, 80),
    "https": (Transport.TCP, Scheme.HTTPS, 443),
    "dns": (Transport.UDP, Scheme.DNS, 53),
    "tcp": (Transport.TCP, Scheme.RAW, None),
    "udp": (Transport.UDP, Scheme.RAW, None),
}
"""URL scheme → transport, application protocol, default port."""


async def explain_url(status: LineStatus, backend: ApiBackend, url: str, now: datetime) -> ExplanationOut:
    """What the subscriber really gets at `now`, business time in the carrier's zone.

    Raises InvalidInput for something that is no destination.
    """
    destination = destination_of(url)
    session = status.line.session
    if session is None or not is_active(session):
        return ExplanationOut(
            destination=describe(destination),
            profile=None,
            verdict="reject",
            enrich=False,
            rule="detached" if status.permitted else "no session permitted",
            reason=f"the line has no session: nothing is reachable; {_way_out(status)}",
            summary="refused",
            addresses=[],
            leads_to="",
            candidates=[],
        )
    policies = backend.policies()
    found = explain(policies, session.policy, destination, NO_BINDINGS, now, now)
    return views.explanation(found, await backend.reach(policies.profile(session.policy), destination, found.decision))


def _way_out(status: LineStatus) -> str:
    """What gives the line a session again."""
    if status.permitted:
        return "attach it first"
    held = status.line.subscription.hold is Hold.RESTRICT
    return "its profile gives no IP address; " + ("restore the line" if held else "pay the arrears or restore the line")


def destination_of(url: str) -> Destination:
    """The destination that a URL names; without a scheme it is taken for `http`. Raises InvalidInput."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in _KINDS or not host:
        raise InvalidInput(f"`{url}` is not a destination; write it like https://news.example/ or udp://192.0.2.1:53")
    transport, scheme, usual = _KINDS[parts.scheme]
    if port is None:
        port = usual
    if not port:
        raise InvalidInput(f"`{url}` names no port; write it like {parts.scheme}://{host}:8080")
    place = normalise_host(host)
    if isinstance(place, IPv4Address | IPv6Address):
        return Destination(None, place, port, transport, scheme)
    return Destination(place, None, port, transport, scheme)
