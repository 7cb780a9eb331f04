"""`/api/v1/subscribers/{number}/auto-deduct`: the agreement, and what the emulated bank behind it answers (G19)."""

from fastapi import APIRouter

from nfemu.carrier.status import LineStatus
from nfemu.model.agreements import Agreement, Bank
from nfemu.model.errors import Conflict
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.web.api import views
from nfemu.web.api.backend import ApiBackend, ApiConfig, Carrier
from nfemu.web.api.document import declare
from nfemu.web.api.models import BankIn, RevokeIn, SignIn, SubscriberOut


class AutoDeduct:
    """Each answers with the subscriber as it then is."""

    def __init__(self, carrier: Carrier, config: ApiConfig, backend: ApiBackend) -> None:
        self._carrier = carrier
        self._config = config
        self._backend = backend

    def router(self) -> APIRouter:
        return declare(
            APIRouter(prefix="/subscribers/{number}/auto-deduct", tags=["auto-deduct"]),
            ("POST", "", self._sign, "signAutoDeduct"),
            ("PUT", "/bank", self._bank, "setAutoDeductBank"),
            ("POST", "/revoke", self._revoke, "revokeAutoDeduct"),
        )

    async def _sign(self, number: str, wanted: SignIn) -> SubscriberOut:
        """Sign an agreement for the account; what is due already is deducted at once."""
        msisdn = await self._find(number)
        cap = Money.parse(wanted.cap, self._config.currency) if wanted.cap is not None else None
        return self._view(await self._carrier().sign_agreement(msisdn, cap))

    async def _revoke(self, number: str, how: RevokeIn) -> SubscriberOut:
        """End the agreement: nothing is deducted by it any more."""
        msisdn = await self._find(number)
        if how.at == "carrier":
            return self._view(await self._carrier().revoke_agreement(msisdn))
        await self._backend.contracts().end((await self._signed(msisdn)).contract)
        return self._view(await self._carrier().status(msisdn))

    async def _bank(self, number: str, bank: BankIn) -> SubscriberOut:
        """What the emulated bank of the payer answers from now on."""
        msisdn = await self._find(number)
        await self._backend.contracts().set_bank((await self._signed(msisdn)).contract, Bank(bank.answer))
        return self._view(await self._carrier().status(msisdn))

    async def _signed(self, msisdn: Msisdn) -> Agreement:
        status = await self._carrier().status(msisdn)
        if status.agreement is None:
            raise Conflict(f"account `{status.account.id}` has no auto-deduct agreement; sign one first")
        return status.agreement

    async def _find(self, number: str) -> Msisdn:
        return (await self._carrier().find(number)).msisdn

    def _view(self, status: LineStatus) -> SubscriberOut:
        return views.subscriber(status, self._config.country_code, self._config.timezone)
