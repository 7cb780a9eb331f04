"""A scenario out of what has happened on a line: its timeline, told back as steps and expectations.

Events of one correlation are one step: what triggered them, and what they came to. What leaves no event (a request that
was answered, a program that ran) cannot be told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from nfemu.client import Client
from nfemu.client.values import Event, Notice
from nfemu.model.errors import Conflict

_MOST = 500
_BLOCKED = "http://blocked.example/"
"""Events do not say which site it was, and any will do."""
_A_MOMENT = timedelta(minutes=1)
"""Of business time; less is not told."""

Step = Mapping[str, str]
"""Key → what is written behind it."""


def record(client: Client, number: str) -> str:
    """The text of a scenario file. Raises Conflict where nothing has happened."""
    line = client.subscriber(number)
    groups = _groups(client.timeline(number, _MOST))
    steps = list(_told(groups, {notice.id: notice for notice in client.inbox(number)}, line.number))
    if not steps:
        raise Conflict(f"nothing has happened on the line of {line.number} that a scenario could tell; use it first")
    head = [f"name: recorded from the line of {line.number}", f"as: {line.number}", "steps:"]
    return "\n".join([*head, *(text for step in steps for text in _written(step))]) + "\n"


@dataclass(frozen=True, slots=True)
class _Group:
    events: Sequence[Event]

    def first(self, name: str, **detail: str) -> Event | None:
        """The first event of that name with these details."""
        for event in self.events:
            if event.name == name and detail.items() <= event.detail.items():
                return event
        return None

    def last(self, name: str) -> Event | None:
        return next((event for event in reversed(self.events) if event.name == name), None)


def _groups(events: Sequence[Event]) -> list[_Group]:
    """By correlation, in the order in which they began."""
    began = {event.correlation: -index for index, event in reversed(list(enumerate(events)))}
    ordered = sorted(events, key=lambda event: -began[event.correlation])
    return [_Group(list(group)) for _, group in groupby(ordered, key=lambda event: event.correlation)]


def _told(groups: Sequence[_Group], notices: Mapping[str, Notice], number: str) -> Iterator[Step]:
    now: datetime | None = None
    attached = False
    for group in groups:
        act = _act(group, number)
        was_attached, attached = attached, attached or group.first("pgw.session_created") is not None
        if act is None or (act[0] == "attach" and not was_attached):
            continue  # a line is attached from the start
        sent = _sent(group, notices)
        if now is not None and sent is not None and sent - now >= _A_MOMENT:
            yield {"advance": f"{-(-(sent - now) // _A_MOMENT)}m"}
        now = sent or now
        yield {act[0]: act[1], "expect": f"{{{', '.join(_expected(group, act[0]))}}}"}


def _act(group: _Group, number: str) -> tuple[str, str] | None:
    """What triggered the group, as it is written; None where no step does it."""
    charge = group.first("ledger.entry", kind="charge")
    paid = group.first("ledger.entry", kind="payment")
    if charge is not None:
        return "charge", charge.detail["amount"].lstrip("-")
    if paid is not None and group.first("payment.notified") is not None:
        return "pay", f"{{amount: {paid.detail['amount']}, by: api}}"
    held = group.first("hold.changed")
    if held is not None:
        return ("restrict" if held.detail["hold"] == "restrict" else "restore"), number
    profile = group.first("order.created", kind="profile")
    if profile is not None:
        return "profile", profile.detail["profile"]
    for name, act in _SIMPLE.items():
        if group.first(name) is not None:
            return act[0], act[1] or number
    return None


_SIMPLE = {
    "traffic.blocked": ("get", _BLOCKED),
    "agreement.signed": ("autodeduct", "sign"),
    "agreement.revoked": ("autodeduct", "revoke"),
    "pgw.session_released": ("detach", ""),
    "pgw.session_created": ("attach", ""),
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


def _sent(group: _Group, notices: Mapping[str, Notice]) -> datetime | None:
    """Business time of its last message; what else happened has none that a client is told."""
    sent = [notices.get(event.detail.get("notice", "")) for event in group.events]
    return max((notice.sent_at for notice in sent if notice is not None and notice.sent_at is not None), default=None)


def _written(step: Step) -> Iterator[str]:
    for index, (key, value) in enumerate(step.items()):
        yield f"  {'- ' if index == 0 else '  '}{key}: {value}"
