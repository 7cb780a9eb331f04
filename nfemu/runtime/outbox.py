"""Messages that wait for their channels, sent in business time; one look-out for all of them.

Nothing is remembered here but when the next look is due: what waits the store says, so a start has nothing to fill but
that moment. Each look takes of each channel what it has room for in one second, the most urgent first (S7), and each
account's messages by a use case that looks at their reasons once more (S6).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime

from nfemu.bss.channels import NoticeRules, next_second
from nfemu.carrier.ports import Clock, Store
from nfemu.model.errors import NfemuError
from nfemu.model.identity import AccountId, NoticeId
from nfemu.model.notices import Channel, Notice, NoticeState
from nfemu.runtime.agenda import Agenda

_NEVER = datetime.max.replace(tzinfo=UTC)
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)

Send = Callable[[AccountId, Collection[NoticeId]], Awaitable[list[Notice]]]


class Outbox:
    """`send` is the use case: it says what became of the messages, and raises an NfemuError. `rules` are those of the
    moment; `abreast`: accounts whose messages are sent at one time, to share commits."""

    def __init__(
        self, store: Store, agenda: Agenda, clock: Clock, rules: Callable[[], NoticeRules], send: Send, abreast: int
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._clock = clock
        self._rules = rules
        self._send = send
        self._abreast = abreast
        self._planned = _NEVER
        self._full_until = _BEFORE_ALL

    async def start(self) -> None:
        """Look out for what is stored. Raises Unavailable."""
        first = await self._store.next_notice()
        if first is not None:
            self.watch(first)

    def watch(self, at: datetime) -> None:
        """A message may be sent then, by the carrier's clock. Not in a second in which a channel was found full: where
        thousands fall due in it, each would have all that wait looked at once more."""
        at = max(at, self._full_until)
        if at < self._planned:
            self._planned = at
            self._agenda.add(at, self._look)

    async def _look(self) -> str | None:
        """A duty: raises the first failure, after all that could be sent has been."""
        if self._planned > self._clock.now():
            return None
        self._planned = _NEVER
        due = await self._due()
        after, failure = await self._send_all(due)
        if any(_waits(notice, self._clock.now()) for notice in after):
            self._full_until = next_second(self._clock.now())
        first = await self._store.next_notice()
        if first is not None:
            self.watch(max(first, next_second(self._clock.now())) if due else first)
        if failure is not None:
            raise failure
        return _told(after)

    async def _due(self) -> dict[AccountId, list[NoticeId]]:
        """What channels have room for, by account, in the order of urgency."""
        now, rules = self._clock.now(), self._rules()
        due: dict[AccountId, list[NoticeId]] = {}
        for channel in Channel:
            for account, notice in await self._store.notices_due(channel, now, rules.channel(channel).per_second):
                due.setdefault(account, []).append(notice)
        return due

    async def _send_all(self, due: dict[AccountId, list[NoticeId]]) -> tuple[list[Notice], NfemuError | None]:
        after: list[Notice] = []
        failure: NfemuError | None = None
        turns = asyncio.Semaphore(self._abreast)

        async def send(account: AccountId, notices: list[NoticeId]) -> None:
            nonlocal failure
            async with turns:
                try:
                    after.extend(await self._send(account, notices))
                except NfemuError as error:
                    failure = failure or error

        await asyncio.gather(*(send(account, notices) for account, notices in due.items()))
        return after, failure


def _waits(notice: Notice, now: datetime) -> bool:
    """For room: it is due, and was not taken."""
    return notice.state is NoticeState.PENDING and (notice.retry_at is None or notice.retry_at <= now)


def _told(after: Collection[Notice]) -> str | None:
    """What became of messages, for people: `320 month end by sms, 12 dunning cancelled`."""
    counts = Counter(_ended(notice) for notice in after if notice.state is not NoticeState.PENDING)
    return f"messages: {', '.join(f'{count} {what}' for what, count in sorted(counts.items()))}" if counts else None


def _ended(notice: Notice) -> str:
    way = "" if notice.state is NoticeState.CANCELLED else f" by {notice.channel.value}"
    end = "" if notice.state is NoticeState.SENT else f" {notice.state.value}"
    return f"{notice.kind.value}{way}{end}"
