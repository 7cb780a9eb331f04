"""The month's look at an account: the credit level that it has earned (S20), and what another one means at once.

A level has its own credit, delay and way of reminding (S20, S25): dunning decides anew in the same commit.
"""

from nfemu.bss.credit import CreditScore, next_recompute, score
from nfemu.bss.credit_history import YEAR, history
from nfemu.carrier.commands import Begin, Commit, Emit, LoadCreditRecord, Lock, Step, ask
from nfemu.carrier.limits import put_limit
from nfemu.carrier.lines import load_account
from nfemu.carrier.ports import AccountView, PutDuty, PutLevel
from nfemu.carrier.rules import CarrierRules
from nfemu.model import events
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.identity import CorrelationId


def recompute(rules: CarrierRules, duty: AccountDuty) -> Step[str | None]:
    """Give the account the level that it has earned by the duty's moment. Raises NotFound, Unavailable."""
    correlation = yield from ask(Begin())
    yield from ask(Lock(duty.account))
    view = yield from load_account(duty.account)
    record = yield from ask(LoadCreditRecord(duty.account, duty.due_at - YEAR))
    found = score(rules.credit.card, history(record, view.balance, duty.due_at), view.account.level)
    next_one = PutDuty(duty.account, DutyKind.CREDIT, next_recompute(rules.credit, duty.account, duty.due_at))
    if found.level == view.account.level:
        yield from ask(Commit((next_one,)))
        return None
    yield from _emit(view, found, correlation)
    yield from put_limit(rules, view, [next_one, PutLevel(duty.account, found.level)], correlation)
    return _told(rules, view, found)


def _emit(view: AccountView, found: CreditScore, correlation: CorrelationId) -> Step[None]:
    detail = {"old": str(view.account.level), "new": str(found.level), "score": str(found.score)}
    for line in view.lines:
        yield from ask(Emit(line.subscriber.imsi, correlation, events.CREDIT_LEVEL_CHANGED, detail))


def _told(rules: CarrierRules, view: AccountView, found: CreditScore) -> str:
    """`credit level: 138****8000 5 → 7, score 95`."""
    country = rules.letterhead.country_code
    cards = ", ".join(line.subscriber.msisdn.masked(country) for line in view.lines)
    return f"credit level: {cards} {view.account.level} → {found.level}, score {found.score}"
