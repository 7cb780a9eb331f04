"""Credit for a while: given by a person, taken back by the calendar, with what either means for lines (S1b, S25)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from nfemu.bss import grants
from nfemu.carrier.commands import Begin, Emit, LoadGrants, Lock, NewId, Now, Step, ask
from nfemu.carrier.limits import put_limit
from nfemu.carrier.lines import load_account, locked_line
from nfemu.carrier.ports import AccountView, PutDuty, PutGrant
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.status import LineStatus, line_status
from nfemu.model import events
from nfemu.model.credits import CreditGrant
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.identity import CorrelationId, GrantId, Msisdn
from nfemu.model.money import Money


def grant(rules: CarrierRules, msisdn: Msisdn, amount: Money, expires_at: datetime, reason: str) -> Step[LineStatus]:
    """Let the card's account fall further below zero, until then. A line that is stopped resumes by paying alone.

    Raises NotFound, InvalidInput, Unavailable.
    """
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    now = yield from ask(Now())
    number = GrantId((yield from ask(NewId("grt"))))
    fresh = grants.granted(number, view.account, line.subscriber.imsi, amount, reason, now, expires_at)
    open_grants = yield from ask(LoadGrants(view.account.id))
    yield from _emit(rules, [fresh], events.CREDIT_GRANTED, correlation)
    view = yield from _put(rules, view, [fresh], grants.next_expiry([*open_grants, fresh], now), correlation)
    return line_status(rules, view, line.subscriber.imsi)


def expire(rules: CarrierRules, duty: AccountDuty) -> Step[str | None]:
    """Take back what has expired by the duty's moment; whoever that makes overdue is dunned. Raises NotFound,
    Unavailable."""
    correlation = yield from ask(Begin())
    yield from ask(Lock(duty.account))
    view = yield from load_account(duty.account)
    open_grants = yield from ask(LoadGrants(duty.account))
    ended = grants.expired(open_grants, duty.due_at)
    yield from _emit(rules, ended, events.CREDIT_EXPIRED, correlation)
    view = yield from _put(rules, view, ended, grants.next_expiry(open_grants, duty.due_at), correlation)
    if not ended:
        return None
    numbers = {line.subscriber.imsi: line.subscriber.msisdn for line in view.lines}
    told = (f"{numbers[each.imsi].masked(rules.letterhead.country_code)} {each.amount}" for each in ended)
    return f"credit expired: {', '.join(told)}; balance {view.balance}, limit {rules.dunning.limit(view.account)}"


def _put(
    rules: CarrierRules,
    view: AccountView,
    changed: Sequence[CreditGrant],
    next_expiry: datetime | None,
    correlation: CorrelationId,
) -> Step[AccountView]:
    duty = PutDuty(view.account.id, DutyKind.GRANTS, next_expiry)
    return (yield from put_limit(rules, view, [*map(PutGrant, changed), duty], correlation))


def _emit(rules: CarrierRules, changed: Iterable[CreditGrant], name: str, correlation: CorrelationId) -> Step[None]:
    for each in changed:
        until = each.expires_at.astimezone(rules.detection.zone).isoformat(timespec="seconds")
        detail = {"grant": each.id, "amount": each.amount.decimal(), "until": until}
        yield from ask(Emit(each.imsi, correlation, name, {**detail, "reason": each.reason}))
