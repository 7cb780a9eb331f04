"""Charging an account, and a person's restrict and restore."""

from collections.abc import Sequence

from nfemu.bss import ledger
from nfemu.bss.standing import is_cleared
from nfemu.carrier.commands import Begin, LoadEntry, Now, Step, ask
from nfemu.carrier.credit import planned
from nfemu.carrier.deductions import request, with_request
from nfemu.carrier.entries import emit_entry
from nfemu.carrier.flip import carry_out
from nfemu.carrier.lines import locked_line
from nfemu.carrier.movements import after_entries
from nfemu.carrier.orders import Cause, line_changes
from nfemu.carrier.ports import AccountView, AppendEntry, Change, Line
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.status import LineStatus, line_status
from nfemu.carrier.transitions import ByHand
from nfemu.carrier.view import applied
from nfemu.model.account import LedgerEntry
from nfemu.model.identity import CorrelationId, Msisdn
from nfemu.model.money import Money


def charge(rules: CarrierRules, msisdn: Msisdn, amount: Money, note: str, key: str | None) -> Step[LineStatus]:
    """Take `amount` from the card's account; whoever that makes overdue is stopped before this returns.

    Where the balance runs out and an agreement is signed, it is asked first; lines are stopped only if it does not pay
    (G19). With a `key`, repeating it has no further effect. Raises NotFound; InvalidInput; Conflict for a key that was
    used for something else; Unavailable.
    """
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    now = yield from ask(Now())
    entry = ledger.charge(view.account, line.subscriber.imsi, amount, now, note, key)
    known = None
    if entry.trade_no is not None:
        known = yield from ask(LoadEntry(entry.trade_no))
    booked = [] if ledger.is_repeat(known, entry) else [entry]
    view = yield from book(rules, view, booked, (), correlation)
    return line_status(rules, view, line.subscriber.imsi)


def book(
    rules: CarrierRules,
    view: AccountView,
    entries: Sequence[LedgerEntry],
    also: Sequence[Change],
    correlation: CorrelationId,
) -> Step[AccountView]:
    """Charge the locked account with `entries`, each of a card, all of them or none, and `also` in the same commit; the
    view when all that follows from it is done. Raises as `charge` does."""
    changes: list[Change] = []
    if entries:
        total = sum((entry.amount for entry in entries[1:]), start=entries[0].amount)
        yield from _emit_entries(view, entries, correlation)
        asked = yield from request(rules, view, view.balance + total, view.balance, correlation)
        ordered = yield from after_entries(rules, with_request(view, asked), entries, correlation)
        booked: list[Change] = [*map(AppendEntry, entries), planned(rules, entries[0])]
        changes = [*booked, *asked.changes, *ordered]
    return (yield from carry_out(rules, view, [*changes, *also], correlation))


def _emit_entries(view: AccountView, entries: Sequence[LedgerEntry], correlation: CorrelationId) -> Step[None]:
    for imsi, entry in [(entry.imsi, entry) for entry in entries if entry.imsi is not None]:
        yield from emit_entry(view, imsi, entry, correlation)
        view = applied(view, AppendEntry(entry))


def restrict(rules: CarrierRules, msisdn: Msisdn) -> Step[LineStatus]:
    """Restrict the line until a person restores it. Raises NotFound; Conflict where it is so already; Unavailable."""
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    return (yield from _by_hand(rules, view, line, ByHand.RESTRICT, correlation))


def restore(rules: CarrierRules, msisdn: Msisdn) -> Step[LineStatus]:
    """Restore the line; where its account owes, until the standing next changes.

    Raises NotFound; Conflict where the line is not restricted; Unavailable.
    """
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    cleared = is_cleared(view.balance, rules.dunning.limit(view.account), rules.dunning.resume_balance)
    trigger = ByHand.RESTORE_CLEARED if cleared else ByHand.RESTORE_OWING
    return (yield from _by_hand(rules, view, line, trigger, correlation))


def _by_hand(
    rules: CarrierRules, view: AccountView, line: Line, trigger: ByHand, correlation: CorrelationId
) -> Step[LineStatus]:
    changes = yield from line_changes(rules, view, line, trigger, Cause.BY_HAND, correlation)
    view = yield from carry_out(rules, view, changes, correlation)
    return line_status(rules, view, line.subscriber.imsi)
