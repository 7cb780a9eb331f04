"""Clocks of accounts: the carrier's, but for the few that somebody has put ahead of it.

An account's own time is the carrier's and what it is ahead, so it goes on as the carrier's does. It is only ever moved
forward, by `carrier.own_clock`, and what is stored says how far it is.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from nfemu.carrier.ports import Clock, Store
from nfemu.model.identity import AccountId
from nfemu.model.orders import Payment

_NONE = timedelta(0)


class AccountClocks:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._ahead: dict[AccountId, timedelta] = {}

    async def load(self) -> None:
        """As the store has it. Raises Unavailable."""
        self._ahead = dict(await self._store.ahead())

    def follow(self, account: AccountId, ahead: timedelta) -> None:
        """That has been committed."""
        self._ahead[account] = ahead

    def ahead(self, account: AccountId) -> timedelta:
        """Of the carrier's clock."""
        return self._ahead.get(account, _NONE)

    def most_ahead(self) -> timedelta:
        """How far the account is ahead that is ahead furthest."""
        return max(self._ahead.values(), default=_NONE)

    def carrier_now(self) -> datetime:
        return self._clock.now()

    def now(self, account: AccountId) -> datetime:
        """The account's own time."""
        return self._clock.now() + self.ahead(account)

    def by_the_carrier(self, payment: Payment) -> Payment:
        """The order with the carrier's times, as a payment provider and look-outs go by."""
        ahead = self.ahead(payment.account)
        if not ahead:
            return payment
        return replace(payment, created_at=payment.created_at - ahead, expires_at=payment.expires_at - ahead)

    def own(self) -> Mapping[AccountId, datetime]:
        """The accounts on clocks of their own, by name, and what time it is by them."""
        return {account: self.now(account) for account in sorted(self._ahead)}
