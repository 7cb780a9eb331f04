"""Credit levels: computed anew each month from how an account paid (S20), and explained whenever somebody asks.

Whoever has an entry booked has a duty from then on (`planned`), so that the accounts of a million cards that nobody
uses are not computed. What a level means is dunning's business; it reads the one that holds when it next decides.
"""

from dataclasses import dataclass
from datetime import datetime

from nfemu.bss.credit import CreditScore, next_recompute, score
from nfemu.bss.credit_history import YEAR, history
from nfemu.carrier.commands import Begin, Commit, Emit, LoadCreditRecord, Lock, Now, Step, ask
from nfemu.carrier.lines import load_account, locked_line
from nfemu.carrier.ports import AccountView, Change, PlanDuty, PutDuty, PutLevel
from nfemu.carrier.rules import CarrierRules
from nfemu.model import events
from nfemu.model.account import LedgerEntry
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.identity import CorrelationId, Msisdn


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


def recompute(rules: CarrierRules, duty: AccountDuty) -> Step[str | None]:
    """Give the account the level that it has earned by the duty's moment. Raises NotFound, Unavailable."""
    correlation = yield from ask(Begin())
    yield from ask(Lock(duty.account))
    view = yield from load_account(duty.account)
    record = yield from ask(LoadCreditRecord(duty.account, duty.due_at - YEAR))
    found = score(rules.credit.card, history(record, view.balance, duty.due_at), view.account.level)
    next_one = PutDuty(duty.account, DutyKind.CREDIT, next_recompute(rules.credit, duty.account, duty.due_at))
    changes: list[Change] = [next_one]
    told = None
    if found.level != view.account.level:
        changes.append(PutLevel(duty.account, found.level))
        yield from _emit(view, found, correlation)
        told = _told(rules, view, found)
    yield from ask(Commit(tuple(changes)))
    return told


def explain(rules: CarrierRules, msisdn: Msisdn) -> Step[CreditReport]:
    """Nothing is changed. Raises NotFound, Unavailable."""
    view, _ = yield from locked_line(msisdn)
    now = yield from ask(Now())
    record = yield from ask(LoadCreditRecord(view.account.id, now - YEAR))
    found = score(rules.credit.card, history(record, view.balance, now), view.account.level)
    return CreditReport(view.account.level, found)


def _emit(view: AccountView, found: CreditScore, correlation: CorrelationId) -> Step[None]:
    detail = {"old": str(view.account.level), "new": str(found.level), "score": str(found.score)}
    for line in view.lines:
        yield from ask(Emit(line.subscriber.imsi, correlation, events.CREDIT_LEVEL_CHANGED, detail))


def _told(rules: CarrierRules, view: AccountView, found: CreditScore) -> str:
    """`credit level: 138****8000 5 → 7, score 95`."""
    country = rules.letterhead.country_code
    cards = ", ".join(line.subscriber.msisdn.masked(country) for line in view.lines)
    return f"credit level: {cards} {view.account.level} → {found.level}, score {found.score}"
