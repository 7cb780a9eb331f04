"""The duties of accounts, each done at its time; one look-out for all of them.

What accounts have to expect is stored (`PutDuty`), in the commit that makes it so. Here nothing is remembered but when
the first of it falls due, so a start has nothing to fill but that moment, and a million accounts cost as much as one.
What has been missed while no carrier ran is done in its order, too, each for its own moment.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nfemu.carrier.ports import Clock, Store
from nfemu.model.duties import AccountDuty
from nfemu.model.errors import NfemuError
from nfemu.runtime.agenda import Agenda

_NEVER = datetime.max.replace(tzinfo=UTC)
_TRIED = 100
"""Of the duties that are due, how many are tried before it is given up for a while."""


class Calendar:
    """`do` does a duty and says what happened, None: nothing that anybody would ask about. It must move the duty on, or
    away, in the commit of what it does: until then it is due. Raises an NfemuError: it is tried again."""

    def __init__(
        self, store: Store, agenda: Agenda, clock: Clock, do: Callable[[AccountDuty], Awaitable[str | None]]
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._clock = clock
        self._do = do
        self._planned = _NEVER

    async def start(self) -> None:
        """Look out for what is stored. Raises Unavailable."""
        first = await self._store.next_duty()
        if first is not None:
            self.watch(first.comes_at)

    def watch(self, due_at: datetime) -> None:
        """Some account's duty falls due then, by the carrier's clock."""
        if due_at < self._planned:
            self._planned = due_at
            self._agenda.add(due_at, self._look)

    async def _look(self) -> str | None:
        """Do the first duty that is due, so that each is one happening. One that fails holds up no other, but must be
        tried again: raises its failure once nothing else is left to do. An earlier look may have been planned since
        this one was, and has planned the next."""
        if self._planned > self._clock.now():
            return None
        failure: NfemuError | None = None
        for duty in await self._store.duties_due(self._clock.now(), _TRIED):
            try:
                happened = await self._do(duty)
            except NfemuError as error:
                failure = failure or error
            else:
                await self._look_on()
                return happened
        if failure is not None:
            raise failure
        await self._look_on()
        return None

    async def _look_on(self) -> None:
        """What was committed meanwhile is found in the store, what is from now on is watched for."""
        self._planned, planned = _NEVER, self._planned
        try:
            await self.start()
        except NfemuError:
            self._planned = planned
            raise
