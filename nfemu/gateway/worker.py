"""A worker process: `python -m nfemu.gateway.worker`, started by the supervisor only.

Order matters: first die with the parent, then hear the whole picture, only then accept connections.
"""

import asyncio
import logging
import os
import platform
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from typing import Any, Protocol

import uvloop

from nfemu.gateway.launch import Launch, load_launch
from nfemu.gateway.link.client import LinkClient
from nfemu.gateway.link.messages import LinkError, Origin, Role
from nfemu.gateway.link.token import read_token
from nfemu.gateway.ports import EngineConfig, FlowControl, LineView, Reports, Resolver
from nfemu.model.errors import Unavailable
from nfemu.namespaces.system import die_with_parent
from nfemu.runtime.logs import log_to_stderr
from nfemu.runtime.memory import give_back_regularly

_log = logging.getLogger(__name__)
_DRAIN_S = 1.0
"""Seconds for what is open when the supervisor asks for the end; the link holds meanwhile."""
_STOP_S = 0.2


class ServingEngine(FlowControl, Protocol):
    async def start(self) -> None:
        """Accept connections."""

    async def drain(self, within_s: float) -> None:
        """Accept no more; return when what is open has ended by itself, or after `within_s` seconds."""

    async def stop(self) -> None:
        """Accept no more, and end what is open."""


BuildEngine = Callable[[EngineConfig, LineView, Resolver, Reports], ServingEngine]


def main() -> int:
    """Exit status 0 when the supervisor asked for the end, 1 when the link ended first."""
    return start(_load_engine)


def start(load: Callable[[], BuildEngine]) -> int:
    """Read the launch document and serve with the engine that `load` gives."""
    log_to_stderr(f"worker[{os.getpid()}]")
    launch = load_launch(sys.stdin.buffer.read())
    die_with_parent(launch.parent)
    # Late, since mitmproxy takes most of a second to load: by now the process dies with its parent.
    build = load()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(launch, build))


async def _serve(launch: Launch, build: BuildEngine) -> int:
    client = LinkClient(launch.control_socket, Role.WORKER, software())
    asked_to_end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked_to_end.set)
    try:
        connection = await client.connect(read_token(launch.link_token))
    except (LinkError, OSError, Unavailable) as error:
        _log.error("no link to the control process: %s", error)
        return 1
    engine = build(_engine_config(launch, connection.welcome.origin), client, client, client)
    following = asyncio.create_task(client.follow(connection, engine))
    tidying = asyncio.create_task(give_back_regularly())
    try:
        if await _before(following, client.picture()):
            await engine.start()
            client.ready()
            if await _before(following, asked_to_end.wait()):
                await _before(following, engine.drain(_DRAIN_S))
    finally:
        await _stop(engine)
        following.cancel()
        tidying.cancel()
    await asyncio.gather(following, return_exceptions=True)
    return 0 if asked_to_end.is_set() else 1


async def _before(following: asyncio.Task[None], work: Coroutine[Any, Any, object]) -> bool:
    """Whether `work` came to its end while the link held. Raises what ended the link, if it was an error."""
    task = asyncio.ensure_future(work)
    await asyncio.wait((following, task), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        return True
    task.cancel()
    if not following.cancelled():
        following.result()
    return False


async def _stop(engine: ServingEngine) -> None:
    """Bounded: whatever is still open then, the kernel closes."""
    try:
        await asyncio.wait_for(engine.stop(), _STOP_S)
    except TimeoutError:
        _log.warning("the engine did not stop in time")


def _engine_config(launch: Launch, origin: Origin) -> EngineConfig:
    return EngineConfig(
        http_sockets=[socket.socket(fileno=launch.http)],
        socks_sockets=[socket.socket(fileno=launch.socks)],
        subscriber_sockets={msisdn: socket.socket(fileno=number) for msisdn, number in launch.lines},
        origin_socket=origin.socket,
        origin_token=origin.token,
        bearer_sockets=[socket.socket(fileno=number) for number in launch.bearers],
    )


def software() -> str:
    """For the status page."""
    return f"python {platform.python_version()}, mitmproxy {version('mitmproxy')}"


def _load_engine() -> BuildEngine:
    from nfemu.gateway.engine.engine import Engine, tune_process

    tune_process()
    return Engine


if __name__ == "__main__":
    sys.exit(main())
