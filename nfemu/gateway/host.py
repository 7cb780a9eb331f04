"""What every enforcement point is told and reports to: lines, rules, names, and what lines have used.

The link asks it for workers and stock addons; bearers, which are in this process, are told by itself.
"""

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer_point import BearerPoint
from nfemu.gateway.link.host import Answer, NameService
from nfemu.gateway.link.messages import BlockedLine, Role
from nfemu.gateway.link.point import Point
from nfemu.gateway.processes import process_ended
from nfemu.gateway.replica import LineTable
from nfemu.gateway.rules import RuleSource
from nfemu.gateway.sharing import Key, Sharing
from nfemu.gateway.supervisor import Supervisor
from nfemu.model.identity import Imsi, Msisdn, PolicyName
from nfemu.model.usage import Allowance, Usage

BEARERS = "bearers"
"""Among the points that share what lines use."""


@dataclass(frozen=True, slots=True)
class UsageDay:
    """A business day by its end, in the carrier's zone, and the octets that each line has used in it by policy."""

    ends_at: datetime
    used: Mapping[Key, int]


@dataclass(frozen=True, slots=True)
class Observer:
    """Who hears what points report. Each is called in the event loop and returns at once."""

    blocked: Callable[[Msisdn, int], None]
    """A restricted line was refused something; the version at which the point held the line (G20)."""
    used: Callable[[Sequence[Usage]], None]
    """What lines have used since the last report (G7)."""
    day: Callable[[], UsageDay]
    """The business day, and what was used in it already. Asked when the gateway starts, and on each `start_day`."""


class Host:
    """Implements LinkHost. `lines` gives every line as the carrier knows it."""

    def __init__(
        self,
        source: RuleSource,
        names: NameService,
        lines: Callable[[], Sequence[LineState]],
        observer: Observer,
        supervisor: Supervisor,
        lease_s: float,
    ) -> None:
        self.source = source
        self.latest = LineTable()
        """What was applied; may be ahead of `lines`."""
        self._names = names
        self._lines = lines
        self._observer = observer
        self._sharing = Sharing(self._limited, time.monotonic)
        self._day_ends = datetime.max.replace(tzinfo=UTC)
        self._supervisor = supervisor
        self._lease_s = lease_s
        self.bearers: BearerPoint | None = None
        self._telling: set[asyncio.Task[None]] = set()

    def replace_bearers(self, bearers: BearerPoint) -> None:
        """Those that were there before have ended: what they have reported was used elsewhere than at these."""
        self._sharing.leave(BEARERS)
        self.bearers = bearers

    def join(self, bearers: BearerPoint) -> None:
        """They serve, and are told what every point is told. What they have reported by now they know themselves."""
        self.bearers = bearers
        bearers.day_began(self._day_ends)
        self._tell_bearers(self._sharing.known())

    def rules(self) -> RuleSource:
        return self.source

    def replace(self, source: RuleSource) -> list[Key]:
        """Rules from now on; the lines that are limited by them and were not before."""
        before = self._limited()
        self.source = source
        return [key for key in self._sharing.known() if key[1] not in before]

    def capped(self, imsi: Imsi) -> frozenset[PolicyName]:
        """See Gateway."""
        caps = {each.name: each.limits.daily_cap for each in self.source.profiles}
        return frozenset(name for name, cap in caps.items() if 0 < cap <= self._sharing.used((imsi, name)))

    def begin_anew(self, at: datetime) -> None:
        """With other people, at that time of day."""
        self.source = replace(self.source, hours_at=at)
        self.latest = LineTable()
        self.start_day()

    def lines(self) -> Sequence[LineState]:
        for state in self._lines():
            self.latest.put(state)
        return self.latest.states()

    def admits(self, role: Role, pid: int) -> bool:
        """Only our own children serve our sockets; any process that has the token may be an addon."""
        return role is Role.ADDON or self._supervisor.owns(pid)

    async def answer(self, host: str) -> Answer:
        return await self._names.answer(host)

    def ready(self, pid: int) -> None:
        self._supervisor.ready(pid)

    def blocked(self, lines: Sequence[BlockedLine]) -> None:
        for line in lines:
            self._observer.blocked(line.msisdn, line.version)

    def start_day(self) -> None:
        day = self._observer.day()
        self._day_ends = day.ends_at
        self._sharing.start_day(day.used)
        if self.bearers is not None:
            self.bearers.day_began(day.ends_at)

    def used(self, point: Hashable, usage: Sequence[Usage]) -> list[Key]:
        self._observer.used(usage)
        keys = self._sharing.add(point, usage)
        self._tell_bearers(keys)
        return keys

    def _tell_bearers(self, keys: Sequence[Key]) -> None:
        if self.bearers is not None and keys:
            telling = asyncio.create_task(self.bearers.allowed(self._sharing.allowances(BEARERS, keys)))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)

    def known(self) -> list[Key]:
        return self._sharing.known()

    def allowances(self, point: Hashable, keys: Sequence[Key]) -> tuple[Allowance, ...]:
        return self._sharing.allowances(point, keys)

    def day_ends(self) -> datetime:
        return self._day_ends

    def left(self, point: Point) -> None:
        self._sharing.leave(point)

    def _limited(self) -> frozenset[PolicyName]:
        return frozenset(each.name for each in self.source.profiles if not each.limits.unlimited)

    async def expel(self, point: Point) -> None:
        if point.role is Role.WORKER:
            await self._supervisor.kill(point.pid)
        else:
            await process_ended(point.pid, point.lapsed_in(self._lease_s))


class OwnReports:
    """Implements Reports for what serves lines in this process. `share`: workers are told of these lines' use."""

    def __init__(self, host: Host, share: Callable[[Sequence[Key]], None]) -> None:
        self._host = host
        self._share = share

    def blocked(self, state: LineState) -> None:
        self._host.blocked([BlockedLine(state.msisdn, state.version)])

    def used(self, usage: Sequence[Usage]) -> None:
        self._share(self._host.used(BEARERS, usage))
