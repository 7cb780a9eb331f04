"""Our redirect responder, with one line in arrears that has every loopback address, under the shipped policies.

What was steered here came from port 80 of an address that nothing lists; conntrack, which would say so, is asked
nothing: its answer is made of the same system call's cost, the socket's own address.
"""

import asyncio
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.contenders.our_worker import Unheard
from nfemu.bootstrap.conversion import rule_source
from nfemu.bootstrap.serving import fastest_loop
from nfemu.carrier.ports import LineState
from nfemu.client.state import StateFolder
from nfemu.gateway.bearer.responder import Responder
from nfemu.gateway.engine.caps import Caps
from nfemu.gateway.engine.judge import Judge
from nfemu.gateway.engine.meter import Meters
from nfemu.gateway.ports import GatewayRules
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Apn, Imsi, Msisdn, PolicyName, SessionId
from nfemu.runtime.keys import private_folder
from nfemu.settings import load

_CONFIG = Path(__file__).parents[2] / "config"
_ELSEWHERE = IPv4Address("203.0.113.7")


class View:
    """One line in arrears, whoever asks."""

    def __init__(self, rules: GatewayRules) -> None:
        self._rules = rules
        self._line = LineState(
            imsi=Imsi("460001380013800"),
            msisdn=Msisdn("8613800138000"),
            session=SessionId("ses-1"),
            policy=PolicyName("arrears"),
            apn=Apn("internet"),
            generation=1,
            version=1,
            ue_ipv4=IPv4Address("127.0.0.1"),
            ue_ipv6=None,
        )

    def line(self, msisdn: Msisdn) -> LineState | None:
        return self._line if msisdn == self._line.msisdn else None

    def line_at(self, address: IpAddress) -> LineState | None:
        return self._line if address.is_loopback else None

    def rules(self) -> GatewayRules:
        return self._rules

    def fresh(self) -> bool:
        return True


def _steered(sock: socket.socket) -> tuple[IpAddress, int]:
    sock.getsockname()
    return _ELSEWHERE, 80


def _now() -> datetime:
    return datetime.now(UTC)


async def _serve(listeners: Sequence[socket.socket], view: View) -> None:
    judge = Judge(view, _now, refused=lambda _: None)
    Responder(listeners, view, judge, Caps(judge, Meters(time.monotonic)), Unheard(), original=_steered).start()
    print(listeners[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


def main() -> None:
    with TemporaryDirectory(prefix="nfemu-bench-") as folder:
        state = StateFolder(Path(folder))
        private_folder(state.path)
        view = View(rule_source(load(_CONFIG, {}), state).compile())
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    with asyncio.Runner(loop_factory=fastest_loop) as runner:
        runner.run(_serve([listener], view))


if __name__ == "__main__":
    main()
