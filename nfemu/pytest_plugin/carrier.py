"""`Carrier`: what the fixture `carrier` is, for the length of one test."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

import pytest

from nfemu.client import Client, ClientError, StateFolder
from nfemu.client.values import Clock as Time
from nfemu.client.values import Event, Explanation, Notice, Subscriber
from nfemu.model.errors import Conflict, NotFound
from nfemu.model.moments import moment_of
from nfemu.pytest_plugin.emulators import Place
from nfemu.pytest_plugin.line import SubscriberLine
from nfemu.pytest_plugin.wanted import Wanted

_SHARED_CLOCK = "the workers of this run share one carrier, whose clock they would move for each other"
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Clock:
    """Business time. It moves when told; `wall` clocks do not."""

    client: Client
    is_ours: bool

    @property
    def now(self) -> datetime:
        return self.client.clock().now

    def advance(self, by: str, account: str | None = None) -> Time:
        """`by` such as `15m` or `3d`; what fell due meanwhile has happened when it returns. With an `account`, its own
        clock alone: that disturbs nobody, and can be done on any clock."""
        if account is None:
            self._check()
        return self.client.advance_clock(by, account)

    def set(self, to: datetime, account: str | None = None) -> Time:
        """`to` with its zone; `account` as of `advance`."""
        if account is None:
            self._check()
        return self.client.set_clock(to, account)

    def _check(self) -> None:
        """The test is skipped where it would disturb others, or time goes by itself."""
        if not self.is_ours:
            pytest.skip(_SHARED_CLOCK)
        if self.client.clock().kind != "test":
            pytest.skip("business time is the wall clock here; start the emulator with `nfemu up --clock test`")


@dataclass(slots=True, repr=False)
class Carrier:
    """`client` is the whole API. `lines` are those that the test has used."""

    client: Client
    place: Place
    lines: list[SubscriberLine] = field(default_factory=list)

    @classmethod
    def at(cls, place: Place) -> Self:
        return cls(Client.find(place.state), place)

    @property
    def state(self) -> StateFolder:
        return self.place.state

    @property
    def clock(self) -> Clock:
        return Clock(self.client, self.place.is_ours)

    @property
    def has_bearers(self) -> bool:
        """Whether lines have an IP interface; else access is by proxy."""
        return self.state.status().has_bearers

    def begin(self, wanted: Wanted) -> None:
        """From a known state, all of it or, where others use it too, each line by itself."""
        if wanted.needs == "bearer" and not self.has_bearers:
            pytest.skip(f"needs lines with an IP interface; access is {self.state.status().access}")
        if self.place.is_ours:
            self.client.load_state(wanted.state, moment_of(wanted.clock) if wanted.clock else None)

    def subscriber(self, number: str | None = None) -> SubscriberLine:
        """An attached line in good order: that of `number`, else the first that the test does not use yet, on an
        account that no other of its lines has. Raises NotFound, Conflict where there is none."""
        for line in self.lines:
            if number is not None and self.client.subscriber(number).e164 == line.e164:
                return line
        taken = self._take([self.client.subscriber(number)] if number is not None else self._free())
        if not self.place.is_ours:
            _put_back(self.client, taken)
        if taken.session is None or taken.session.state != "active":
            self.client.attach(taken.number)
        notices = frozenset(notice.id for notice in self.client.inbox(taken.number))
        events = len(self.client.timeline(taken.number))
        line = SubscriberLine(self.client, self.state, taken.number, taken.e164, notices, events)
        self.lines.append(line)
        return line

    def inbox(self, number: str) -> list[Notice]:
        """Newest first."""
        return self.client.inbox(number)

    def timeline(self, number: str) -> list[Event]:
        """Oldest first."""
        return self.client.timeline(number)

    def explain(self, number: str, url: str) -> Explanation:
        return self.client.explain(number, url)

    def close(self) -> None:
        for line in self.lines:
            line.close()
        self.client.close()

    def _take(self, lines: Sequence[Subscriber]) -> Subscriber:
        leases = self.place.leases
        by_number = {line.e164: line for line in lines}
        number = next(iter(by_number), None) if leases is None else leases.take(list(by_number))
        if number is not None:
            return by_number[number]
        if len(by_number) == 1:
            raise Conflict(f"{next(iter(by_number))} is used by another worker of this run; leave the number out")
        raise NotFound("the carrier has no further line on an account of its own; add some to subscribers.yaml")

    def _free(self) -> list[Subscriber]:
        """One of each personal account, without those of the lines in use."""
        used = {self.client.subscriber(line.number).account.id for line in self.lines}
        found: dict[str, Subscriber] = {}
        for line in self.client.subscribers(limit=_PAGE).subscribers:
            if line.account.kind == "personal" and line.account.id not in used:
                found.setdefault(line.account.id, line)
        return list(found.values())


def _put_back(client: Client, line: Subscriber) -> None:
    """A line that others' tests leave alone, though not the rest of the carrier."""
    if line.account.amount_due:
        client.pay(line.number, line.account.amount_due.amount)
    if client.subscriber(line.number).hold == "restrict":
        client.restore(line.number)
    with contextlib.suppress(ClientError):  # it has that already
        client.order_profile(line.number, "open")
