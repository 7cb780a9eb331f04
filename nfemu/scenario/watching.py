"""What a step changed on its line: messages, events, money, profiles, octets.

Some of it comes a moment after the step: a worker reports what it blocked or counted. So what does not fit yet is
looked at again for a while; what was expected is there at once or soon, and never later.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event as Timer
from typing import Any

from nfemu.client import Client
from nfemu.client.values import Event, Notice, Subscriber
from nfemu.files.findings import nearest
from nfemu.model.errors import InvalidInput
from nfemu.scenario.matching import matches
from nfemu.scenario.schema import Expect, Used
from nfemu.scenario.values import Mismatch

PATIENCE_S = 8.0
"""Octets are reported once a second."""
_PAUSE_S = 0.05
_MOST_EVENTS = 500
_NONE = "none"


@dataclass(frozen=True, slots=True)
class Before:
    """How a line was when the step began."""

    notices: frozenset[str]
    events: int


def before(client: Client, number: str | None, expect: Expect) -> Before:
    """Only what will be needed is asked for."""
    notices, events = frozenset[str](), 0
    if number is not None and expect.notices is not None:
        notices = frozenset(notice.id for notice in client.inbox(number))
    if number is not None and expect.events is not None:
        events = len(client.timeline(number, _MOST_EVENTS))
    return Before(notices, events)


def watch(client: Client, number: str | None, expect: Expect, began: Before) -> list[Mismatch]:
    """What does not fit, in the end."""
    wanted = {name: value for name in _LOOKS if (value := getattr(expect, name)) is not None}
    if not wanted:
        return []
    if number is None:
        return [Mismatch(next(iter(wanted)), "a line", "it is not said whose; write `as: 13800138000` with the step")]
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = [_LOOKS[name](client, number, value, began) for name, value in wanted.items()]
        wrong = [each for each in found if each is not None]
        if not wrong or time.monotonic() >= deadline:
            return wrong
        Timer().wait(_PAUSE_S)


def _balance(client: Client, number: str, wanted: str, _: Before) -> Mismatch | None:
    got = client.subscriber(number).account.balance.amount
    return None if float(got) == float(wanted) else Mismatch("balance", wanted, got)


def _of_line(name: str, read: Callable[[Subscriber], object]) -> Callable[..., Mismatch | None]:
    def look(client: Client, number: str, wanted: object, _: Before) -> Mismatch | None:
        got = read(client.subscriber(number))
        return None if got == wanted else Mismatch(name, str(wanted).lower(), str(got).lower())

    return look


def _effective(client: Client, number: str, wanted: str, _: Before) -> Mismatch | None:
    got = client.subscriber(number).effective
    fits = matches(wanted, got) if got is not None else wanted == _NONE
    return None if fits else Mismatch("effective", wanted, got or _NONE)


def _attached(line: Subscriber) -> bool:
    return line.session is not None and line.session.state == "active"


def _notices(client: Client, number: str, wanted: Sequence[Mapping[str, str]], began: Before) -> Mismatch | None:
    new = [notice for notice in reversed(client.inbox(number)) if notice.id not in began.notices]
    if len(new) == len(wanted) and _fit(wanted, new):
        return None
    expected = ", ".join(f"{kind} {text}" if text != "*" else kind for each in wanted for kind, text in each.items())
    got = "; ".join(f"{notice.kind}: {notice.text}" for notice in new)
    return Mismatch("notices", expected or "no message", got or "no message")


def _fit(wanted: Sequence[Mapping[str, str]], new: Sequence[Notice]) -> bool:
    """In any order: messages that are sent together arrive as they like."""
    left = list(new)
    for each in wanted:
        found = next((notice for notice in left if _fits(each, notice)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _fits(wanted: Mapping[str, str], notice: Notice) -> bool:
    return all(notice.kind == kind and matches(pattern, notice.text) for kind, pattern in wanted.items())


def _events(client: Client, number: str, wanted: Sequence[str], began: Before) -> Mismatch | None:
    """Of none, that there is none."""
    names = [event.name for event in new_events(client, number, began)]
    left = iter(names)
    fits = all(name in left for name in wanted) if wanted else not names
    return None if fits else Mismatch("events", ", ".join(wanted) or "no event", ", ".join(names) or "no event")


def new_events(client: Client, number: str, began: Before) -> list[Event]:
    return client.timeline(number, _MOST_EVENTS)[began.events :]


def _used(client: Client, number: str, wanted: Mapping[str, Used], _: Before) -> Mismatch | None:
    """Raises InvalidInput for a group that there is not: nothing would ever be counted for it."""
    usage = client.usage(number)
    for name in wanted:
        if name not in (_NONE, *usage.groups):
            raise InvalidInput(f"`used`: `{name}` is no destination group; {nearest(name, (_NONE, *usage.groups))}")
    octets: dict[str, int] = {}
    for each in usage.used:
        group = each.group or _NONE
        octets[group] = octets.get(group, 0) + each.up + each.down
    wrong = {group: bounds for group, bounds in wanted.items() if not _within(octets.get(group, 0), bounds)}
    if not wrong:
        return None
    expected = ", ".join(f"{group}: {_bounds(bounds)}" for group, bounds in wrong.items())
    return Mismatch("used", expected, ", ".join(f"{group}: {octets.get(group, 0)}" for group in wrong))


def _within(octets: int, bounds: Used) -> bool:
    return bounds.least <= octets and (bounds.most is None or octets <= bounds.most)


def _bounds(bounds: Used) -> str:
    return f"{bounds.least} or more" if bounds.most is None else f"{bounds.least} to {bounds.most}"


_LOOKS: Mapping[str, Callable[[Client, str, Any, Before], Mismatch | None]] = {
    "balance": _balance,
    "standing": _of_line("standing", lambda line: line.account.standing),
    "ordered": _of_line("ordered", lambda line: line.ordered),
    "effective": _effective,
    "attached": _of_line("attached", _attached),
    "notices": _notices,
    "events": _events,
    "used": _used,
}
