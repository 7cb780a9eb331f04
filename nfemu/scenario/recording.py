"""A scenario out of what has happened on a line: its timeline, told back as steps and expectations.

Events of one correlation are one step: what triggered them, and what they came to. By their business time it is known
when the clock was moved, and what came of that. What leaves no event (a request that was answered, a program that ran)
cannot be told; what leaves events that no step brings about is told as a comment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, groupby

from nfemu.client import Client
from nfemu.client.values import Clock, Event
from nfemu.model.errors import Conflict

_MOST = 500
_BLOCKED = "http://blocked.example/"
"""Events do not say which site it was, and any will do."""
_A_MOMENT = {"test": timedelta(seconds=1), "wall": timedelta(minutes=1)}
"""Of business time, by the kind of clock; less is not told."""
_HEAD = (
    "# As the timeline of {number} tells it: no request that was answered, no program, no payment that was not made."
)
_FULL = f"# It began before the last {_MOST} events, and what was before those is not told."
_UNDATED = "# Some of its events have no business time: when the clock was moved before them is not told."

Step = Mapping[str, str]
"""Key → what is written behind it; without a key, a comment."""


def record(client: Client, number: str) -> str:
    """The text of a scenario file. Raises Conflict where nothing has happened."""
    line, clock = client.subscriber(number), client.clock()
    events = client.timeline(number, _MOST)
    groups = _groups(events, _A_MOMENT[clock.kind])
    steps = list(_Teller(line.number, clock).told(groups))
    if not any(_COMMENT not in step for step in steps):
        raise Conflict(f"nothing has happened on the line of {line.number} that a scenario could tell; use it first")
    notes = [_HEAD.format(number=line.number), *_lacking(events)]
    head = [*notes, f"name: recorded from the line of {line.number}", f"as: {line.number}", "steps:"]
    return "\n".join([*head, *(text for step in steps for text in _written(step))]) + "\n"


def _lacking(events: Sequence[Event]) -> Iterator[str]:
    if len(events) == _MOST:
        yield _FULL
    if any(event.business_at is None for event in events):
        yield _UNDATED


@dataclass(frozen=True, slots=True)
class _Group:
    """Of one correlation at one business time; `later`: it had begun before the clock was moved."""

    events: list[Event]
    later: bool

    @property
    def at(self) -> datetime | None:
        return self.events[0].business_at

    def first(self, name: str, **detail: str) -> Event | None:
        """The first event of that name with these details."""
        for event in self.events:
            if event.name == name and detail.items() <= event.detail.items():
                return event
        return None

    def last(self, *names: str) -> Event | None:
        return next((event for event in reversed(self.events) if event.name in names), None)


def _groups(events: Sequence[Event], moment: timedelta) -> list[_Group]:
    """In the order in which they began."""
    groups: list[_Group] = []
    latest: dict[str, _Group] = {}
    for event in events:
        group = latest.get(event.correlation)
        if group is None or _since(group.at, event.business_at) >= moment:
            latest[event.correlation] = _Group([], group is not None)
            groups.append(latest[event.correlation])
        latest[event.correlation].events.append(event)
    return groups


def _since(before: datetime | None, now: datetime | None) -> timedelta:
    return now - before if before is not None and now is not None else timedelta(0)


@dataclass(slots=True)
class _Teller:
    """Goes along a line's groups: `_now` is the business time so far, `_bank` what the bank answers."""

    number: str
    clock: Clock
    _now: datetime | None = None
    _attached: bool = False
    _bank: str = "accept"
    _counted: Iterator[int] = field(default_factory=count)

    def told(self, groups: Iterable[_Group]) -> Iterator[Step]:
        """What fell due at one moment is told together."""
        for _, together in groupby(groups, lambda group: group.at if _is_of_the_clock(group) else next(self._counted)):
            one = list(together)
            yield from self._step(_Group([event for group in one for event in group.events], one[0].later))
        if self.clock.kind == "test":
            yield from self._moved(self.clock.now)

    def _step(self, group: _Group) -> Iterator[Step]:
        act = _act(group, self.number)
        was_attached, self._attached = self._attached, self._attached or group.first(_CREATED) is not None
        if act is not None and act[0] == "attach" and not was_attached:
            self._now = group.at or self._now
            return  # a line is attached from the start
        answers = self._answering(group)
        moved = list(self._moved(group.at))
        expected = {"expect": f"{{{', '.join(_expected(group, act[0] if act is not None else ''))}}}"}
        if act is not None:
            yield from (*moved, *answers, {act[0]: act[1], **expected})
        elif moved and _is_of_the_clock(group):
            yield from (*answers, {**moved[0], **expected})
        else:
            yield from moved
            names = [name for name in dict.fromkeys(event.name for event in group.events) if name not in _WITH_OTHERS]
            if names:
                yield {_COMMENT: f"here was what no step does: {', '.join(names)}"}

    def _moved(self, to: datetime | None) -> Iterator[Step]:
        since = _since(self._now, to)
        self._now = to or self._now
        if since >= _A_MOMENT[self.clock.kind]:
            yield {"advance": _span(since)}

    def _answering(self, group: _Group) -> Iterator[Step]:
        """What the bank must be told to answer, before it is asked."""
        decided = group.last(*_ANSWERS)
        answers = self._bank if decided is None else _ANSWERS[decided.name]
        if answers != self._bank:
            self._bank = answers
            return iter([{"bank": answers}])
        return iter(())


def _span(since: timedelta) -> str:
    """`1d2h`, begun seconds as whole ones."""
    left = -(-since // timedelta(seconds=1))
    parts = []
    for unit, seconds in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        many, left = divmod(left, seconds)
        parts.append(f"{many}{unit}" if many else "")
    return "".join(parts)


def _is_of_the_clock(group: _Group) -> bool:
    """Whether it came by itself, as time went by."""
    used = group.first("ledger.entry", kind="charge")
    by_hand = group.events[0].name in _BY_HAND or (
        used is not None and used.detail["trade_no"].startswith(_BY_THE_CARRIER[2:])
    )
    return _act(group, "") is None and (group.later or not by_hand)


def _act(group: _Group, number: str) -> tuple[str, str] | None:
    """What triggered the group, as it is written; None where no step does it, or the clock did."""
    paid = group.first("ledger.entry", kind="payment")
    if paid is not None and group.first("payment.notified") is not None:
        return "pay", f"{{amount: {paid.detail['amount']}, by: api}}"
    charge = group.first("ledger.entry", kind="charge")
    if group.later or (charge is not None and charge.detail["trade_no"].startswith(_BY_THE_CARRIER)):
        return None
    if charge is not None:
        return "charge", charge.detail["amount"].lstrip("-")
    held = group.first("hold.changed")
    if held is not None:
        return ("restrict" if held.detail["hold"] == "restrict" else "restore"), number
    profile = group.first("order.created", kind="profile")
    if profile is not None:
        return "profile", profile.detail["profile"]
    return None if group.first("order.created") is not None else _simple(group, number)


def _simple(group: _Group, number: str) -> tuple[str, str] | None:
    for name, act in _SIMPLE.items():
        if group.first(name) is not None:
            return act[0], act[1] or number
    return None


_COMMENT = ""
_CREATED = "pgw.session_created"
_BY_THE_CARRIER = ("fee/", "service/", "data/", "voice/")
"""How the numbers begin of what the carrier itself charges: at its time, or as it is used."""
_WITH_OTHERS = frozenset({"payment.ordered"})
"""It comes with a payment."""
_BY_HAND = _WITH_OTHERS | {"payment.cancelled", "credit.granted", "order.resubmitted"}
"""What begins so is somebody's doing."""
_ANSWERS = {
    "deduction.done": "accept",
    "deduction.declined": "decline",
    "deduction.unanswered": "unreachable",
}
"""Event → what the bank answered."""
_SIMPLE = {
    "traffic.blocked": ("get", _BLOCKED),
    "agreement.signed": ("autodeduct", "sign"),
    "agreement.revoked": ("autodeduct", "revoke"),
    "pgw.session_released": ("detach", ""),
    _CREATED: ("attach", ""),
}
"""Event → key, and what is written behind it; empty for the number."""


def _expected(group: _Group, act: str) -> Iterator[str]:
    if act == "get":
        yield "status: 302"
    acknowledged = group.last("enforcement.acknowledged")
    if acknowledged is not None and acknowledged.detail["state"] == "active":
        yield f"effective: {acknowledged.detail['profile']}"
    kinds = [event.detail["kind"] for event in group.events if event.name == "notice.sent"]
    if kinds:
        yield f"notices: [{', '.join(kinds)}]"
    names = [name for name, _ in groupby(event.name for event in group.events if event.name != "notice.sent")]
    yield f"events: [{', '.join(names)}]"


def _written(step: Step) -> Iterator[str]:
    if _COMMENT in step:
        yield f"  # {step[_COMMENT]}"
        return
    for index, (key, value) in enumerate(step.items()):
        yield f"  {'- ' if index == 0 else '  '}{key}: {value}"
