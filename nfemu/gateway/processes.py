"""Waiting for processes, children or not, by descriptor (pidfd_open(2)): the same in every event loop."""

import asyncio
import os


async def ended(pid: int) -> None:
    """Wait until our child `pid` has ended; it has not been reaped then."""
    descriptor = os.pidfd_open(pid)
    try:
        await _readable(descriptor, None)
    finally:
        os.close(descriptor)


async def process_ended(pid: int, within_s: float) -> bool:
    """Wait until process `pid` has ended, at most `within_s` seconds; whether it is known to have ended.

    A process of another PID namespace (pid 0) cannot be watched: then the whole time is waited for.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except OSError:
        await asyncio.sleep(within_s)
        return False
    try:
        return await _readable(descriptor, within_s)
    finally:
        os.close(descriptor)


async def _readable(descriptor: int, within_s: float | None) -> bool:
    """A process descriptor becomes readable when its process ends."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        await asyncio.wait_for(readable.wait(), within_s)
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(descriptor)
    return True
