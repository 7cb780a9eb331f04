"""A scenario out of what has happened on a line: its timeline, told back as steps and expectations.

Events of one correlation are one step: what triggered them, and what they came to. By their business time it is known
when the clock was moved, and what came of that. What the other cards of the account charge and pay restricts and
restores the line as well, so their steps are told as theirs. What leaves no event (a request that was answered, a
program that ran) cannot be told; what leaves events that no step brings about is told as a comment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, groupby

from nfemu.client import Client
from nfemu.client.values import Clock
from nfemu.model.errors import Conflict
from nfemu.scenario.happened import MOST, Group, Seen, groups_of, seen_on, since

_BLOCKED = "http://blocked.example/"
"""Events do not say which site it was, and any will do."""
_A_MOMENT = {"test": timedelta(seconds=1), "wall": timedelta(minutes=1)}
"""Of business time, by the kind of clock; less is not told."""
_HEAD = (
    "# As the timeline of {number} tells it: no request that was answered, no program, no payment that was not made."
)
_FULL = f"# It began before the last {MOST} events, and what was before those is not told."
_UNDATED = "# Some of its events have no business time: when the clock was moved before them is not told."

Step = Mapping[str, str]
"""Key → what is written behind it; without a key, a comment."""


def record(client: Client, number: str) -> str:
    """The text of a scenario file. Raises Conflict where nothing has happened."""
    line, clock = client.subscriber(number), client.clock()
    timelines = seen_on(client, line)
    others = [timeline[0].number for timeline in timelines[1:] if timeline]
    own = next(({"account": each.account} for each in clock.own if each.account == line.account.id), {})
    teller = _Teller(line.number, others, clock, clock.now_of(line.account.id), own, line.number)
    steps = list(teller.told(groups_of(timelines, _A_MOMENT[clock.kind])))
    if not any(_COMMENT not in step for step in steps):
        raise Conflict(f"nothing has happened on the line of {line.number} that a scenario could tell; use it first")
    notes = [_HEAD.format(number=line.number), *_lacking(timelines)]
    head = [*notes, f"name: recorded from the line of {line.number}", f"as: {line.number}", "steps:"]
    return "\n".join([*head, *(text for step in steps for text in _written(step))]) + "\n"


def _lacking(timelines: Sequence[Sequence[Seen]]) -> Iterator[str]:
    if any(len(timeline) == MOST for timeline in timelines):
        yield _FULL
    if any(seen.event.business_at is None for timeline in timelines for seen in timeline):
        yield _UNDATED


@dataclass(slots=True)
class _Teller:
    """Goes along the groups of `line` and of its account's other cards, which are `others`: `_now` is the business time
    so far, `_bank` what the bank answers, `_whose` the line that the steps are for.
    """

    line: str
    others: Sequence[str]
    clock: Clock
    now: datetime
    own: Step
    """Whose clock is moved, where the account is on one of its own."""
    _whose: str
    _now: datetime | None = None
    _attached: set[str] = field(default_factory=set)
    _bank: str = "accept"
    _counted: Iterator[int] = field(default_factory=count)

    def told(self, groups: Iterable[Group]) -> Iterator[Step]:
        """What fell due at one moment is told together."""
        for _, together in groupby(groups, self._together):
            one = list(together)
            yield from self._step(Group([seen for group in one for seen in group.seen], one[0].later))
        if self.clock.kind == "test":
            yield from self._moved(self.now)

    def _together(self, group: Group) -> object:
        """By the clock it is one with what is due at the same time, else with nothing."""
        return group.at if self._is_of_the_clock(group) else next(self._counted)

    def _step(self, group: Group) -> Iterator[Step]:
        number, act = self._act(group)
        was_attached = number in self._attached
        self._attached |= {each.number for each in group.seen if each.event.name == _CREATED}
        if act is not None and act[0] == "attach" and not was_attached:
            self._now = group.at or self._now
            return  # a line is attached from the start
        answers = self._answering(group, number)
        moved = list(self._moved(group.at))
        if act is not None:
            yield from (*moved, *answers, self._for(number, {act[0]: act[1], **_expected(group.of(number), act[0])}))
            yield from self._look(group, number)
        elif moved and self._is_of_the_clock(group):
            yield from (*answers, self._due(moved[0], group.of(self.line)))
        else:
            yield from (*moved, *_comment(group))

    def _act(self, group: Group) -> tuple[str, tuple[str, str] | None]:
        """Whose doing it was, and what, as it is written; None where no step does it, or the clock did."""
        for number in (self.line, *self.others):
            if (act := _act(group.of(number), number)) is not None:
                return number, act
        return self.line, None

    def _is_of_the_clock(self, group: Group) -> bool:
        """Whether it came by itself, as time went by."""
        used = group.first("ledger.entry", kind="charge")
        by_hand = group.events[0].name in _BY_HAND or (
            used is not None and used.detail["trade_no"].startswith(_BY_THE_CARRIER[2:])
        )
        return self._act(group)[1] is None and (group.later or not by_hand)

    def _for(self, number: str, step: Step) -> Step:
        whose = {} if number == self._whose else {"as": number}
        self._whose = number
        return {**whose, **step}

    def _look(self, group: Group, actor: str) -> Iterator[Step]:
        """What another card's step came to on the line itself."""
        effective = _effective(group.of(self.line))
        if actor != self.line and effective is not None:
            yield self._for(self.line, {"expect": f"{{effective: {effective}}}"})

    def _due(self, moved: Step, own: Group) -> Step:
        return self._for(self.line, {**moved, **_expected(own, "")}) if own.seen else moved

    def _moved(self, to: datetime | None) -> Iterator[Step]:
        passed = since(self._now, to)
        self._now = to or self._now
        if passed >= _A_MOMENT[self.clock.kind]:
            yield {"advance": _span(passed), **self.own}

    def _answering(self, group: Group, number: str) -> Iterator[Step]:
        """What the bank must be told to answer, before it is asked."""
        decided = group.last(*_ANSWERS)
        answers = self._bank if decided is None else _ANSWERS[decided.name]
        if answers != self._bank:
            self._bank = answers
            yield self._for(number, {"bank": answers})


def _comment(group: Group) -> Iterator[Step]:
    names = [name for name in dict.fromkeys(event.name for event in group.events) if name not in _WITH_OTHERS]
    if names:
        yield {_COMMENT: f"here was what no step does: {', '.join(names)}"}


def _span(passed: timedelta) -> str:
    """`1d2h`, begun seconds as whole ones."""
    left = -(-passed // timedelta(seconds=1))
    parts = []
    for unit, seconds in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        many, left = divmod(left, seconds)
        parts.append(f"{many}{unit}" if many else "")
    return "".join(parts)


def _act(group: Group, number: str) -> tuple[str, str] | None:
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


def _simple(group: Group, number: str) -> tuple[str, str] | None:
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


def _expected(group: Group, act: str) -> Step:
    expected = ["status: 302"] if act == "get" else []
    if (effective := _effective(group)) is not None:
        expected.append(f"effective: {effective}")
    kinds = [event.detail["kind"] for event in group.events if event.name == "notice.sent"]
    if kinds:
        expected.append(f"notices: [{', '.join(kinds)}]")
    names = [name for name, _ in groupby(event.name for event in group.events if event.name != "notice.sent")]
    expected.append(f"events: [{', '.join(names)}]")
    return {"expect": f"{{{', '.join(expected)}}}"}


def _effective(group: Group) -> str | None:
    """The profile that is in force then; None where none was changed."""
    acknowledged = group.last("enforcement.acknowledged")
    if acknowledged is None or acknowledged.detail["state"] != "active":
        return None
    return acknowledged.detail["profile"]


def _written(step: Step) -> Iterator[str]:
    if _COMMENT in step:
        yield f"  # {step[_COMMENT]}"
        return
    for index, (key, value) in enumerate(step.items()):
        yield f"  {'- ' if index == 0 else '  '}{key}: {value}"
