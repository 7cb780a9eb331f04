"""What an origin knows of a connection and a request beyond plain HTTP; carried in the ASGI scope."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nfemu.model.destination import IpAddress

_SCOPE_KEY = "nfemu.origin"


@dataclass(frozen=True, slots=True)
class OriginConnection:
    """One connection for a UE, as the gateway's PROXY header says or, where the UE itself has dialled, the kernel.

    `by_gateway`: the gateway made it, so enrichment headers on it are no claims of the UE. `server_name` is the
    SNI (lower case, no trailing dot); None on plain HTTP and for clients that sent none.
    """

    ue_address: IpAddress
    ue_port: int
    address: IpAddress
    port: int
    tls: bool
    by_gateway: bool
    server_name: str | None = None


@dataclass(frozen=True, slots=True)
class OriginRequest:
    """The request head as it came: `target` is the request target of RFC 9112 section 3.2, `headers` in the
    order and spelling in which they were received."""

    connection: OriginConnection
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


def attach_origin(scope: Any, request: OriginRequest) -> None:
    """Put `request` into an ASGI scope. Only the front does this, so its presence proves what it says."""
    scope[_SCOPE_KEY] = request


def origin_of(scope: Mapping[str, Any]) -> OriginRequest | None:
    """The request as the origin front saw it; None for requests that it has not."""
    found = scope.get(_SCOPE_KEY)
    return found if isinstance(found, OriginRequest) else None
