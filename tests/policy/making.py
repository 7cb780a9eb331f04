"""Short ways to say groups, profiles and destinations in tests."""

from datetime import UTC, datetime
from ipaddress import ip_address

from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.policy.names import normalise_host

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
LANDING = "http://portal.carrier.example/green"


def group(
    name: str, *hosts: str, networks: tuple[str, ...] = (), ports: tuple[int, ...] = (), trusted: bool = False
) -> DestinationGroup:
    return DestinationGroup(GroupName(name), hosts, networks, ports, trusted)


def profile(name: str, default: Verdict, *allow: str, redirect_to: str | None = None) -> PolicyProfile:
    return PolicyProfile(PolicyName(name), default, tuple(map(GroupName, allow)), redirect_to)


def to(
    host: str,
    port: int = 80,
    *,
    at: str | None = None,
    scheme: Scheme = Scheme.HTTP,
    transport: Transport = Transport.TCP,
    path: str = "",
) -> Destination:
    """As the gateway makes it: a literal goes into the address."""
    known = normalise_host(host)
    if isinstance(known, str):
        return Destination(known, ip_address(at) if at is not None else None, port, transport, scheme, path)
    return Destination(None, known, port, transport, scheme, path)
