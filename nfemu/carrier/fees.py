"""Fees that fall due: booked together for all cards of an account, and the next ones planned, in one commit (S1, S1b).

A fee goes the way of every charge: an agreement is asked first, and whoever it makes overdue is stopped as the dunning
policy says. The ledger has it at the moment at which it fell due, whenever the carrier got to it.
"""

from collections.abc import Sequence

from nfemu.bss import fees, ledger
from nfemu.bss.fees import Fee
from nfemu.carrier.billing import book
from nfemu.carrier.commands import Begin, Commit, LoadEntry, Lock, Step, ask
from nfemu.carrier.lines import load_account
from nfemu.carrier.ports import AccountView, PutDuty
from nfemu.carrier.rules import CarrierRules
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.subscriber import Subscriber


def fall_due(rules: CarrierRules, duty: AccountDuty) -> Step[str | None]:
    """Book what falls due for the account at the duty's moment, once. Raises NotFound, Unavailable."""
    correlation = yield from ask(Begin())
    yield from ask(Lock(duty.account))
    view = yield from load_account(duty.account)
    due = yield from _not_booked(fees.due_at(rules.fees, duty.account, _cards(view), duty.due_at))
    next_one = PutDuty(
        duty.account, DutyKind.FEES, fees.next_moment(rules.fees, duty.account, _cards(view), duty.due_at)
    )
    if not due:
        yield from ask(Commit((next_one,)))
        return None
    entries = [ledger.fee(view.account, fee.imsi, fee.amount, duty.due_at, fee.note, fee.number) for fee in due]
    view = yield from book(rules, view, entries, [next_one], correlation)
    return _told(rules, view, due)


def _cards(view: AccountView) -> list[Subscriber]:
    return [line.subscriber for line in view.lines]


def _not_booked(due: Sequence[Fee]) -> Step[list[Fee]]:
    fresh: list[Fee] = []
    for fee in due:
        known = yield from ask(LoadEntry(fee.number))
        fresh += [fee] if known is None else []
    return fresh


def _told(rules: CarrierRules, view: AccountView, due: Sequence[Fee]) -> str:
    """`138****8000: plan basic, 2026-12: ¥59.00; balance -¥29.00`."""
    numbers = {line.subscriber.imsi: line.subscriber.msisdn for line in view.lines}
    country = rules.letterhead.country_code
    booked = ", ".join(f"{numbers[fee.imsi].masked(country)} {fee.note} {fee.amount}" for fee in due)
    return f"fees: {booked}; balance {view.balance}"
