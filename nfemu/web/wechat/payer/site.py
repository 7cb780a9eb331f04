"""The pages that an H5 payment consists of: link → checks → order → password or fingerprint → done. HTTPS only.

Only posted forms change anything. The address of a visit's pages is unguessable and sealed, so it is also what protects
the forms from other sites.
"""

from collections.abc import Callable, Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nfemu.model.destination import IpAddress
from nfemu.model.errors import NotFound
from nfemu.model.money import Money
from nfemu.web.limits import Attempts, caller_of
from nfemu.web.pages import (
    LANGUAGES,
    Pages,
    accepted_language,
    explanation,
    read_form,
    redirect,
    refuse_foreign,
    refused,
    requested_language,
    site,
)
from nfemu.web.wechat.desk import Desk
from nfemu.web.wechat.merchants import Merchant, Merchants
from nfemu.web.wechat.payer.payers import Payers
from nfemu.web.wechat.payer.texts import TEXTS
from nfemu.web.wechat.payer.visits import Visit, Visits
from nfemu.wechat import h5_link, numbers
from nfemu.wechat.h5_entry import Arrival, Reason, TurnedAway, check, is_same_phone
from nfemu.wechat.trade import Trade, TradeState

PIN = "123456"
"""Of every payer; the page says so."""
_EMPTY_CARD = "empty-card"
"""The way to pay that has too little money on it."""
_EXPLAINED = (404, 409, 422, 429, 503)
_WRONG_PASSWORDS = (12, 600.0)
"""Of one phone: so many in so many seconds."""


class PayerSite:
    """Handlers; `application()` is the ASGI application. `domains`: from which a merchant's payers may come.
    `language`: of pages for browsers that ask for none of ours."""

    def __init__(
        self,
        desk: Desk,
        merchants: Merchants,
        payers: Payers,
        domains: Callable[[Merchant], Collection[str]],
        language: Callable[[], str],
    ) -> None:
        self._desk = desk
        self._merchants = merchants
        self._payers = payers
        self._domains = domains
        self._language = language
        self._visits = Visits(desk.key)
        self._pages = Pages("nfemu.web.wechat.payer", TEXTS, ())
        self._wrong_passwords = Attempts(*_WRONG_PASSWORDS)

    def application(self) -> Starlette:
        return site(
            [
                Route(h5_link.PATH, self._enter),
                Route("/pay/{visit}", self._order),
                Route("/pay/{visit}/verify", self._begin, methods=["POST"]),
                Route("/pay/{visit}/verify", self._ask),
                Route("/pay/{visit}/confirm", self._confirm, methods=["POST"]),
                Route("/pay/{visit}/cancel", self._cancel, methods=["POST"]),
                self._pages.style_route(),
            ],
            self._refused,
        )

    async def _enter(self, request: Request) -> Response:
        """By the merchant's link. Nothing is recorded, so a link may be opened again while it is good."""
        address, given = _secure(request), request.query_params
        prepay_id, back = given.get("prepay_id", ""), given.get("redirect_url", "")
        written_at = h5_link.written_at(self._desk.key, prepay_id, given.get("package", ""))
        trade = await self._desk.prepared(prepay_id)
        arrival = Arrival(address, written_at, request.headers.get("referer", ""), back)
        check(arrival, trade, self._domains(self._merchants.named(trade.mchid)), self._desk.now())
        return redirect(self._visits.place(Visit(prepay_id, str(address), back)))

    async def _order(self, request: Request) -> Response:
        visit, trade = await self._visit(request)
        return self._page(request, "order.html", visit, trade) if _is_open(trade) else self._done(request, visit, trade)

    async def _begin(self, request: Request) -> Response:
        visit, trade = await self._visit(request)
        refuse_foreign(request)
        if _is_open(trade):
            await self._desk.verify(trade)
        return redirect(f"{self._visits.place(visit)}/verify?lang={self._spoken(request)}")

    async def _ask(self, request: Request) -> Response:
        visit, trade = await self._visit(request)
        return self._question(request, visit, trade) if _is_open(trade) else self._done(request, visit, trade)

    async def _confirm(self, request: Request) -> Response:
        """By password or fingerprint; the merchant has been told on return, if it answers in time."""
        visit, trade = await self._visit(request)
        refuse_foreign(request)
        form = await read_form(request)
        if not _is_open(trade):
            return self._done(request, visit, trade)
        if not self._is_verified(request, form):
            return self._question(request, visit, trade, "wrong")
        if form.get("method") == _EMPTY_CARD:
            return self._question(request, visit, await self._desk.fail(trade), "too_little")
        address = ip_address(visit.address)
        await self._desk.pay(trade, numbers.openid(self._desk.key, trade.appid, self._payers.payer_at(address)))
        await self._payers.confirm(address, trade, self._confirmations(trade))
        return redirect(f"{self._visits.place(visit)}?lang={self._spoken(request)}")

    async def _cancel(self, request: Request) -> Response:
        visit, trade = await self._visit(request)
        refuse_foreign(request)
        if not _is_open(trade):
            return self._done(request, visit, trade)
        return self._page(request, "done.html", visit, await self._desk.give_up(trade), stage="cancelled")

    def _is_verified(self, request: Request, form: dict[str, str]) -> bool:
        """A password is short: whoever has been wrong too often is not heard, be it right this time."""
        self._wrong_passwords.check(caller_of(request))
        if form.get("by") == "fingerprint" or form.get("password") == PIN:
            return True
        self._wrong_passwords.failed(caller_of(request))
        return False

    def _confirmations(self, trade: Trade) -> dict[str, str]:
        """The message to who has paid, by language."""
        told = {"merchant": self._merchants.named(trade.mchid).name, "amount": Money(trade.total, trade.currency)}
        return {language: self._pages.text(language, "confirmation", **told) for language in LANGUAGES}

    async def _visit(self, request: Request) -> tuple[Visit, Trade]:
        """Of the phone that came in. Raises NotFound; TurnedAway for another one."""
        address = _secure(request)
        visit = self._visits.read(request.path_params["visit"])
        if not is_same_phone(address, visit.address):
            raise TurnedAway(Reason.OTHER_ADDRESS, str(address), visit.address)
        return visit, await self._desk.prepared(visit.prepay_id)

    def _question(self, request: Request, visit: Visit, trade: Trade, wrong: str = "") -> Response:
        status = 422 if wrong else 200
        return self._page(request, "verify.html", visit, trade, status, wrong=wrong, password=PIN)

    def _done(self, request: Request, visit: Visit, trade: Trade) -> Response:
        return self._page(request, "done.html", visit, trade, stage=self._stage(trade))

    def _stage(self, trade: Trade) -> str:
        if trade.state is TradeState.CLOSED and trade.expires_at <= self._desk.now():
            return "expired"
        return trade.state.value.lower()

    def _page(
        self, request: Request, template: str, visit: Visit, trade: Trade, status: int = 200, **values: object
    ) -> Response:
        language = self._spoken(request)
        return self._pages.render(
            template,
            language,
            status,
            merchant=self._merchants.named(trade.mchid).name,
            trade=trade,
            amount=Money(trade.total, trade.currency),
            base=self._visits.place(visit),
            back=visit.back,
            back_host=urlsplit(visit.back).hostname,
            other=_other(language),
            **values,
        )

    def _spoken(self, request: Request) -> str:
        return requested_language(request) or accepted_language(request, self._language())

    async def _refused(self, request: Request, error: Exception) -> Response:
        language = self._spoken(request)
        if isinstance(error, TurnedAway):
            return self._pages.render("turned_away.html", language, 403, turned=error)
        status, key = explanation(error, _EXPLAINED)
        return refused(self._pages.render("error.html", language, status, explanation=key), error)


def _secure(request: Request) -> IpAddress:
    """The phone's address. Raises NotFound where it does not come over TLS."""
    if request.url.scheme != "https" or request.client is None:
        raise NotFound("payments are made over https only")
    return ip_address(request.client.host)


def _is_open(trade: Trade) -> bool:
    """Whether somebody can pay it still."""
    return not trade.is_paid and trade.state is not TradeState.CLOSED


def _other(language: str) -> str:
    return "en" if language == "zh" else "zh"
