"""Agreements: signed at the provider, revoked, and asked again where the provider had no answer (G19)."""

from nfemu.bss import auto_deduct
from nfemu.carrier.commands import Begin, Commit, Emit, Lock, NewId, Now, RevokeAtProvider, SignAtProvider, Step, ask
from nfemu.carrier.deductions import request, resolve
from nfemu.carrier.flip import carry_out
from nfemu.carrier.lines import load_account, locked_line
from nfemu.carrier.ports import PutAgreement
from nfemu.carrier.rules import CarrierRules
from nfemu.carrier.status import LineStatus, line_status
from nfemu.carrier.view import commit
from nfemu.model import events
from nfemu.model.agreements import Agreement, DeductionState
from nfemu.model.errors import Conflict, Unavailable
from nfemu.model.identity import AccountId, AgreementNo, Msisdn
from nfemu.model.money import Money

_NOT_SIGNED = "account `{account}` has no auto-deduct agreement; sign one first"


def sign(rules: CarrierRules, provider: str, msisdn: Msisdn, cap: Money | None) -> Step[LineStatus]:
    """Sign for the card's account; what is due already is deducted before this returns.

    Raises NotFound; InvalidInput for a cap that is no amount of the account; Conflict where one is signed;
    Unavailable: the provider does not answer, nothing is signed.
    """
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    cap = cap or rules.auto_deduct.cap
    auto_deduct.check_cap(view.account, cap)
    if view.agreement is not None:
        raise Conflict(f"account `{view.account.id}` has agreement `{view.agreement.no}` already; revoke that first")
    now = yield from ask(Now())
    number = AgreementNo((yield from ask(NewId("agr"))))
    imsi = line.subscriber.imsi
    draft = Agreement(number, view.account.id, imsi, provider, "", cap, now)
    contract = yield from ask(SignAtProvider(draft))
    agreement = Agreement(number, view.account.id, imsi, provider, contract, cap, now)
    detail = {"agreement": number, "provider": provider, "contract": contract, "cap": cap.decimal()}
    yield from ask(Emit(imsi, correlation, events.AGREEMENT_SIGNED, detail))
    view = yield from commit(view, [PutAgreement(agreement)])
    asked = yield from request(rules, view, view.balance, view.balance, correlation)
    view = yield from carry_out(rules, view, asked.changes, correlation)
    return line_status(rules, view, imsi)


def revoke(rules: CarrierRules, msisdn: Msisdn) -> Step[LineStatus]:
    """End the account's agreement. It has ended once this is stored, whether or not the provider can be told now.

    Raises NotFound; Conflict where none is signed; Unavailable.
    """
    correlation = yield from ask(Begin())
    view, line = yield from locked_line(msisdn)
    agreement = view.agreement
    if agreement is None:
        raise Conflict(_NOT_SIGNED.format(account=view.account.id))
    now = yield from ask(Now())
    detail = {"agreement": agreement.no, "by": line.subscriber.imsi.digits}
    yield from ask(Emit(agreement.imsi, correlation, events.AGREEMENT_REVOKED, detail))
    view = yield from commit(view, [PutAgreement(auto_deduct.revoked(agreement, now))])
    try:
        yield from ask(RevokeAtProvider(agreement.contract))
    except Unavailable as failure:
        detail = {"agreement": agreement.no, "reason": str(failure)}
        yield from ask(Emit(agreement.imsi, correlation, events.AGREEMENT_NOT_TOLD, detail))
        yield from ask(Commit(()))
    view = yield from carry_out(rules, view, (), correlation)
    return line_status(rules, view, line.subscriber.imsi)


def ask_again(rules: CarrierRules, account: AccountId) -> Step[str | None]:
    """The open deduction whose time has come is asked about again. What became of it, None where nothing was due.

    Raises NotFound, Unavailable.
    """
    correlation = yield from ask(Begin())
    yield from ask(Lock(account))
    view = yield from load_account(account)
    deduction, now = view.deduction, (yield from ask(Now()))
    if deduction is None or deduction.retry_at is None or deduction.retry_at > now:
        return None
    view, notices = yield from resolve(rules, view, deduction)
    view = yield from carry_out(rules, view, (), correlation, notices)
    left = view.deduction
    if left is not None and left.no == deduction.no and left.state is DeductionState.UNANSWERED:
        return f"deduction {deduction.no} has no answer yet"
    return f"deduction {deduction.no} was answered"
