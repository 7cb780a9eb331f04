"""The listening sockets of proxy access. The control process owns them, so that connections wait, not fail, while
no worker accepts."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.identity import Msisdn
from nfemu.runtime.listening import listen


@dataclass(frozen=True, slots=True)
class ListenerPlan:
    """Where to listen; port 0 takes a free one. `lines`: listeners whose every user is one subscriber."""

    host: str
    http_port: int
    socks_port: int
    lines: Mapping[Msisdn, int]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the gateway listens, as bound."""

    http: tuple[str, int]
    socks: tuple[str, int]
    lines: Mapping[Msisdn, tuple[str, int]]


class Listeners:
    """Bound sockets. `rebind` gives the next set and shares with this one what stays."""

    def __init__(
        self, plan: ListenerPlan, http: socket.socket, socks: socket.socket, lines: Mapping[Msisdn, socket.socket]
    ) -> None:
        self._plan = plan
        self.http = http
        self.socks = socks
        self.lines = lines

    @classmethod
    def bind(cls, plan: ListenerPlan) -> "Listeners":
        """Open all or none. Raises Conflict for a port in use, InvalidInput for an address that is not ours."""
        opened: list[socket.socket] = []
        try:
            for port, setting in _wanted(plan):
                opened.append(listen(plan.host, port, setting))
        except (Conflict, InvalidInput):
            for sock in opened:
                sock.close()
            raise
        http, socks, *lines = opened
        return cls(plan, http, socks, dict(zip(plan.lines, lines, strict=True)))

    def rebind(self, wanted: Mapping[Msisdn, int]) -> "Listeners":
        """The same shared listeners with `wanted` ones for single lines. Raises as `bind`; then nothing changed."""
        lines: dict[Msisdn, socket.socket] = {}
        fresh: list[socket.socket] = []
        try:
            for msisdn, port in wanted.items():
                if self._plan.lines.get(msisdn) == port:
                    lines[msisdn] = self.lines[msisdn]
                else:
                    lines[msisdn] = listen(self._plan.host, port, _line_setting(msisdn))
                    fresh.append(lines[msisdn])
        except (Conflict, InvalidInput):
            for sock in fresh:
                sock.close()
            raise
        plan = ListenerPlan(self._plan.host, self._plan.http_port, self._plan.socks_port, dict(wanted))
        return Listeners(plan, self.http, self.socks, lines)

    def close_all_but(self, kept: "Listeners | None" = None) -> None:
        """Close what `kept` does not hold; everything without one."""
        for sock in self.all():
            if kept is None or all(sock is not other for other in kept.all()):
                sock.close()

    def all(self) -> list[socket.socket]:
        return [self.http, self.socks, *self.lines.values()]

    def addresses(self) -> Addresses:
        return Addresses(
            self.http.getsockname()[:2],
            self.socks.getsockname()[:2],
            {msisdn: sock.getsockname()[:2] for msisdn, sock in self.lines.items()},
        )


def _wanted(plan: ListenerPlan) -> Iterator[tuple[int, str]]:
    yield plan.http_port, "proxy.http_port"
    yield plan.socks_port, "proxy.socks_port"
    for msisdn, port in plan.lines.items():
        yield port, _line_setting(msisdn)


def _line_setting(msisdn: Msisdn) -> str:
    return f"proxy.subscriber_listeners, {msisdn.masked()}"
