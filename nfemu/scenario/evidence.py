"""Why a step failed, as far as the carrier tells it: the rule that decided, and what happened on the line."""

from collections.abc import Sequence

from nfemu.client import Client
from nfemu.client.values import Event, Explanation, Subscriber
from nfemu.model import events
from nfemu.model.errors import NfemuError
from nfemu.scenario.acting import destination_of
from nfemu.scenario.values import Played

_EVENTS = 20
"""The last of a line's timeline, in a report."""
_MOST = 500


def evidence(client: Client, failed: Played) -> tuple[Explanation | str | None, Sequence[Event]]:
    """Of traffic the policy's rule, of anything else why the line is as it is. Nothing for a step of nobody's line."""
    if failed.number is None:
        return None, []
    try:
        timeline = client.timeline(failed.number, _MOST)
        act = failed.step.act
        url = destination_of(act, client, failed.number) if act is not None else None
        if url is not None:
            return client.explain(failed.number, url), timeline[-_EVENTS:]
        return ordered(client.subscriber(failed.number), timeline), timeline[-_EVENTS:]
    except NfemuError:
        return None, []


def ordered(line: Subscriber, timeline: Sequence[Event]) -> str:
    """What decides what a line may: order, hold, standing. `arrears by order stop (cause: rules), account overdue`."""
    order = next((event for event in reversed(timeline) if event.name == events.ORDER_CREATED), None)
    by = "" if order is None else f" by order {order.detail['kind']} (cause: {order.detail['cause']})"
    hold = "" if line.hold == "none" else f", hold by hand: {line.hold}"
    return f"{line.ordered}{by}{hold}, account {line.account.standing}"
