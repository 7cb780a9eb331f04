"""Ending at once what is played in other threads: what somebody waits for there is ended under him."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock


class Interruption:
    """Of one run; asked for once, from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked = False
        self._ends: list[Callable[[], object]] = []

    @property
    def asked(self) -> bool:
        return self._asked

    def ask(self) -> None:
        with self._lock:
            self._asked = True
            ends = list(self._ends)
        for end in ends:
            end()

    @contextmanager
    def calls(self, end: Callable[[], object]) -> Iterator[None]:
        """`end` is called where the run is interrupted before the context ends; at once where it has been."""
        with self._lock:
            self._ends.append(end)
            asked = self._asked
        if asked:
            end()
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)
