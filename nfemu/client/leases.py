"""Who may have what of a running carrier: one run all of it, or several each some of its lines.

Kept by locks (flock), which the kernel gives back when their process ends, however that ends.
"""

import fcntl
import os
from collections.abc import Sequence
from typing import IO

from nfemu.client.state import StateFolder
from nfemu.model.errors import Conflict


class Leases:
    """Of one run. `alone`: nobody else uses the carrier meanwhile."""

    def __init__(self, state: StateFolder, worker: str = "") -> None:
        """`worker`: of a run that is divided among several, else empty. Raises Conflict where another run has the
        carrier."""
        self.alone = not worker
        self._folder = state.leases
        self._held: list[IO[str]] = []
        self._lines: list[str] = []
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if not self._lock("carrier", fcntl.LOCK_EX if self.alone else fcntl.LOCK_SH):
            raise Conflict(
                f"another run is under way{self._whose()} on the carrier of `{state.path}`, and one of the two needs "
                "it alone; wait for it, or use another carrier"
            )
        self._sign()

    def take(self, numbers: Sequence[str]) -> str | None:
        """The first that this run has already, or that none has; None where all are taken. Kept until the end."""
        if self.alone:
            return next(iter(numbers), None)
        known = next((number for number in self._lines if number in numbers), None)
        if known is not None:
            return known
        new = next((number for number in numbers if self._lock(number, fcntl.LOCK_EX)), None)
        self._lines += [new] if new is not None else []
        return new

    def close(self) -> None:
        for each in self._held:
            each.close()

    def _lock(self, name: str, kind: int) -> bool:
        handle = (self._folder / name).open("a")
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._held.append(handle)
        return True

    def _sign(self) -> None:
        """Workers do not: there are several, and the one that signed would end before the others."""
        carrier = self._held[0]
        carrier.truncate(0)
        carrier.write(str(os.getpid()) if self.alone else "")
        carrier.flush()

    def _whose(self) -> str:
        process = (self._folder / "carrier").read_text()
        return f" (process {process})" if process else ""
