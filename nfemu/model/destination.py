"""Where a packet or request wants to go, as far as the asking enforcement point knows."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Address, IPv6Address

from nfemu.model.identity import Imsi

IpAddress = IPv4Address | IPv6Address


class Transport(Enum):
    TCP = "tcp"
    UDP = "udp"
    OTHER = "other"


class Scheme(Enum):
    """Application protocol as far as it is known: `RAW` when nothing has been read yet or it is neither."""

    HTTP = "http"
    HTTPS = "https"
    DNS = "dns"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Destination:
    """`host` is a normalised name (lower-case A-labels, no trailing dot), never an IP literal; a literal goes
    into `address`. `address` is None where the asking point resolves the name itself afterwards (proxy access).
    """

    host: str | None
    address: IpAddress | None
    port: int
    transport: Transport = Transport.TCP
    scheme: Scheme = Scheme.HTTP
    path: str = ""
    """What a URL over plain HTTP asks for there, query included, where a whole URL is known; verdicts go without."""


@dataclass(frozen=True, slots=True)
class Binding:
    """`address` was given to this subscriber as the answer to a query for `name`; valid before
    `expires` (wall time)."""

    imsi: Imsi
    name: str
    address: IpAddress
    expires: datetime
