"""The life of the control process: one carrier after another on one state folder, until a signal ends it."""

import asyncio
import signal
from collections.abc import Callable

from nfemu.bootstrap.emulator import Emulator, new_store
from nfemu.bootstrap.ports import BoundPorts
from nfemu.client.state import StateFolder
from nfemu.gateway.looking_up import keep_resolver_impatient
from nfemu.runtime.descriptors import ask_for_descriptors
from nfemu.runtime.logs import log_to_stderr
from nfemu.runtime.memory import give_back_regularly, give_memory_back, keep_out_of_collections
from nfemu.settings import Configuration


async def serve(
    state: StateFolder, read: Callable[[], Configuration], started: Callable[[], None], *, free_ports: bool = False
) -> None:
    """Serve until SIGINT or SIGTERM; a reset empties the store and starts over on the same ports.

    `started` is called each time the carrier serves. Raises what `Emulator` raises.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    ports = _any_ports(state, read()) if free_ports else None
    tidying = asyncio.create_task(give_back_regularly())
    while not stop.is_set():
        emulator = Emulator(state, read, ports)
        async with emulator:
            ports = emulator.bound()
            if free_ports:
                ports.remember(state.ports_file)
            started()
            keep_out_of_collections()
            await _first(stop, emulator.reset_wanted, emulator.start_wanted)
        if emulator.reset_wanted.is_set() and not stop.is_set():
            await wipe(state, emulator.configuration)
    tidying.cancel()


def _any_ports(state: StateFolder, configuration: Configuration) -> BoundPorts:
    """Those of last time, so that clients need not ask again, or others."""
    return BoundPorts.of(configuration).again(state.ports_file, configuration.carrier)


async def wipe(state: StateFolder, configuration: Configuration) -> None:
    """Empty the store of a carrier that does not run. Raises Unavailable."""
    store = new_store(state, configuration)
    await store.open()
    try:
        await store.wipe()
    finally:
        await store.close()


def fastest_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _first(*events: asyncio.Event) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in events]
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()


def run(
    state: StateFolder, read: Callable[[], Configuration], started: Callable[[], None], *, free_ports: bool = False
) -> None:
    """`serve` in an event loop of its own: uvloop's where it is installed. Warnings go to standard error."""
    log_to_stderr("carrier")
    give_memory_back()
    keep_resolver_impatient()
    ask_for_descriptors()
    with asyncio.Runner(loop_factory=fastest_loop) as runner:
        runner.run(serve(state, read, started, free_ports=free_ports))
