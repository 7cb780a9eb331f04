"""Our worker's data plane with everything on: strict heads, decision, removal of copies, enrichment.

`our_worker ORIGIN_PORT [DESCRIPTOR]`: one open line, for which `news.example` is a trusted destination at the bench's
origin. `DESCRIPTOR` is a listening socket of a core network; else it listens on loopback, as a proxy.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path

from nfemu.bootstrap.conversion import rule_source
from nfemu.bootstrap.serving import fastest_loop
from nfemu.carrier.ports import LineState
from nfemu.client.state import StateFolder
from nfemu.gateway.engine.engine import Engine, tune_process
from nfemu.gateway.ports import EngineConfig, GatewayRules, Route, Upstream
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Apn, Imsi, Msisdn, PolicyName, SessionId
from nfemu.model.usage import Usage
from nfemu.runtime.keys import private_folder
from nfemu.settings import load

_CONFIG = Path(__file__).parents[2] / "config"
TRUSTED = {"policies.groups.portal.hosts": ["portal.carrier.example", "news.example"]}


class View:
    """A replica of one open line."""

    def __init__(self, rules: GatewayRules) -> None:
        self._rules = rules
        self._line = LineState(
            imsi=Imsi("460001380013800"),
            msisdn=Msisdn("8613800138000"),
            session=SessionId("ses-1"),
            policy=PolicyName("open"),
            apn=Apn("internet"),
            generation=1,
            version=1,
            ue_ipv4=IPv4Address("10.45.0.2"),
            ue_ipv6=None,
        )

    def line(self, msisdn: Msisdn) -> LineState | None:
        return self._line if msisdn == self._line.msisdn else None

    def line_at(self, address: IpAddress) -> LineState | None:
        return self._line if address == self._line.ue_ipv4 else None

    def rules(self) -> GatewayRules:
        return self._rules

    def fresh(self) -> bool:
        return True


class Unheard:
    """Reports that nobody hears."""

    def blocked(self, state: LineState) -> None:
        """Nothing is refused here."""

    def used(self, usage: Sequence[Usage]) -> None:
        """Counted all the same."""


class ToOrigin:
    """Every name is the bench's origin."""

    def __init__(self, port: int) -> None:
        target = Upstream("127.0.0.1", port)
        self._route = Route((IPv4Address("198.18.0.16"),), target, target)

    async def resolve(self, host: str) -> Route:  # noqa: ARG002 - the port's signature
        return self._route


async def main(origin: int, folder: Path, bearers: Sequence[socket.socket]) -> None:
    state = StateFolder(folder)
    private_folder(state.path)
    configuration = load(_CONFIG, TRUSTED)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    config = EngineConfig([listener], [], {}, folder / "unused.sock", b"", bearers)
    engine = Engine(config, View(rule_source(configuration, state).compile()), ToOrigin(origin), Unheard())
    tune_process()
    await engine.start()
    print(listener.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=fastest_loop) as runner:
        given = [socket.socket(fileno=int(text)) for text in sys.argv[2:]]
        runner.run(main(int(sys.argv[1]), Path(os.environ["BENCH_STATE"]), given))
