"""Our SNI gate on a listening socket of a core network: `python -m bench.contenders.our_gate DESCRIPTOR PORT`.

One line in arrears, which our DNS has given the site's address for the portal's name; that name leads to `PORT` on
loopback, in place of the emulated Internet's front.
"""

import asyncio
import socket
import sys
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.carrier import CONFIG
from bench.contenders.bulk_receiver import SITE
from bench.contenders.lines import ARREARS, line
from bench.contenders.our_worker import Unheard
from bench.contenders.to_site import ToSite
from nfemu.bootstrap.conversion import rule_source
from nfemu.bootstrap.serving import fastest_loop
from nfemu.client.state import StateFolder
from nfemu.gateway.bearer.gate.gate import Gate
from nfemu.gateway.bearer.view import ControlView
from nfemu.gateway.engine.judge import Judge
from nfemu.runtime.keys import private_folder
from nfemu.settings import load

NAME = "portal.carrier.example"
_UNHURRIED = {"policies.profiles.arrears.daily_cap": "0", "policies.profiles.arrears.rate": "0"}


async def _serve(listener: socket.socket, port: int, view: ControlView) -> None:
    told = {(NAME, ip_address(SITE)): datetime.max.replace(tzinfo=UTC)}
    judge = Judge(view, lambda: datetime.now(UTC), lambda _: told, lambda _: None)
    Gate([listener], view, judge, ToSite(port), Unheard()).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


def main(descriptor: int, port: int) -> None:
    with TemporaryDirectory(prefix="nfemu-bench-") as folder:
        state = StateFolder(Path(folder))
        private_folder(state.path)
        rules = rule_source(load(CONFIG, _UNHURRIED), state).compile()
    with asyncio.Runner(loop_factory=fastest_loop) as runner:
        runner.run(_serve(socket.socket(fileno=descriptor), port, ControlView(rules, [line(ARREARS)])))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
