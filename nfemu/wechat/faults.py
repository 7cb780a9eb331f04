"""What can go wrong by order: faults that are armed for one trade, for the next ones, or by the amount.

A fault belongs to a trade from the moment it is ordered, or armed for it later. Most of them are about how its payment
is notified: the deliveries of the first attempt differ, and no such delivery counts as accepted, whatever the merchant
answers; what the ladder brings afterwards is genuine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Self

from nfemu.model.errors import InvalidInput
from nfemu.wechat.errors import CODES


class FaultKind(Enum):
    DUPLICATE = "duplicate"
    """Told twice, one right after the other."""
    LATE = "late"
    """Told for the first time after so many seconds of business time."""
    LOST = "lost"
    """Never told by itself."""
    OUT_OF_ORDER = "out-of-order"
    """Told only after the next notification of the same merchant, or after an hour."""
    WRONG_SIGNATURE = "wrong-signature"
    PROBE = "probe"
    """A signature probe comes before the notification."""
    OLD_TIMESTAMP = "old-timestamp"
    """Rightly signed, a day ago."""
    WRONG_AMOUNT = "wrong-amount"
    WRONG_MERCHANT = "wrong-merchant"
    UNKNOWN_ORDER = "unknown-order"
    SLOW = "slow"
    """The answer to the order takes so many seconds of wall time."""
    ERROR = "error"
    """The order is answered with a code, once; with one of the 5xx kind it was taken all the same."""
    REFUND = "refund-during-settle"
    """All of it is refunded while the merchant hears of the payment."""
    RESUME_FAILS = "resume-fails"
    """The carrier's network elements refuse the order that the payment brings."""


USUAL: Mapping[FaultKind, str] = {FaultKind.LATE: "600", FaultKind.SLOW: "3", FaultKind.ERROR: "SYSTEM_ERROR"}
"""The parameter where none is given; other kinds have none."""
OF_ORDERING = (FaultKind.SLOW, FaultKind.ERROR)
"""What happens while an order is placed."""
_MOST_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Fault:
    """`parameter`: seconds (`late`, `slow`) or a code (`error`); empty for all others."""

    kind: FaultKind
    parameter: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """`late`, `late:60`, `error:NO_AUTH`. Raises InvalidInput."""
        name, _, parameter = text.partition(":")
        kind = next((kind for kind in FaultKind if kind.value == name), None)
        if kind is None:
            known = ", ".join(kind.value for kind in FaultKind)
            raise InvalidInput(f"`{name}` is not a fault; there are {known}")
        parameter = parameter or USUAL.get(kind, "")
        if not _fits(kind, parameter):
            raise InvalidInput(f"`{text}`: `{parameter}` does not go with `{name}`; {_wanted(kind)}")
        return cls(kind, parameter)

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.parameter}" if self.parameter else self.kind.value

    @property
    def seconds(self) -> int:
        """Of those that have some."""
        return int(self.parameter)


@dataclass(frozen=True, slots=True)
class Armed:
    """A fault that waits for its orders: so many are left. Empty: of whatever merchant, of whatever number."""

    no: int
    fault: Fault
    mchid: str = ""
    out_trade_no: str = ""
    left: int = 1

    def concerns(self, mchid: str, out_trade_no: str) -> bool:
        return self.left > 0 and self.mchid in ("", mchid) and self.out_trade_no in ("", out_trade_no)


class Deviation(Enum):
    """In what a delivery is not the genuine one."""

    NONE = "genuine"
    SIGNATURE = "wrong signature"
    PROBE = "signature probe"
    TIMESTAMP = "old timestamp"
    AMOUNT = "wrong amount"
    MERCHANT = "wrong merchant"
    ORDER = "unknown order"


_FIRST: Mapping[FaultKind, tuple[Deviation, ...]] = {
    FaultKind.DUPLICATE: (Deviation.NONE, Deviation.NONE),
    FaultKind.WRONG_SIGNATURE: (Deviation.SIGNATURE,),
    FaultKind.PROBE: (Deviation.PROBE, Deviation.NONE),
    FaultKind.OLD_TIMESTAMP: (Deviation.TIMESTAMP,),
    FaultKind.WRONG_AMOUNT: (Deviation.AMOUNT,),
    FaultKind.WRONG_MERCHANT: (Deviation.MERCHANT,),
    FaultKind.UNKNOWN_ORDER: (Deviation.ORDER,),
}
AGE = timedelta(days=1)
"""Of the timestamp that is too old."""
HELD_FOR = timedelta(hours=1)
"""At the longest, where nothing else is notified."""
_MAGIC = 490_100
MAGIC: Mapping[int, FaultKind] = {_MAGIC + number: kind for number, kind in enumerate(FaultKind, 1)}
"""An order of so many fen (¥4,901.01, ¥4,901.02, …) has that fault, in the order of the list above."""


def deliveries(fault: Fault | None, attempt: int) -> tuple[Deviation, ...]:
    """What is sent, one after the other, in the attempt after `attempt` others."""
    genuine = (Deviation.NONE,)
    return _FIRST.get(fault.kind, genuine) if fault is not None and attempt == 0 else genuine


def first_attempt(fault: Fault | None, paid_at: datetime) -> datetime | None:
    """When the merchant is told first, in business time; None: never."""
    match fault:
        case Fault(FaultKind.LOST):
            return None
        case Fault(FaultKind.LATE):
            return paid_at + timedelta(seconds=fault.seconds)
        case Fault(FaultKind.OUT_OF_ORDER):
            return paid_at + HELD_FOR
    return paid_at


def by_amount(total: int) -> Fault | None:
    """What an order of `total` fen has by its amount."""
    kind = MAGIC.get(total)
    return None if kind is None else Fault(kind, USUAL.get(kind, ""))


def _fits(kind: FaultKind, parameter: str) -> bool:
    match kind:
        case FaultKind.LATE | FaultKind.SLOW:
            return parameter.isascii() and parameter.isdigit() and int(parameter) <= _MOST_SECONDS
        case FaultKind.ERROR:
            return parameter in CODES
    return not parameter


def _wanted(kind: FaultKind) -> str:
    match kind:
        case FaultKind.LATE | FaultKind.SLOW:
            return f"write seconds like {kind.value}:{USUAL[kind]}, {_MOST_SECONDS} at the most"
        case FaultKind.ERROR:
            return f"write a code of the API like {kind.value}:{USUAL[kind]}"
    return "it takes no parameter"
