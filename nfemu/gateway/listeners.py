"""The listening sockets of the workers. The control process owns them, so that connections wait, not fail, while no
worker accepts."""

import socket
from collections.abc import Iterator, Mapping, Sequence
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
    """Bound sockets. `rebind` gives the next set and shares with this one what stays.

    `bearers`: those of the core network, made there and given to whoever binds; no reload changes them.
    """

    def __init__(
        self,
        plan: ListenerPlan,
        http: socket.socket,
        socks: socket.socket,
        lines: Mapping[Msisdn, socket.socket],
        bearers: Sequence[socket.socket] = (),
    ) -> None:
        self.plan = plan
        self.http = http
        self.socks = socks
        self.lines = lines
        self.bearers = bearers

    @classmethod
    def bind(cls, plan: ListenerPlan, bearers: Sequence[socket.socket] = ()) -> "Listeners":
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
        return cls(plan, http, socks, dict(zip(plan.lines, lines, strict=True)), bearers)

    def rebind(self, plan: ListenerPlan) -> "Listeners":
        """The listeners of `plan`; those that it has in common with this one are shared, the others are opened beside
        them. Raises as `bind`; then nothing changed.
        """
        known = {setting: (port, sock) for (port, setting), sock in zip(_wanted(self.plan), self._own(), strict=True)}
        sockets: list[socket.socket] = []
        fresh: list[socket.socket] = []
        try:
            for port, setting in _wanted(plan):
                was, sock = known.get(setting, (None, None))
                if sock is None or was != port or plan.host != self.plan.host:
                    sock = listen(plan.host, port, setting)
                    fresh.append(sock)
                sockets.append(sock)
        except (Conflict, InvalidInput):
            for sock in fresh:
                sock.close()
            raise
        http, socks, *lines = sockets
        return Listeners(plan, http, socks, dict(zip(plan.lines, lines, strict=True)), self.bearers)

    def on_bearers(self, bearers: Sequence[socket.socket]) -> "Listeners":
        """These, with the listeners of another core network."""
        return Listeners(self.plan, self.http, self.socks, self.lines, bearers)

    def close_all_but(self, kept: "Listeners | None" = None) -> None:
        """Close what `kept` does not hold; everything without one."""
        for sock in self.all():
            if kept is None or all(sock is not other for other in kept.all()):
                sock.close()

    def all(self) -> list[socket.socket]:
        return [*self._own(), *self.bearers]

    def _own(self) -> list[socket.socket]:
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
