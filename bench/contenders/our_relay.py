"""Our relay on a listening socket behind a core network: `python -m bench.contenders.our_relay DESCRIPTOR PORT`.

One open line; whatever it dials is `PORT` on loopback.
"""

import asyncio
import socket
import sys

from bench.contenders.lines import OPEN, line
from bench.contenders.to_site import ToSite
from nfemu.bootstrap.serving import fastest_loop
from nfemu.gateway.bearer.internet.relay import Relay
from nfemu.gateway.replica import LineTable


class _View(LineTable):
    """Of a LineView as much as a relay asks for."""

    line_at = LineTable.at


async def _serve(listener: socket.socket, port: int) -> None:
    Relay([listener], _View([line(OPEN)]), lambda *_: True, ToSite(port)).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


def main(descriptor: int, port: int) -> None:
    with asyncio.Runner(loop_factory=fastest_loop) as runner:
        runner.run(_serve(socket.socket(fileno=descriptor), port))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
