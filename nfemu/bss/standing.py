"""Standing: where an account is, as a pure function of its balance and credit limit (architecture, section 4)."""

from nfemu.model.account import Account, AccountKind, Standing
from nfemu.model.money import Money


def standing(balance: Money, credit_limit: Money) -> Standing:
    """In credit at zero or above, in grace down to the limit below zero, overdue below that (S25)."""
    if balance.minor >= 0:
        return Standing.IN_CREDIT
    return Standing.IN_GRACE if (balance + credit_limit).minor >= 0 else Standing.OVERDUE


def is_cleared(balance: Money, credit_limit: Money, resume_balance: Money) -> bool:
    """May a stopped line resume (S27)? From `resume_balance` on, and never while overdue."""
    return (balance - resume_balance).minor >= 0 and standing(balance, credit_limit) is not Standing.OVERDUE


def amount_due(balance: Money, credit_limit: Money, resume_balance: Money) -> Money:
    """The exact amount after which `is_cleared` holds (S8); zero if it does already."""
    if is_cleared(balance, credit_limit, resume_balance):
        return Money(0, balance.currency)
    by_threshold = (resume_balance - balance).minor
    by_limit = -(balance + credit_limit).minor
    return Money(max(by_threshold, by_limit), balance.currency)


def shown_due(account: Account, due: Money, share: Money) -> Money:
    """What a card's owner may see of `due`: all of it, but of a unit account the personal share only (S11).

    A share is never more than the account owes, whoever has paid the rest meanwhile: nobody is to pay too much.
    """
    if account.kind is AccountKind.PERSONAL:
        return due
    return Money(min(due.minor, max(0, -share.minor)), due.currency)
