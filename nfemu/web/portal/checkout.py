"""The HTTPS half: ticket → confirm order → the provider's pay page → result (G13, G14, S27)."""

import logging
import unicodedata

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from nfemu.model.errors import InvalidInput, LimitReached, NfemuError, NotFound
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.model.orders import Payment, PaymentState
from nfemu.web.limits import caller_of
from nfemu.web.pages import naming_our_origin, read_form, redirect, refuse_foreign, requested_language
from nfemu.web.portal.back_url import shown_host
from nfemu.web.portal.line_view import Outcome, line_view, outcome_of
from nfemu.web.portal.login import COOKIE, LIFETIME, Login
from nfemu.web.portal.shell import Shell, Visitor, is_secure, ue_address

_LOG = logging.getLogger(__name__)
_UPDATES_ITSELF = (Outcome.WAITING, Outcome.RESTORING)
_REFRESH_AFTER = "2"


class Checkout:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    async def enter(self, request: Request) -> Response:
        """Redeem a ticket. Whoever it was not issued to is refused, and it stays good for its owner."""
        presenter = self._shell.carrier.session_at(ue_address(request)) if is_secure(request) else None
        text = request.query_params.get("ticket", "")
        ticket = self._shell.tickets.redeem(text, presenter) or self._shell.captive_tickets.redeem(text, presenter)
        if ticket is None:
            self._shell.wrong_tickets.failed(caller_of(request))
            return self._shell.unknown(request, text="over")
        seal, now = self._shell.seal, self._shell.wall()
        login = seal.open(ticket.msisdn, ticket.session, ticket.generation, now, ticket.back, ticket.language)
        response = redirect("/order")
        response.set_cookie(
            COOKIE,
            seal.cookie_value(login),
            max_age=int(LIFETIME.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            samesite="lax",
        )
        return response

    async def show_order(self, request: Request) -> Response:
        known = await self._shell.logged_in(request)
        if known is None:
            return self._shell.unknown(request, text="over")
        return self._order_page(request, *known)

    async def place_order(self, request: Request) -> Response:
        """Create the payment and go to the provider. A wrong amount is asked again; where too many orders wait for
        their payer, those are shown."""
        known = await self._shell.logged_in(request)
        if known is None:
            return self._shell.unknown(request, text="over")
        login, visitor = known
        form = await read_form(request)
        self._check_sender(request, login, form.get("csrf", ""))
        entered = form.get("amount", "")
        try:
            amount = self._amount(entered, visitor)
        except InvalidInput:
            return self._order_page(request, login, visitor, wrong=entered)
        language = self._shell.language(request, visitor, login.language)
        return_url = f"{self._shell.config.secure_url}/result?lang={language}"
        address = ue_address(request)
        try:
            _, pay_page = await self._shell.carrier.order_payment(visitor.msisdn, amount, return_url, language, address)
        except LimitReached:
            orders = await self._shell.carrier.waiting_orders(visitor.msisdn, return_url, language, address)
            return naming_our_origin(self._shell.page("waiting.html", language, 409, orders=orders))
        return naming_our_origin(redirect(pay_page))

    async def result(self, request: Request) -> Response:
        """What became of a payment of this line, from the carrier's own books; the provider is asked about one of which
        they have heard nothing."""
        known = await self._shell.logged_in(request)
        if known is None:
            return self._shell.unknown(request, text="over")
        login, visitor = known
        payment = await self._shell.carrier.payment(PaymentNo(request.query_params.get("payment", "")))
        if payment.imsi != visitor.status.line.subscriber.imsi:
            raise NotFound(f"payment `{payment.no}` is not of this line")
        if await self._has_news(payment):
            return await self.result(request)
        outcome = outcome_of(payment, visitor.status)
        page = self._shell.page(
            "result.html",
            self._shell.language(request, visitor, login.language),
            line=line_view(visitor.status, self._shell.config.country_code),
            outcome=outcome.value,
            payment=payment,
            missing=visitor.status.shown_due,
            back=login.back,
            back_host=shown_host(login.back) if login.back else "",
        )
        if outcome in _UPDATES_ITSELF:
            page.headers["Refresh"] = _REFRESH_AFTER
        if outcome is Outcome.RESTORED:
            page.background = BackgroundTask(self._shell.carrier.page_delivered, visitor.msisdn)
        return page

    async def _has_news(self, payment: Payment) -> bool:
        """Whether it is not open any more, once the provider has been asked. One that cannot say is asked later."""
        if payment.state is not PaymentState.CREATED:
            return False
        try:
            await self._shell.carrier.inquire(payment.no)
        except NfemuError as error:
            _LOG.warning("the provider cannot be asked about payment `%s`: %s", payment.no, error)
        return (await self._shell.carrier.payment(payment.no)).state is not PaymentState.CREATED

    def _order_page(self, request: Request, login: Login, visitor: Visitor, wrong: str | None = None) -> Response:
        config = self._shell.config
        due = visitor.status.shown_due
        proposed = due if due.minor > 0 else Money(config.suggested.minor, due.currency)
        smallest, largest = self._limits(visitor)
        page = self._shell.page(
            "order.html",
            self._shell.language(request, visitor, login.language),
            200 if wrong is None else 422,
            line=line_view(visitor.status, config.country_code),
            amount=proposed.plain() if wrong is None else wrong,
            example=proposed.plain(),
            wrong=wrong is not None,
            smallest=smallest,
            largest=largest,
            csrf=self._shell.seal.csrf_token(login),
            chosen=requested_language(request) or "",
        )
        return naming_our_origin(page)

    def _check_sender(self, request: Request, login: Login, token: str) -> None:
        refuse_foreign(request)
        if not self._shell.seal.is_csrf_token(login, token):
            raise InvalidInput("the order form is not one of this login; open it again")

    def _amount(self, text: str, visitor: Visitor) -> Money:
        """Read an amount as people type it: full-width digits, a currency sign. Raises InvalidInput."""
        smallest, largest = self._limits(visitor)
        amount = Money.typed(unicodedata.normalize("NFKC", text), smallest.currency)
        if not smallest.minor <= amount.minor <= largest.minor:
            raise InvalidInput(f"amount `{text}` is not between {smallest} and {largest}")
        return amount

    def _limits(self, visitor: Visitor) -> tuple[Money, Money]:
        """What is due can always be paid in one go."""
        config, due = self._shell.config, visitor.status.shown_due
        return Money(config.smallest.minor, due.currency), Money(max(config.largest.minor, due.minor), due.currency)
