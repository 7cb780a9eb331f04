"""Faults on demand at port calls: a part that is unavailable, or a process that ends there and then."""

from collections.abc import Iterator
from contextlib import contextmanager

from nfemu.model.errors import Unavailable


class Crash(BaseException):
    """The process is gone: nothing but the outermost loop of a test catches this."""


class Faults:
    """Every effect of a port passes two points, before and after it; at each a process can end.

    After a crash every further point crashes too, until `heal`: the process is gone as a whole.
    """

    def __init__(self) -> None:
        self._points_left: int | None = None
        self._unavailable: dict[str, int] = {}
        self.crashed = False

    def crash_at(self, point: int) -> None:
        """Crash at the `point`-th next point, counted from 0."""
        self._points_left = point

    def heal(self) -> None:
        self._points_left = None
        self._unavailable.clear()
        self.crashed = False

    def fail(self, port: str, after: int = 0) -> None:
        """The port answers `after` calls and is unavailable from then on."""
        self._unavailable[port] = after

    @contextmanager
    def point(self, port: str) -> Iterator[None]:
        """Around one effect of `port`."""
        self._pass()
        if port in self._unavailable:
            if self._unavailable[port] == 0:
                raise Unavailable(f"{port} is unavailable; try again")
            self._unavailable[port] -= 1
        yield
        self._pass()

    def _pass(self) -> None:
        if self._points_left == 0:
            self.crashed = True
        if self.crashed:
            raise Crash
        if self._points_left is not None:
            self._points_left -= 1
