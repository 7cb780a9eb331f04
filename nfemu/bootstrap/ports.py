"""Which ports a carrier takes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from nfemu.gateway.listeners import ListenerPlan
from nfemu.model.errors import Conflict
from nfemu.model.identity import Msisdn
from nfemu.runtime.keys import write_private
from nfemu.runtime.listening import listen
from nfemu.settings import Carrier, Configuration


@dataclass(frozen=True, slots=True)
class BoundPorts:
    """Which ports to take; 0 is any free one. Kept over a reset, so that clients need not ask again."""

    api: int
    http: int
    socks: int
    lines: Mapping[Msisdn, int]

    @classmethod
    def of(cls, configuration: Configuration) -> Self:
        """What the configuration says."""
        carrier = configuration.carrier
        proxy = carrier.proxy
        return cls(carrier.api.port, proxy.http_port, proxy.socks_port, proxy.subscriber_listeners)

    def free(self) -> Self:
        """The same listeners on any free ports."""
        return type(self)(0, 0, 0, dict.fromkeys(self.lines, 0))

    def again(self, file: Path, carrier: Carrier) -> Self:
        """The same listeners on the ports that `file` remembers, as far as nobody has them now; else on any free."""
        try:
            held = json.loads(file.read_text())
            lines = {line: int(held["lines"].get(line.e164, 0)) for line in self.lines}
            ports = type(self)(int(held["api"]), int(held["http"]), int(held["socks"]), lines)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return self.free()
        proxy = carrier.proxy.host
        return type(self)(
            _if_free(carrier.api.host, ports.api),
            _if_free(proxy, ports.http),
            _if_free(proxy, ports.socks),
            {line: _if_free(proxy, port) for line, port in lines.items()},
        )

    def remember(self, file: Path) -> None:
        """For `again`. Raises OSError."""
        lines = {line.e164: port for line, port in self.lines.items()}
        held = {"api": self.api, "http": self.http, "socks": self.socks, "lines": lines}
        write_private(file, json.dumps(held).encode())

    def following(self, before: Configuration, after: Configuration) -> Self:
        """These, but for the settings that differ between the two configurations."""
        was, becomes = self.of(before), self.of(after)

        def port(ours: int, old: int, new: int) -> int:
            return ours if old == new else new

        lines = {
            number: port(self.lines.get(number, wanted), was.lines.get(number, -1), wanted)
            for number, wanted in becomes.lines.items()
        }
        return type(self)(
            port(self.api, was.api, becomes.api),
            port(self.http, was.http, becomes.http),
            port(self.socks, was.socks, becomes.socks),
            lines,
        )

    def places(self, carrier: Carrier) -> dict[str, tuple[str, int]]:
        """Setting in carrier.yaml → host, as `carrier` has it, and port."""
        proxy = {"proxy.http_port": self.http, "proxy.socks_port": self.socks}
        proxy |= {f"proxy.subscriber_listeners, {line.masked()}": port for line, port in self.lines.items()}
        host = carrier.proxy.host
        return {"api.port": (carrier.api.host, self.api), **{setting: (host, port) for setting, port in proxy.items()}}

    def plan(self, host: str) -> ListenerPlan:
        return ListenerPlan(host, self.http, self.socks, self.lines)


def _if_free(host: str, port: int) -> int:
    """0 where somebody has it."""
    try:
        listen(host, port, "ports.json").close()
    except Conflict:
        return 0
    return port
