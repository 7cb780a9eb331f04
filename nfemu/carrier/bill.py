"""What a line costs, as portal, API and CLI show it."""

from dataclasses import dataclass
from datetime import datetime

from nfemu.model.consumption import Consumption
from nfemu.model.credits import CreditGrant
from nfemu.model.money import Money
from nfemu.model.subscriber import Subscriber


@dataclass(frozen=True, slots=True)
class Bill:
    """`used`: this month, data and voice. `next_fees`: what the next month costs the account on its first day, and when
    the first of it falls due; None: nothing. `grants`: the account's credit beside its limit."""

    card: Subscriber
    used: tuple[Consumption, ...]
    next_fees: tuple[Money, datetime] | None
    grants: tuple[CreditGrant, ...]
