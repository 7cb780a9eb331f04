"""Whom the carrier calls: this machine, or a host that its configuration names. Anything else would let whoever may
register a webhook send requests from the carrier into networks that only the carrier reaches (SSRF).

A name decides once more when it is resolved: `localhost` must be a loopback address. An address in another spelling
(`127.1`, `0x7f000001`) is taken for a name, and nobody is called so.
"""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self
from urllib.parse import urlsplit

from nfemu.model.errors import InvalidInput
from nfemu.model.urls import path_of

_LOCALHOST = "localhost"
_PORTS = {"http": 80, "https": 443}
_MOST = 2048


@dataclass(frozen=True, slots=True)
class Callback:
    """`path` with its query, as it is sent."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises InvalidInput."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise _no_callback(url, "cannot be read") from None
        if len(url) > _MOST or not url.isascii() or not url.isprintable() or " " in url:
            raise _no_callback(url[:_MOST], f"is longer than {_MOST} characters, or has others than ASCII ones")
        if parts.scheme not in _PORTS or not host or port == 0:
            raise _no_callback(url, "is not the address of a receiver")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise _no_callback(url, "has a user name, a password or a fragment, which no webhook sends")
        return cls(parts.scheme, host.removesuffix("."), port or _PORTS[parts.scheme], path_of(url))

    @property
    def authority(self) -> str:
        """For `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def check_allowed(callback: Callback, hosts: Collection[str]) -> None:
    """Raises InvalidInput unless the host is this machine or one of `hosts`."""
    if not (_is_here(callback.host) or callback.host in hosts):
        raise InvalidInput(
            f"webhooks may not call `{callback.host}`: neither this machine nor listed in carrier.yaml; add it to "
            "`webhooks.hosts` there, or use a loopback address"
        )


def check_resolved(callback: Callback, address: str, hosts: Collection[str]) -> None:
    """What the host turned out to be. Raises InvalidInput where it was to be this machine and is not."""
    if callback.host not in hosts and not ip_address(address).is_loopback:
        raise InvalidInput(f"`{callback.host}` is `{address}`, which is not this machine; webhooks do not call it")


def _is_here(host: str) -> bool:
    address = _address(host)
    return host == _LOCALHOST if address is None else address.is_loopback


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _no_callback(url: str, why: str) -> InvalidInput:
    return InvalidInput(f"callback `{url}` {why}; write it like http://127.0.0.1:9000/events")
