"""A process on a subscriber's line that observes what it is told: lines of JSON in, lines of JSON out.

The first line says how it gets onto the line. A process of its own, since one that has entered a phone's network has
left the one in which the carrier's API is.
"""

import asyncio
import json
import signal
import sys
from dataclasses import dataclass
from io import FileIO
from typing import Any

from nfemu.cli.observing.observing import ByProxy, OnBearer
from nfemu.model.errors import NfemuError

_AT_ONCE = 24
_MOST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class _Agent:
    access: OnBearer | ByProxy

    async def serve(self) -> None:
        """Until standard input ends."""
        reader = asyncio.StreamReader(limit=_MOST_LINE)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        slots = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            while line := await reader.readline():
                await slots.acquire()
                group.create_task(self._observe(json.loads(line), slots))

    async def _observe(self, job: dict[str, Any], slots: asyncio.Semaphore) -> None:
        try:
            seen = await self.access.observe(job["url"])
        except NfemuError as error:
            seen = {"error": str(error)}
        finally:
            slots.release()
        sys.stdout.write(json.dumps({"id": job["id"], "seen": seen}) + "\n")
        sys.stdout.flush()


def main() -> None:
    """The first line is `{"proxy": [host, port], "credentials": …}` or `{"pid": …, "network": …, "resolvers": […],
    "families": […]}`."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # the terminal's is for the command, which ends this by its input's end
    with FileIO(sys.stdin.fileno(), closefd=False) as unbuffered:
        way = json.loads(unbuffered.readline())
    if "proxy" in way:
        access: OnBearer | ByProxy = ByProxy(way["proxy"][0], way["proxy"][1], way["credentials"])
    else:
        access = OnBearer(way["resolvers"][0], tuple(way["families"]))
        _enter(way["pid"], way["network"])
    asyncio.run(_Agent(access).serve())


def _enter(pid: int, network: int) -> None:
    """What is sent, and nothing else, has to be sent from within."""
    from nfemu.gateway.bearer.network.enter import join

    try:
        join(pid, network)
    except OSError as error:
        sys.exit(f"nfemu: there is no way onto the line ({error.strerror}); it is open to the carrier's own user")


if __name__ == "__main__":
    main()
