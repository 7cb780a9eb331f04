"""What is left to do on accounts: found in the store at a start, and tried again until it is done."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from nfemu.bss.orders import is_begun
from nfemu.carrier import refunds, resume
from nfemu.carrier.commands import Step
from nfemu.carrier.ports import Store
from nfemu.carrier.rules import CarrierRules
from nfemu.epc.pgw import is_acknowledged, is_active, is_cut_off
from nfemu.model.agreements import DeductionState
from nfemu.model.errors import NfemuError
from nfemu.model.identity import AccountId, Imsi, PaymentNo
from nfemu.model.session import PdnSession
from nfemu.model.subscriber import OrderedProfile
from nfemu.runtime.in_force import InForce
from nfemu.runtime.retries import Retries

_log = logging.getLogger(__name__)
_AT_ONCE = 0.0
"""Seconds."""
Run = Callable[[Callable[[CarrierRules], Step[None]]], Awaitable[None]]
"""Runs a use case under the rules of the moment."""


class Unfinished:
    """`finishing`: what was begun; `reactivating`: sessions that wait for a new address; `realigning`: lines that are
    not where the rules want them; `refunding`: payments that are to be given back."""

    def __init__(self, store: Store, in_force: InForce, run: Run) -> None:
        self._store = store
        self._in_force = in_force
        self._run = run
        self.finishing = Retries(self.finish)
        self.reactivating = Retries(self.reactivate)
        self.realigning = Retries(self.realign)
        self.refunding = Retries(self.refund)

    async def stop(self) -> None:
        """Forget what waits, and let finish what runs."""
        for later in (self.finishing, self.reactivating, self.realigning, self.refunding):
            await later.stop()

    async def finish_later(self) -> None:
        """Whatever is unfinished. Raises Unavailable."""
        for account in await self._unfinished_accounts():
            self.finishing.schedule(account)

    async def refund_later(self) -> None:
        """Whatever is to be given back. Raises Unavailable."""
        for payment in await self._store.refunds_wanted():
            self.refunding.schedule(payment.account, _AT_ONCE)

    async def reactivate_now(self, account: AccountId) -> None:
        """Not at the end of its waiting; nothing where nothing waits. Raises Unavailable: it is tried again."""
        if account in self.reactivating:
            await self.reactivate(account)

    async def realign_all(self) -> int:
        """Finish what is unfinished, and bring every line to where its account's standing puts it under the rules.

        How many accounts had one elsewhere. One that cannot be dealt with now is tried again. Raises Unavailable.
        """
        for account in await self._unfinished_accounts():
            await self._finish_or_retry(account)
        dunning = self._in_force.rules.dunning
        accounts = await self._store.misplaced_accounts(dunning.resume_balance, dunning.restricted)
        for account in accounts:
            try:
                await self.realign(account)
            except NfemuError as error:
                _log.warning("account `%s` could not follow the rules, trying again: %s", account, error)
                self.realigning.schedule(account)
        return len(accounts)

    async def _unfinished_accounts(self) -> list[AccountId]:
        """Accounts with an order that was begun, an unacknowledged or outdated session, or an agreement that was being
        asked. Orders that wait have their turn, dead ones have had it; messages that wait are the outbox's."""
        ordered = await self._store.ordered_profiles()
        unfinished = await self._store.unfinished_orders()
        cards: dict[Imsi, None] = {order.imsi: None for order in unfinished if is_begun(order)}
        sessions = self._in_force.pgw.sessions()
        cards |= {session.imsi: None for session in sessions if not self._is_settled(session, ordered)}
        asked = [each for each in await self._store.open_deductions() if each.state is DeductionState.REQUESTED]
        accounts: dict[AccountId, None] = {deduction.account: None for deduction in asked}
        for imsi in cards:
            subscriber = await self._store.subscriber_by_imsi(imsi)
            if subscriber is not None:
                accounts[subscriber.account] = None
        return list(accounts)

    def _is_settled(self, session: PdnSession, ordered: Mapping[Imsi, OrderedProfile]) -> bool:
        """Acknowledged, and still what the catalogue says after a change of configuration."""
        if not is_acknowledged(session):
            return False
        catalogue = self._in_force.rules.catalogue
        profile = catalogue.meaning(ordered.get(session.imsi, OrderedProfile.OPEN))
        if not is_active(session):
            return not (profile.gives_ip and is_cut_off(session, catalogue))
        return profile.gives_ip and (profile.name, profile.policy) == (session.profile, session.policy)

    async def _finish_or_retry(self, account: AccountId) -> None:
        try:
            await self.finish(account)
            await self.reactivate(account)
        except NfemuError as error:
            _log.warning("account `%s` could not be finished at start, trying again: %s", account, error)
            self.finishing.schedule(account)

    async def finish(self, account: AccountId) -> None:
        await self._run(lambda rules: resume.finish(rules, account))

    async def reactivate(self, account: AccountId) -> None:
        await self._run(lambda rules: resume.reactivate(rules, account))

    async def refund(self, account: AccountId) -> None:
        for payment in await self._store.refunds_wanted():
            if payment.account == account:
                await self._give_back(payment.no)

    async def _give_back(self, no: PaymentNo) -> None:
        await self._run(lambda rules: refunds.give_back(rules, no))

    async def realign(self, account: AccountId) -> None:
        await self._run(lambda rules: resume.realign(rules, account))
