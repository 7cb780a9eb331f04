"""Who can reach what: every listener, whether it is on loopback, and what it asks for."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from nfemu.cli.diagnosis.check import Check, Health
from nfemu.client.state import RunningStatus

if TYPE_CHECKING:
    from nfemu.settings import Carrier

_API = "API"
_ANY_LINE = "no password: whoever reaches it is any subscriber that it names"
_ONE_LINE = "no password: whoever reaches it is that subscriber"


@dataclass(frozen=True, slots=True)
class _Listener:
    """`address` is `host:port`; `asks` what a caller needs; `setting` the place in carrier.yaml."""

    name: str
    address: str
    asks: str
    setting: str


def running_listeners(running: RunningStatus) -> list[Check]:
    """As bound now."""
    lines = [_line(address) for address in running.subscriber_proxies.values()]
    return _judged([_api(running.api), *_proxies(running.http_proxy, running.socks_proxy), *lines])


def configured_listeners(carrier: "Carrier") -> list[Check]:
    """As they will be at the next start."""
    proxy = carrier.proxy
    lines = [_line(_text(proxy.host, port)) for port in proxy.subscriber_listeners.values()]
    shared = _proxies(_text(proxy.host, proxy.http_port), _text(proxy.host, proxy.socks_port))
    return _judged([_api(_text(carrier.api.host, carrier.api.port)), *shared, *lines])


def upstreams(carrier: "Carrier") -> Iterator[Check]:
    """The portal team's servers: numbers travel to them."""
    upstream = carrier.portal.upstream
    targets = [] if upstream is None else [target for target in (upstream.http, upstream.https) if target is not None]
    for target in targets:
        url = f"{target.scheme}://{_text(target.host, target.port)}"
        if target.scheme == "http" and not _is_loopback(target.host):
            yield Check(
                "portal upstream",
                Health.WARNING,
                f"`{url}` is told numbers in clear over the network",
                "give `portal.upstream.http` an https:// URL, a loopback address, or a network of your own",
            )
        else:
            yield Check("portal upstream", Health.OK, f"`{url}` stands behind the portal's name")


def in_container() -> bool:
    """There, listeners on every address are how the outside gets in; what is published decides."""
    return Path("/.dockerenv").exists() or "container" in os.environ


def _api(address: str) -> _Listener:
    return _Listener(_API, address, "asks for the token, checks Host and Origin", "api.host")


def _proxies(http: str, socks: str) -> list[_Listener]:
    return [
        _Listener(name, at, _ANY_LINE, "proxy.host") for name, at in (("HTTP proxy", http), ("SOCKS5 proxy", socks))
    ]


def _line(address: str) -> _Listener:
    return _Listener("proxy of one line", address, _ONE_LINE, "proxy.host")


def _judged(listeners: list[_Listener]) -> list[Check]:
    return [_judge(listener) for listener in listeners]


def _judge(listener: _Listener) -> Check:
    host = listener.address.rpartition(":")[0].strip("[]")
    if _is_loopback(host):
        return Check(listener.name, Health.OK, f"{listener.address}: this machine only; {listener.asks}")
    text = f"{listener.address}: reachable from other machines; {listener.asks}"
    if in_container():
        return Check(
            listener.name, Health.WARNING, text, "publish it on 127.0.0.1 only, such as -p 127.0.0.1:8610:8610"
        )
    health = Health.WARNING if listener.name == _API else Health.PROBLEM
    return Check(listener.name, health, text, f"set `{listener.setting}: 127.0.0.1` in carrier.yaml")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _text(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
