"""`/api/v1/subscribers/{number}`: what a line costs, credit for a while, and use that is posted (S1, S1b)."""

from fastapi import APIRouter

from nfemu.carrier.status import LineStatus
from nfemu.model.durations import duration
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.plans import Measured
from nfemu.web.api import views
from nfemu.web.api.backend import ApiConfig, Carrier
from nfemu.web.api.document import declare
from nfemu.web.api.keys import Key
from nfemu.web.api.models import BillOut, ConsumeIn, GrantIn, SubscriberOut


class Billing:
    """What changes something answers with the subscriber as it then is."""

    def __init__(self, carrier: Carrier, config: ApiConfig) -> None:
        self._carrier = carrier
        self._config = config

    def router(self) -> APIRouter:
        return declare(
            APIRouter(prefix="/subscribers/{number}", tags=["billing"]),
            ("GET", "/bill", self._show, "getBill"),
            ("POST", "/credit", self._grant, "grantCredit"),
            ("POST", "/usage", self._consume, "postUsage"),
        )

    async def _show(self, number: str) -> BillOut:
        """Plan and services, use of this month, the next fees, and credit that was granted."""
        return views.bill(await self._carrier().bill(await self._find(number)), self._config.timezone)

    async def _grant(self, number: str, wanted: GrantIn) -> SubscriberOut:
        """Let the account fall further below zero for a while; its end can stop lines."""
        msisdn = await self._find(number)
        amount = Money.parse(wanted.amount, self._config.currency)
        try:
            expires_at = await self._carrier().now_of(msisdn) + duration(wanted.lasts)
        except OverflowError:
            raise InvalidInput(f"`{wanted.lasts}` leads beyond the year 9999; grant it for less") from None
        return self._view(await self._carrier().grant_credit(msisdn, amount, expires_at, wanted.reason))

    async def _consume(self, number: str, used: ConsumeIn, idempotency_key: Key = None) -> SubscriberOut:
        """Count traffic or calls as if the network had reported them; what is past the bundle is charged.

        The same `Idempotency-Key` again has no further effect.
        """
        msisdn = await self._find(number)
        return self._view(await self._carrier().consume(msisdn, Measured(used.measured), used.amount, idempotency_key))

    async def _find(self, number: str) -> Msisdn:
        return (await self._carrier().find(number)).msisdn

    def _view(self, status: LineStatus) -> SubscriberOut:
        return views.subscriber(status, self._config.country_code, self._config.timezone)
