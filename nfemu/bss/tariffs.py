"""What is used past a plan's bundle, charged unit by unit as it is begun."""

from dataclasses import replace

from nfemu.model.consumption import Consumption, PostedUsage
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.money import Money
from nfemu.model.plans import Tariff

MOST = 1 << 50
"""Octets or seconds of one report, and far more than a line can use in a month."""


def consumed(tariff: Tariff | None, before: Consumption, amount: int) -> Consumption:
    """After `amount` more; without a tariff everything is in the bundle. Raises InvalidInput."""
    if not 0 < amount <= MOST:
        raise InvalidInput(f"`{amount}` is not an amount that can be used; report from 1 to {MOST} octets or seconds")
    used = before.used + amount
    past = 0 if tariff is None else max(0, used - tariff.included)
    units = before.units if tariff is None else max(before.units, -(-past // tariff.unit))
    return replace(before, used=used, units=units)


def owed(tariff: Tariff | None, before: Consumption, after: Consumption) -> Money | None:
    """For the units that were begun between the two; None: for nothing."""
    begun = after.units - before.units
    if tariff is None or begun == 0 or tariff.price.minor == 0:
        return None
    return Money(begun * tariff.price.minor, tariff.price.currency)


def is_repeat(known: PostedUsage | None, posted: PostedUsage) -> bool:
    """Has `posted` been counted already? `known` is what was posted under its key.

    Raises Conflict where that is something else: same key, other card, kind or amount.
    """
    if known is not None and known != posted:
        raise Conflict(f"use was posted under the key `{posted.key}` for another card or amount; use a new key")
    return known is not None


def number(plan: str, after: Consumption) -> str:
    """The trade number of that charge: `data/basic/460001380013800/2026-11/3`, after the third unit."""
    return f"{after.measured.value}/{plan}/{after.imsi}/{after.month:%Y-%m}/{after.units}"
