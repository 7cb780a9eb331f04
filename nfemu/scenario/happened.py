"""What has happened on a line and on the other cards of its account, which pay from one ledger: event by event, and
together what had one trigger.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge

from nfemu.client import Client
from nfemu.client.values import Event, Subscriber

MOST = 500
"""Events of a line, entries of an account."""


@dataclass(frozen=True, slots=True)
class Seen:
    """`number`: on whose line."""

    number: str
    event: Event


@dataclass(frozen=True, slots=True)
class Group:
    """Of one correlation at one business time; `later`: it had begun before the clock was moved."""

    seen: list[Seen]
    later: bool

    @property
    def at(self) -> datetime | None:
        return self.seen[0].event.business_at if self.seen else None

    @property
    def events(self) -> list[Event]:
        return [each.event for each in self.seen]

    def of(self, number: str) -> "Group":
        """What of it was on that line."""
        return Group([each for each in self.seen if each.number == number], self.later)

    def first(self, name: str, **detail: str) -> Event | None:
        """The first event of that name with these details."""
        for event in self.events:
            if event.name == name and detail.items() <= event.detail.items():
                return event
        return None

    def last(self, *names: str) -> Event | None:
        return next((event for event in reversed(self.events) if event.name in names), None)


def seen_on(client: Client, line: Subscriber) -> Sequence[Sequence[Seen]]:
    """The timelines of the line and of all cards that its account's ledger speaks of; the line's own comes first."""
    numbers = [line.number, *_others(client, line)]
    return [[Seen(number, event) for event in client.timeline(number, MOST)] for number in numbers]


def groups_of(timelines: Sequence[Sequence[Seen]], moment: timedelta) -> list[Group]:
    """In the order in which they began."""
    groups: list[Group] = []
    latest: dict[str, Group] = {}
    for seen in merge(*timelines, key=lambda each: each.event.at):
        event = seen.event
        group = latest.get(event.correlation)
        if group is None or since(group.at, event.business_at) >= moment:
            latest[event.correlation] = Group([], group is not None)
            groups.append(latest[event.correlation])
        latest[event.correlation].seen.append(seen)
    return groups


def since(before: datetime | None, now: datetime | None) -> timedelta:
    return now - before if before is not None and now is not None else timedelta(0)


def _others(client: Client, line: Subscriber) -> Iterator[str]:
    """All people are gone through for them, since the ledger has no numbers."""
    entries = client.ledger(line.number, MOST).entries
    left = {entry.imsi for entry in entries if entry.imsi is not None} - {line.imsi}
    after: str | None = None
    while left:
        page = client.subscribers(after, MOST)
        for each in page.subscribers:
            if each.imsi in left:
                left.discard(each.imsi)
                yield each.number
        after = page.next
        if after is None:
            return
