"""Credit levels: computed each month from how an account paid (S20, `credit_duty`), explained whenever somebody asks.

Whoever has an entry booked has a duty from then on (`planned`), so that the accounts of a million cards that nobody
uses are not computed.
"""

from dataclasses import dataclass
from datetime import datetime

from nfemu.bss.credit import CreditScore, next_recompute, score
from nfemu.bss.credit_history import YEAR, history
from nfemu.carrier.commands import LoadCreditRecord, Now, Step, ask
from nfemu.carrier.lines import locked_line
from nfemu.carrier.ports import PlanDuty
from nfemu.carrier.rules import CarrierRules
from nfemu.model.account import LedgerEntry
from nfemu.model.duties import DutyKind
from nfemu.model.identity import Msisdn


@dataclass(frozen=True, slots=True)
class CreditReport:
    """`level`: what holds; `now`: what the account's record would give it. `next_at`: when it is computed next; None:
    not before something is booked."""

    level: int
    now: CreditScore
    next_at: datetime | None = None


def planned(rules: CarrierRules, entry: LedgerEntry) -> PlanDuty:
    """Goes with an entry: the month after it, its account is computed at the latest."""
    return PlanDuty(entry.account, DutyKind.CREDIT, next_recompute(rules.credit, entry.account, entry.at))


def explain(rules: CarrierRules, msisdn: Msisdn) -> Step[CreditReport]:
    """Nothing is changed. Raises NotFound, Unavailable."""
    view, _ = yield from locked_line(msisdn)
    now = yield from ask(Now())
    record = yield from ask(LoadCreditRecord(view.account.id, now - YEAR))
    found = score(rules.credit.card, history(record, view.balance, now), view.account.level)
    return CreditReport(view.account.level, found)
