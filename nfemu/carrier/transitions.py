"""Who changes what, on which event: the one table (architecture, section 4).

Three values that are never mixed up, and the hold that a person can set:

    value       of          changes on                                    written by
    ---------   ---------   -------------------------------------------   ------------------------------
    standing    account     a ledger entry (derived, never stored)         `billing.charge`, `payments.settle`
    hold        line        restrict or restore by hand; a movement        `orders.respond`, from the table below
                            of the ledger can lift a manual restore
    ordered     line        a stop or resume order that is executed        `execution.execute`
    profile     line        a profile order that is executed (G18)         `execution.execute`
    effective   session     every enforcement point has acknowledged       `flip.carry_out`

What an ordered profile makes of the session itself, cut off and attached again included, is `following`'s table.

The profile is what `open` means for one line: a garden, or nothing of its own. The table does not ask for it, and so
the stricter wins: arrears and barred outrank every garden, a line in one is stopped by the same rows, and its resume
leads back into the garden. A profile order changes neither hold nor ordered; on a restricted line it is felt when the
line is resumed.

    ordered             profile none      profile is a garden     profile is gone from apns.yaml
    -----------------   ---------------   ---------------------   ------------------------------
    open                what open means   the garden              what barred means
    arrears, barred     what it means     what it means           what it means

The table below says what a movement of the ledger or a person's word means for one line, given its hold and its
aim: the profile that is ordered, or that an unfinished order is about to order. What it does not list cannot
happen or changes nothing, and is refused.
"""

from dataclasses import dataclass
from enum import Enum

from nfemu.bss.dunning import Movement
from nfemu.model.errors import Conflict
from nfemu.model.subscriber import Hold


class Aim(Enum):
    OPEN = "open"
    RESTRICTED = "restricted"


class ByHand(Enum):
    RESTRICT = "restrict"
    RESTORE_OWING = "restore, account not cleared"
    RESTORE_CLEARED = "restore"


class Dunned(Enum):
    """An overdue account under a policy that takes its time: the movement itself stops nothing (`carrier.dunning`)."""

    TURNED_OVERDUE = "turned overdue, dunning decides"
    STILL_OVERDUE = "still overdue, dunning decides"
    STOP = "dunning stops"
    WITHDRAW = "dunning withdraws its stop"


class Demand(Enum):
    """The order that has to be created. `WITHDRAW`: a stop that has not been executed goes, and none comes."""

    NOTHING = "nothing"
    STOP = "stop"
    RESUME = "resume"
    WITHDRAW = "withdraw"


Trigger = Movement | Dunned | ByHand


@dataclass(frozen=True, slots=True)
class Response:
    hold: Hold
    demand: Demand


_STAY_FREE = Response(Hold.NONE, Demand.NOTHING)
_STAY_RESTRICTED = Response(Hold.RESTRICT, Demand.NOTHING)
_STAY_RESTORED = Response(Hold.RESTORE, Demand.NOTHING)
_STOP = Response(Hold.NONE, Demand.STOP)
_RESUME = Response(Hold.NONE, Demand.RESUME)
_RESTRICT = Response(Hold.RESTRICT, Demand.STOP)
_RESTORE = Response(Hold.RESTORE, Demand.RESUME)
_WITHDRAW = Response(Hold.NONE, Demand.WITHDRAW)

TABLE: dict[tuple[Hold, Aim, Trigger], Response] = {
    # No hold, open: only an overdue account stops it (S25: in grace nobody is stopped).
    (Hold.NONE, Aim.OPEN, Movement.TURNED_OVERDUE): _STOP,
    (Hold.NONE, Aim.OPEN, Movement.STILL_OVERDUE): _STOP,
    (Hold.NONE, Aim.OPEN, Movement.TURNED_OWING): _STAY_FREE,
    (Hold.NONE, Aim.OPEN, Movement.STILL_OWING): _STAY_FREE,
    (Hold.NONE, Aim.OPEN, Movement.CLEARED): _STAY_FREE,
    (Hold.NONE, Aim.OPEN, Dunned.TURNED_OVERDUE): _STAY_FREE,
    (Hold.NONE, Aim.OPEN, Dunned.STILL_OVERDUE): _STAY_FREE,
    (Hold.NONE, Aim.OPEN, Dunned.STOP): _STOP,
    (Hold.NONE, Aim.OPEN, Dunned.WITHDRAW): _STAY_FREE,
    (Hold.NONE, Aim.OPEN, ByHand.RESTRICT): _RESTRICT,
    # No hold, restricted: only clearing the account resumes it (S27: a part payment does not).
    (Hold.NONE, Aim.RESTRICTED, Movement.TURNED_OVERDUE): _STAY_FREE,
    (Hold.NONE, Aim.RESTRICTED, Movement.STILL_OVERDUE): _STAY_FREE,
    (Hold.NONE, Aim.RESTRICTED, Movement.TURNED_OWING): _STAY_FREE,
    (Hold.NONE, Aim.RESTRICTED, Movement.STILL_OWING): _STAY_FREE,
    (Hold.NONE, Aim.RESTRICTED, Movement.CLEARED): _RESUME,
    (Hold.NONE, Aim.RESTRICTED, Dunned.TURNED_OVERDUE): _STAY_FREE,
    (Hold.NONE, Aim.RESTRICTED, Dunned.STILL_OVERDUE): _STAY_FREE,
    (Hold.NONE, Aim.RESTRICTED, Dunned.STOP): _STAY_FREE,
    (Hold.NONE, Aim.RESTRICTED, Dunned.WITHDRAW): _WITHDRAW,
    (Hold.NONE, Aim.RESTRICTED, ByHand.RESTRICT): _STAY_RESTRICTED,
    (Hold.NONE, Aim.RESTRICTED, ByHand.RESTORE_OWING): _RESTORE,
    (Hold.NONE, Aim.RESTRICTED, ByHand.RESTORE_CLEARED): _RESUME,
    # Restricted by hand: only a person lifts it; paying does not.
    (Hold.RESTRICT, Aim.RESTRICTED, Movement.TURNED_OVERDUE): _STAY_RESTRICTED,
    (Hold.RESTRICT, Aim.RESTRICTED, Movement.STILL_OVERDUE): _STAY_RESTRICTED,
    (Hold.RESTRICT, Aim.RESTRICTED, Movement.TURNED_OWING): _STAY_RESTRICTED,
    (Hold.RESTRICT, Aim.RESTRICTED, Movement.STILL_OWING): _STAY_RESTRICTED,
    (Hold.RESTRICT, Aim.RESTRICTED, Movement.CLEARED): _STAY_RESTRICTED,
    (Hold.RESTRICT, Aim.RESTRICTED, Dunned.TURNED_OVERDUE): _STAY_RESTRICTED,
    (Hold.RESTRICT, Aim.RESTRICTED, Dunned.STILL_OVERDUE): _STAY_RESTRICTED,
    (Hold.RESTRICT, Aim.RESTRICTED, Dunned.STOP): _STAY_RESTRICTED,
    (Hold.RESTRICT, Aim.RESTRICTED, Dunned.WITHDRAW): _STAY_RESTRICTED,
    (Hold.RESTRICT, Aim.RESTRICTED, ByHand.RESTORE_OWING): _RESTORE,
    (Hold.RESTRICT, Aim.RESTRICTED, ByHand.RESTORE_CLEARED): _RESUME,
    # Restored by hand although the account owes: open until the standing next changes.
    (Hold.RESTORE, Aim.OPEN, Movement.TURNED_OVERDUE): _STOP,
    (Hold.RESTORE, Aim.OPEN, Movement.STILL_OVERDUE): _STAY_RESTORED,
    (Hold.RESTORE, Aim.OPEN, Movement.TURNED_OWING): _STAY_FREE,
    (Hold.RESTORE, Aim.OPEN, Movement.STILL_OWING): _STAY_RESTORED,
    (Hold.RESTORE, Aim.OPEN, Movement.CLEARED): _STAY_FREE,
    (Hold.RESTORE, Aim.OPEN, Dunned.TURNED_OVERDUE): _STAY_FREE,
    (Hold.RESTORE, Aim.OPEN, Dunned.STILL_OVERDUE): _STAY_RESTORED,
    (Hold.RESTORE, Aim.OPEN, Dunned.STOP): _STAY_RESTORED,
    (Hold.RESTORE, Aim.OPEN, Dunned.WITHDRAW): _STAY_RESTORED,
    (Hold.RESTORE, Aim.OPEN, ByHand.RESTRICT): _RESTRICT,
}


def respond(hold: Hold, aim: Aim, trigger: Trigger) -> Response:
    """The table's row. Raises Conflict where there is none."""
    response = TABLE.get((hold, aim, trigger))
    if response is None:
        raise Conflict(f"the line is {aim.value} (hold: {hold.value}); `{trigger.value}` would change nothing")
    return response
