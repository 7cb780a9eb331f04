"""What the link needs to know, and whom it tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.gateway.link.messages import BlockedLine, Role
from nfemu.gateway.link.point import Point
from nfemu.gateway.ports import Route
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.sharing import Key
from nfemu.model.usage import Allowance, Usage


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a name leads, to be kept for `ttl_s` seconds."""

    route: Route
    ttl_s: float


class NameService(Protocol):
    """Where names lead; see gateway/resolving.py."""

    async def answer(self, host: str) -> Answer:
        """Raises NotFound, Unavailable."""


class LinkHost(NameService, Protocol):
    """The control process, as the link sees it."""

    def rules(self) -> RuleSource: ...

    def lines(self) -> Sequence[LineState]:
        """The latest state of every line; never older than what was last published."""

    def admits(self, role: Role, pid: int) -> bool:
        """Whether process `pid` may follow as `role`."""

    def ready(self, pid: int) -> None:
        """The worker `pid` accepts connections."""

    def blocked(self, lines: Sequence[BlockedLine]) -> None:
        """A point has refused requests of these lines."""

    def used(self, point: Point, usage: Sequence[Usage]) -> list[Key]:
        """A point's report; the lines in it whose use others must know of."""

    def known(self) -> list[Key]:
        """All such lines."""

    def allowances(self, point: Point, keys: Sequence[Key]) -> tuple[Allowance, ...]:
        """What a point must know of these lines."""

    def day_ends(self) -> datetime:
        """Of the business day, in the carrier's zone."""

    def left(self, point: Point) -> None:
        """The point's connection has ended."""

    async def expel(self, point: Point) -> None:
        """Its connection has ended or must end: return when it has certainly stopped serving."""
