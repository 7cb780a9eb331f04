"""The plan that a policy is compiled for: the core network's ports, interfaces and addresses. Where packets can end."""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from nfemu.model.destination import IpAddress, Transport
from nfemu.model.sinkhole import IPV4_SINKHOLES, IPV6_SINKHOLES

DNS_PORT = 53
GATEWAY_ON_LINK = IPv6Address("fe80::1")
"""The core's, on the link to every phone."""
PHONE_ON_LINK = IPv6Address("fe80::2")
"""Of every phone, on the link to the core. No line's: nothing but neighbour and router discovery comes from there."""

NEVER_REDIRECTED = (IPv6Network("::/96"), IPv6Network("fec0::/10"))
"""Of these deprecated forms (RFC 4291 section 2.5.5.1, RFC 3879) the kernel redirects none, the packet would vanish: it
looks for an address of the same scope on the phone's interface. Nobody can be reached there.
"""


NO_WAY = 2
"""Mark of packets that the core's routes are to refuse. A profile that has it, by one chance in four thousand millions,
lets nothing through.
"""


@dataclass(frozen=True, slots=True)
class SteeringPorts:
    """Listeners in the core network."""

    dns: int = DNS_PORT
    engine: int = 8080
    responder: int = 8070
    gate: int = 8443


@dataclass(frozen=True, slots=True)
class SteeringPlan:
    """Everything about the core network that the table depends on.

    The core's side of a phone's interface is called `phones` with a number behind. It must have an IPv4 address and an
    IPv6 address of global scope, else the kernel cannot redirect. `outside` leads to the Internet, which is the
    neighbour `beyond` there.
    """

    ports: SteeringPorts = SteeringPorts()
    phones: str = "ue"
    outside: str = "inet0"
    beyond: tuple[IPv4Address, IPv6Address] = (IPv4Address("169.254.1.3"), IPv6Address("fe80::2"))
    sinkholes: tuple[IPv4Network, IPv6Network] = (IPV4_SINKHOLES, IPV6_SINKHOLES)
    tls_ports: frozenset[int] = frozenset({443})

    def is_sinkhole(self, address: IpAddress) -> bool:
        return any(address in network for network in self.sinkholes)


class Steering(Enum):
    """Where a flow goes. A name will be judged by ENGINE, RESPONDER, GATE and DNS; FORWARD is past all judgement."""

    FORWARD = "straight to the Internet"
    ENGINE = "to the HTTP engine"
    RESPONDER = "to the redirect responder"
    GATE = "to the SNI gate"
    DNS = "to the carrier's DNS"
    REFUSE = "refused at once"
    DROP = "dropped"


class Way(Enum):
    """Where a packet leads by its address alone."""

    OUTSIDE = "the Internet"
    PHONE = "another phone"
    CORE = "the core itself"


@dataclass(frozen=True, slots=True)
class Packet:
    """The first one of a flow, from a line. `port` is 0 for a transport without."""

    target: IpAddress
    transport: Transport
    port: int = 0
    way: Way = Way.OUTSIDE
