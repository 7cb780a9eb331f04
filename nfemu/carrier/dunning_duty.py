"""The moment that dunning named for an account has come: decide, do it, and say what happened."""

from collections.abc import Iterable

from nfemu.bss.dunning import Policy
from nfemu.carrier.commands import Begin, Lock, Step, ask
from nfemu.carrier.dunning import decided
from nfemu.carrier.flip import carry_out
from nfemu.carrier.lines import load_account
from nfemu.carrier.ports import AccountView, Change, PutDuty, PutNotice, PutOrder
from nfemu.carrier.rules import CarrierRules
from nfemu.model.duties import AccountDuty, DutyKind


def dun(rules: CarrierRules, duty: AccountDuty) -> Step[str | None]:
    """The account's moment has come: decide, and do it. Raises NotFound, Unavailable."""
    correlation = yield from ask(Begin())
    yield from ask(Lock(duty.account))
    view = yield from load_account(duty.account)
    changes = yield from decided(rules, view, (), correlation)
    if rules.dunning.policy is Policy.IMMEDIATE:
        changes = [PutDuty(duty.account, DutyKind.DUNNING, None)]
    yield from carry_out(rules, view, changes, correlation)
    return _line(rules, view, changes)


def _line(rules: CarrierRules, view: AccountView, changes: Iterable[Change]) -> str | None:
    """`138****8000: stop notice by sms`, for whoever moves the clock."""
    numbers = {
        line.subscriber.imsi: line.subscriber.msisdn.masked(rules.letterhead.country_code) for line in view.lines
    }
    said = []
    for change in changes:
        match change:
            case PutNotice(notice):
                said.append(f"{numbers[notice.imsi]}: {notice.kind.value} by {notice.channel.value}")
            case PutOrder(order):
                said.append(f"{numbers[order.imsi]}: {order.kind.value} order {order.state.value}")
            case _:
                continue
    return "; ".join(said) or None
