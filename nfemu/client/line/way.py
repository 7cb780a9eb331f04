"""How one gets onto a line, as the running carrier says it."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nfemu.client.api import Client
from nfemu.client.state import RunningStatus, reachable
from nfemu.client.values import Subscriber
from nfemu.model.errors import Conflict

PASSWORD = "x"  # noqa: S105 - it plays no part, but some clients send no user name without one


@dataclass(frozen=True, slots=True)
class OnBearer:
    """From inside the phone's network: descriptor `network` of process `pid`. `families` of IP that the phone has
    addresses of, the one that it goes by first."""

    pid: int
    network: int
    resolvers: tuple[str, ...]
    families: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ByProxy:
    """`user` says whose line it is; empty for a listener of that line alone."""

    host: str
    port: int
    user: str = ""

    @property
    def credentials(self) -> dict[str, str]:
        """Header fields."""
        if not self.user:
            return {}
        encoded = b64encode(f"{self.user}:{PASSWORD}".encode()).decode()
        return {"Proxy-Authorization": f"Basic {encoded}"}

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{f'{self.user}:{PASSWORD}@' if self.user else ''}{host}:{self.port}"


Way = OnBearer | ByProxy


def way_onto(client: Client, status: RunningStatus, line: Subscriber) -> Way:
    """Its bearer where lines are networks of their own, else its proxy. The line must be attached."""
    if not status.has_bearers:
        return proxy_of(status, line)
    plugged = client.plug(line.e164)
    families = tuple(version for version, own in ((4, plugged.ipv4), (6, plugged.ipv6)) if own is not None)
    return OnBearer(plugged.pid, plugged.network, tuple(plugged.resolvers), families)


def proxy_of(status: RunningStatus, line: Subscriber) -> ByProxy:
    """The line's own listener, else the shared one."""
    own = status.subscriber_proxies.get(line.e164)
    host, _, port = reachable(own if own is not None else status.http_proxy).rpartition(":")
    return ByProxy(host.strip("[]"), int(port), "" if own is not None else line.number)


def check_attached(line: Subscriber) -> None:
    """Raises Conflict that says what gives the line a session."""
    if line.session is None or line.session.state != "active":
        raise Conflict(f"{line.number} is detached, so nothing runs on its line; {_way_out(line)}")


def _way_out(line: Subscriber) -> str:
    if line.permitted:
        return f"`nfemu attach {line.number}` first"
    pay = "" if line.hold == "restrict" else f"`nfemu pay {line.number} {line.account.amount_due.amount}` or "
    return f"`{line.ordered}` gives it no IP address: {pay}`nfemu restore {line.number}` attaches it again"


def written(way: Way) -> dict[str, object]:
    """As the agent reads it."""
    return {"kind": type(way).__name__, **asdict(way)}


def read(data: Mapping[str, Any]) -> Way:
    """Of `written`."""
    if data["kind"] == ByProxy.__name__:
        return ByProxy(data["host"], data["port"], data["user"])
    return OnBearer(data["pid"], data["network"], tuple(data["resolvers"]), tuple(data["families"]))
