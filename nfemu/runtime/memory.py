"""How this process's memory goes back to the system."""

import asyncio
import ctypes
import gc

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Of glibc's malloc.h."""
_OWN_MAPPING = 128 * 1024
"""Octets from which a block gets a mapping of its own, which goes when the block is freed: glibc's initial value."""
_ARENAS = 2
_TRIM_EVERY_S = 10.0


def give_memory_back() -> None:
    """Once, at the start of a process that serves for days.

    Each TLS connection has a buffer of a quarter of a MiB. When the first of them is freed, glibc raises the size from
    which blocks get a mapping of their own, and puts all later ones between small ones that stay: the peak of open
    connections is then kept for ever. A size that was set stays. Where there is no such libc, nothing is done.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return
    mallopt(_M_MMAP_THRESHOLD, _OWN_MAPPING)
    mallopt(_M_ARENA_MAX, _ARENAS)


async def give_back_regularly() -> None:
    """For ever, every ten seconds: what ended connections hold is found, though nothing new asks for room, and pages
    that are free between blocks that stay go back as well.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except AttributeError:
        return
    while True:
        await asyncio.sleep(_TRIM_EVERY_S)
        gc.collect()
        trim(0)


def keep_out_of_collections() -> None:
    """What lives by now lives for ever: the garbage collector no longer looks at it. May be called again.

    A full collection waits until a quarter of what it looks at is new: beside everything that was loaded, a whole day's
    closed connections would wait for it.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
