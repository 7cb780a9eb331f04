"""Reading files that somebody may be saving at this moment."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from nfemu.model.errors import Conflict
from nfemu.settings import Configuration

_READINGS = 3


async def read_settled(directory: Path, read: Callable[[], Configuration]) -> Configuration:
    """What `read` makes of the folder's files, read again where one of them changed meanwhile: half of it may be valid.

    Raises ConfigurationError; Conflict where they do not come to rest.
    """
    for _ in range(_READINGS):
        before = _stamps(directory)
        # In a thread: a million cards must not cost the workers their lease.
        fresh = await asyncio.to_thread(read)
        if _stamps(directory) == before:
            return fresh
    raise Conflict(f"nothing was applied: files in `{directory}` change while they are read; try again")


def _stamps(directory: Path) -> dict[Path, tuple[int, int, int]]:
    """What tells one state of the files, overlays included, from another."""
    found = {path: path.stat() for path in directory.rglob("*") if path.is_file()}
    return {path: (each.st_ino, each.st_size, each.st_mtime_ns) for path, each in found.items()}
