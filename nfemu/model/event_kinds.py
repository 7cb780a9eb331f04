"""The kinds of events that receivers of webhooks choose from.

Those of the timeline have its names (`model.events`). Beside them stand TM Forum's notifications, for whoever has a
listener for them: each is made from one event of the timeline.
"""

from collections.abc import Iterable

from nfemu.model import events
from nfemu.model.errors import InvalidInput

CUSTOMER_STATE_CHANGE = "CustomerStateChangeEvent"
"""TMF629: a line is suspended, or active again."""
TOPUP_CREATE = "TopupBalanceCreateEvent"
"""TMF654: a payment is ordered."""
TOPUP_CANCEL = "TopupBalanceCancelEvent"
"""TMF654: it was closed before it was paid."""
TOPUP_FAILURE = "TopupBalanceFailureEvent"
"""TMF654: the provider's word contradicts the order."""

CUSTOMER_KINDS = (CUSTOMER_STATE_CHANGE,)
TOPUP_KINDS = (TOPUP_CREATE, TOPUP_CANCEL, TOPUP_FAILURE)
TIMELINE_KINDS = tuple(value for name, value in vars(events).items() if name.isupper())
KINDS = (*TIMELINE_KINDS, *CUSTOMER_KINDS, *TOPUP_KINDS)
EVERYTHING = "*"
_FAMILY = ".*"


def checked(patterns: Iterable[str]) -> tuple[str, ...]:
    """Each once, in their order. Raises InvalidInput for none at all, and for one that no kind can match."""
    found = tuple(dict.fromkeys(patterns))
    if not found:
        raise InvalidInput("a webhook needs events; name kinds like `order.done` or `payment.*`, or `*` for all")
    for pattern in found:
        if not any(_matches(pattern, kind) for kind in KINDS):
            raise InvalidInput(
                f"there is no event `{pattern}`; name kinds like `order.done` or `payment.*`, or `*` for all"
            )
    return found


def wanted(patterns: Iterable[str], kind: str) -> bool:
    """`*` is every kind of the timeline; TM Forum's, which repeat them, are sent to who names them."""
    return any(_matches(pattern, kind) for pattern in patterns)


def _matches(pattern: str, kind: str) -> bool:
    if pattern == EVERYTHING:
        return kind in TIMELINE_KINDS
    return kind == pattern or (pattern.endswith(_FAMILY) and kind.startswith(pattern.removesuffix("*")))
