"""What a card uses, counted by its plan's tariff, and charged past the bundle."""

from nfemu.bss import ledger, tariffs
from nfemu.bss.ledger import check_key
from nfemu.carrier.billing import book
from nfemu.carrier.commands import Begin, LoadConsumption, LoadPosted, Now, Step, ask
from nfemu.carrier.lines import locked_line
from nfemu.carrier.ports import Change, PutConsumption, PutPosted
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.status import LineStatus, line_status
from nfemu.model.consumption import Consumption, PostedUsage
from nfemu.model.identity import Msisdn
from nfemu.model.plans import Measured


def consume(
    rules: CarrierRules, msisdn: Msisdn, measured: Measured, amount: int, key: str | None = None
) -> Step[LineStatus]:
    """Count `amount` (octets or seconds) in the month of business time, and charge the units that it begins.

    Whoever that makes overdue is stopped as after any charge. With a `key`, repeating it has no further effect. Raises
    NotFound, InvalidInput; Conflict for a key that was used for something else; Unavailable.
    """
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    card = line.subscriber
    posted = None if key is None else PostedUsage(check_key(key), card.imsi, measured, amount)
    if posted is not None and tariffs.is_repeat((yield from ask(LoadPosted(posted.key))), posted):
        view = yield from book(rules, view, (), (), correlation)
        return line_status(rules, view, card.imsi)
    now = yield from ask(Now())
    month = now.astimezone(rules.fees.zone).date().replace(day=1)
    known = yield from ask(LoadConsumption(card.imsi, month, measured))
    plan = rules.fees.prices.plans.get(card.plan) if card.plan is not None else None
    tariff = plan.tariffs.get(measured) if plan is not None else None
    before = known or Consumption(card.imsi, month, measured)
    after = tariffs.consumed(tariff, before, amount)
    owed = tariffs.owed(tariff, before, after)
    entries = []
    if plan is not None and owed is not None:
        note = f"{measured.value} past the bundle of plan {plan.name}, {month:%Y-%m}"
        entries = [ledger.fee(view.account, card.imsi, owed, now, note, tariffs.number(plan.name, after))]
    counted: list[Change] = [PutConsumption(after), *([] if posted is None else [PutPosted(posted)])]
    view = yield from book(rules, view, entries, counted, correlation)
    return line_status(rules, view, card.imsi)
