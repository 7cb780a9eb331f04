"""Opening hours in business time: enforcement points hear of every moment at which a group opens or closes.

A test clock may be moved by years, which no one could look at on the way: there, only the last days are gone through.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta, tzinfo

from nfemu.model.identity import GroupName
from nfemu.model.policy import DestinationGroup
from nfemu.policy.hours import changes_at, next_change

Tell = Callable[[datetime], Awaitable[None]]
"""Returns when every enforcement point goes by that moment."""
Remind = Callable[[datetime, Callable[[], Awaitable[str | None]]], None]
"""Run a duty when it falls due in business time; see `agenda.Duty`."""

_GONE_THROUGH = timedelta(days=2)


class OpeningHours:
    """`now` is business time; the moments told are in `zone`, the carrier's. `horizon`: where a test clock is being
    moved to, None while it stands. `in_use`: whether some line may reach a group; of others nobody is told."""

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: tzinfo,
        remind: Remind,
        tell: Tell,
        horizon: Callable[[], datetime | None],
        in_use: Callable[[GroupName], bool],
    ) -> None:
        self._now = now
        self._zone = zone
        self._remind = remind
        self._tell = tell
        self._horizon = horizon
        self._in_use = in_use
        self._plan = 0

    async def tell_now(self) -> None:
        """What time it is. To be said before rules come into force: what was said last may be long ago."""
        await self._tell(self._local())

    def plan(self, groups: Sequence[DestinationGroup], zone: tzinfo) -> None:
        """From now on these groups' hours count in this zone, and no others'."""
        self._zone = zone
        self._plan += 1
        self._plan_next(groups, self._plan)

    def _plan_next(self, groups: Sequence[DestinationGroup], plan: int) -> None:
        horizon = self._horizon()
        begin = self._now() if horizon is None else max(self._now(), horizon - _GONE_THROUGH)
        due = next_change(groups, begin.astimezone(self._zone))
        if due is None:
            return

        async def run() -> str | None:
            if plan != self._plan:
                return None
            await self.tell_now()
            self._plan_next(groups, plan)
            return ", ".join(text for name, text in changes_at(groups, due).items() if self._in_use(name)) or None

        self._remind(due, run)

    def _local(self) -> datetime:
        return self._now().astimezone(self._zone)
