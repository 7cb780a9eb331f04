"""Everything about one line in one value, as portal, API and CLI show it."""

from dataclasses import dataclass

from nfemu.bss.standing import amount_due, shown_due, standing
from nfemu.carrier.lines import line_of
from nfemu.carrier.ports import AccountView, Line
from nfemu.carrier.rules import CarrierRules
from nfemu.epc.pgw import is_acknowledged, is_active
from nfemu.model.account import Account, Standing
from nfemu.model.agreements import Agreement, Deduction
from nfemu.model.identity import Imsi, ProfileName
from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile


@dataclass(frozen=True, slots=True)
class LineStatus:
    """The line, its account, and the three values: standing, ordered, effective."""

    line: Line
    account: Account
    balance: Money
    standing: Standing
    share: Money
    """The sum of this card's own entries; negative: it has used more than it has paid."""
    amount_due: Money
    """What must be paid so that the account is cleared (S8, S27); zero if nothing is due."""
    shown_due: Money
    """What this card's owner may see of it: of a unit account the personal share only (S11), which clears the account
    or does not."""
    ordered: OrderedProfile
    permitted: bool
    """Whether the HSS permits a session: false under a profile that gives no IP (G8)."""
    profile: ProfileName
    """The APN profile that the line has while nothing restricts it."""
    agreement: Agreement | None
    """By which a provider pays what is due (G19)."""
    deduction: Deduction | None
    """The one that the provider has not answered yet."""
    effective: ProfileName | None
    """What every enforcement point has acknowledged; None: no session, or a change is on its way."""


def line_status(rules: CarrierRules, view: AccountView, imsi: Imsi) -> LineStatus:
    """Raises NotFound where the card is of another account."""
    line = line_of(view, imsi)
    due = account_due(rules, view, line)
    session = line.session
    effective = session is not None and is_active(session) and is_acknowledged(session)
    share = view.shares.get(imsi, Money(0, view.account.currency))
    return LineStatus(
        line=line,
        account=view.account,
        balance=view.balance,
        standing=standing(view.balance, rules.dunning.limit(view.account)),
        share=share,
        amount_due=due,
        shown_due=shown_due(view.account, due, share),
        ordered=line.subscription.ordered,
        permitted=rules.catalogue.granted(line.subscription).gives_ip,
        profile=line.subscription.profile or rules.catalogue.ordered[OrderedProfile.OPEN],
        agreement=view.agreement,
        deduction=view.deduction,
        effective=session.profile if session is not None and effective else None,
    )


def account_due(rules: CarrierRules, view: AccountView, line: Line) -> Money:
    """What clears the account. An open line in credit owes nothing, even below the balance that resumes a stop."""
    in_credit = standing(view.balance, rules.dunning.limit(view.account)) is Standing.IN_CREDIT
    if in_credit and line.subscription.ordered is OrderedProfile.OPEN:
        return Money(0, view.balance.currency)
    return amount_due(view.balance, rules.dunning.limit(view.account), rules.dunning.resume_balance)
