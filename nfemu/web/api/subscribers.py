"""`/api/v1/subscribers`: the people, their lines, and everything that can happen to them."""

from typing import Annotated

from fastapi import APIRouter, Query

from nfemu.carrier.status import LineStatus
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.urls import MOST_URL
from nfemu.web.api import views
from nfemu.web.api.backend import ApiBackend, ApiConfig, Carrier
from nfemu.web.api.document import declare
from nfemu.web.api.explain import explain_url
from nfemu.web.api.keys import Key
from nfemu.web.api.models import (
    AmountIn,
    ChargeIn,
    ExplanationOut,
    Inbox,
    Ledger,
    NoticeOut,
    PluggedInOut,
    ProfileIn,
    SessionOut,
    SettlementOut,
    SubscriberOut,
    SubscriberPage,
    Timeline,
)

PageLimit = Annotated[int, Query(ge=1, le=500, description="How many at the most.")]
After = Annotated[str | None, Query(description="Begin behind this number.")]
Url = Annotated[
    str,
    Query(
        max_length=MOST_URL,
        examples=["https://news.example/"],
        description="Also `dns:NAME`, `tcp://HOST:PORT` or `udp://HOST:PORT`.",
    ),
]


class Subscribers:
    """Numbers in paths may have any spelling."""

    def __init__(self, carrier: Carrier, config: ApiConfig, backend: ApiBackend) -> None:
        self._carrier = carrier
        self._config = config
        self._backend = backend

    def router(self) -> APIRouter:
        return declare(
            APIRouter(prefix="/subscribers", tags=["subscribers"]),
            ("GET", "", self._list, "listSubscribers"),
            ("GET", "/{number}", self._show, "getSubscriber"),
            ("POST", "/{number}/detach", self._detach, "detachSubscriber"),
            ("POST", "/{number}/attach", self._attach, "attachSubscriber"),
            ("POST", "/{number}/plug", self._plug, "plugIn"),
            ("POST", "/{number}/restrict", self._restrict, "restrictSubscriber"),
            ("POST", "/{number}/restore", self._restore, "restoreSubscriber"),
            ("PUT", "/{number}/profile", self._order_profile, "orderProfile"),
            ("POST", "/{number}/charges", self._charge, "chargeSubscriber"),
            ("POST", "/{number}/payments", self._pay, "paySubscriber"),
            ("GET", "/{number}/inbox", self._inbox, "getInbox"),
            ("POST", "/{number}/inbox/{notice}/click", self._click, "clickMessage"),
            ("GET", "/{number}/timeline", self._timeline, "getTimeline"),
            ("GET", "/{number}/ledger", self._ledger, "getLedger"),
            ("GET", "/{number}/explain", self._explain, "explainDestination"),
        )

    async def _list(self, after: After = None, limit: PageLimit = 100) -> SubscriberPage:
        """By number, a page at a time."""
        start = Msisdn.parse(after, self._config.country_code) if after else None
        found = await self._carrier().subscribers(start, limit + 1)
        shown = [await self._view(card.msisdn) for card in found[:limit]]
        return SubscriberPage(
            subscribers=shown,
            total=await self._carrier().count_subscribers(),
            next=shown[-1].number if len(found) > limit else None,
        )

    async def _show(self, number: str) -> SubscriberOut:
        """One subscriber: account, standing, what is ordered, what is effective, the session."""
        return await self._view(await self._find(number))

    async def _attach(self, number: str) -> SessionOut:
        """Give the line a session and an address."""
        return views.session(await self._carrier().attach(await self._find(number)), self._config.timezone)

    async def _detach(self, number: str) -> SessionOut:
        """Release the line's session; its address is on hold for a while."""
        return views.session(await self._carrier().detach(await self._find(number)), self._config.timezone)

    async def _plug(self, number: str) -> PluggedInOut:
        """Give the line a phone, whose interface has the line's address; by IP bearers only."""
        plugged = await self._backend.plug(await self._find(number))
        return PluggedInOut(
            pid=plugged.pid,
            network=plugged.network,
            ipv4=plugged.ipv4,
            ipv6=plugged.ipv6,
            resolvers=list(plugged.resolvers),
        )

    async def _restrict(self, number: str) -> SubscriberOut:
        """Restrict by hand; only a manual restore lifts it."""
        return self._status(await self._carrier().restrict(await self._find(number)))

    async def _restore(self, number: str) -> SubscriberOut:
        """Restore by hand; an overdue account stays open until its standing next changes."""
        return self._status(await self._carrier().restore(await self._find(number)))

    async def _order_profile(self, number: str, wanted: ProfileIn) -> SubscriberOut:
        """Give the line another APN profile, such as a garden's; `open` is the usual one. What restricts it stays."""
        return self._status(await self._carrier().order_profile(await self._find(number), wanted.profile))

    async def _charge(
        self,
        number: str,
        charge: ChargeIn,
        idempotency_key: Key = None,
    ) -> SubscriberOut:
        """Charge the account. The same `Idempotency-Key` again has no further effect."""
        msisdn = await self._find(number)
        amount = Money.parse(charge.amount, self._config.currency)
        return self._status(await self._carrier().charge(msisdn, amount, charge.note, idempotency_key))

    async def _pay(self, number: str, payment: AmountIn) -> SettlementOut:
        """Pay through the provider; answered when service is restored, or when it is clear what is missing."""
        msisdn = await self._find(number)
        amount = Money.parse(payment.amount, self._config.currency)
        settled = await self._backend.pay(msisdn, amount)
        return views.settlement(settled, self._config.country_code, self._config.timezone)

    async def _inbox(self, number: str, limit: PageLimit = 100) -> Inbox:
        """The messages that the phone has received."""
        notices = await self._carrier().inbox(await self._find(number), limit)
        return Inbox(notices=[views.notice(each, self._config.timezone) for each in notices])

    async def _click(self, number: str, notice: str) -> NoticeOut:
        """Open the link in a message, as far as the carrier learns of it. Only the first time counts."""
        clicked = await self._carrier().click(await self._find(number), notice)
        return views.notice(clicked, self._config.timezone)

    async def _timeline(self, number: str, limit: PageLimit = 500) -> Timeline:
        """Everything that happened to the line, with milliseconds since the trigger."""
        events = await self._carrier().timeline(await self._find(number), limit)
        return Timeline(events=[views.event(each, self._config.timezone) for each in events])

    async def _ledger(self, number: str, limit: PageLimit = 100) -> Ledger:
        """The account's ledger."""
        msisdn = await self._find(number)
        status = await self._carrier().status(msisdn)
        entries = await self._carrier().ledger(msisdn, limit)
        return Ledger(
            account=status.account.id,
            balance=views.money(status.balance),
            entries=[views.entry(each, self._config.timezone) for each in entries],
        )

    async def _explain(self, number: str, url: Url) -> ExplanationOut:
        """May this line reach that URL now, by which rule, and where does it lead?"""
        status = await self._carrier().status(await self._find(number))
        now = self._carrier().now().astimezone(self._config.timezone)
        return await explain_url(status, self._backend, url, now)

    async def _find(self, number: str) -> Msisdn:
        return (await self._carrier().find(number)).msisdn

    async def _view(self, msisdn: Msisdn) -> SubscriberOut:
        return self._status(await self._carrier().status(msisdn))

    def _status(self, status: LineStatus) -> SubscriberOut:
        return views.subscriber(status, self._config.country_code, self._config.timezone)
