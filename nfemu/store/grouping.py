"""Writes that wait for the writer go together: a commit costs a sync of the disk, however much is in it.

Whoever's turn it is takes along all that wait behind it, in their order, in one transaction. Where one of them is
refused nothing is written, and each is written alone. What the database itself cannot do (`Unavailable`) holds for all
of them alike and is not tried again: the server may have gone away in the middle, and nobody knows what it has done.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from nfemu.model.errors import Unavailable

Work = Callable[[Connection], Any]
_MOST = 64
"""Writes in one transaction: the first of them waits for the last."""


@dataclass(slots=True, eq=False)
class Write:
    """`work` may be run more than once, each time as if for the first."""

    work: Work
    done: bool = False
    """It is written, was refused, or nobody wants it any more."""
    result: Any = None
    error: Exception | None = None


class Grouping:
    """`add` in any thread, then `finish` in the writer's: once for each, in the order of `add`.

    `transaction` is `Database.write`.
    """

    def __init__(self, transaction: Callable[[Work], Any]) -> None:
        self._transaction = transaction
        self._waiting: deque[Write] = deque()

    def add(self, work: Work) -> Write:
        write = Write(work)
        self._waiting.append(write)
        return write

    def finish(self, write: Write) -> Any:
        """What its work returned, durable now. Raises what the work raised, and Unavailable."""
        if not write.done:
            self._go(self._next())
        if write.error is not None:
            raise write.error
        return write.result

    def _next(self) -> list[Write]:
        taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST))]
        return [write for write in taken if not write.done]

    def _go(self, group: list[Write]) -> None:
        try:
            results = self._transaction(lambda connection: [write.work(connection) for write in group])
        except Exception as error:  # noqa: BLE001 - it is raised where the write was asked for
            if len(group) > 1 and not isinstance(error, Unavailable):
                for write in group:
                    self._go([write])
                return
            for write in group:
                write.done, write.error = True, error
        else:
            for write, result in zip(group, results, strict=True):
                write.done, write.result = True, result
