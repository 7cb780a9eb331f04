"""The provider's pages: order → verification → back to the merchant (G13). HTTPS only.

The link to an order is unguessable and signed, so it is also what protects the forms from other sites.
"""

from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nfemu.model.errors import NotFound
from nfemu.model.provider import ProviderStage
from nfemu.web.limits import Attempts, caller_of
from nfemu.web.pages import (
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
from nfemu.web.provider.builtin import BuiltinProvider
from nfemu.web.provider.orders import OrderSheet
from nfemu.web.provider.texts import TEXTS

_EXPLAINED = (404, 409, 422, 429, 503)
_WRONG_PINS = (12, 600.0)
"""Of one phone, over all its orders: so many in so many seconds. Each order has fewer of its own."""


class ProviderSite:
    """Handlers; `application()` is the ASGI application. `merchant_origins`: where the payer is sent back to."""

    def __init__(self, provider: BuiltinProvider, merchant_origins: tuple[str, ...]) -> None:
        self._provider = provider
        self._pages = Pages("nfemu.web.provider", TEXTS, merchant_origins)
        self._wrong_pins = Attempts(*_WRONG_PINS)

    def application(self) -> Starlette:
        return site(
            [
                Route("/pay/{link}", self._order),
                Route("/pay/{link}/verify", self._ask_pin),
                Route("/pay/{link}/verify", self._verify, methods=["POST"]),
                Route("/pay/{link}/cancel", self._cancel, methods=["POST"]),
                self._pages.style_route(),
            ],
            self._refused,
        )

    async def _order(self, request: Request) -> Response:
        sheet = self._sheet(request)
        if await self._provider.stage(sheet) is not ProviderStage.OPEN:
            return await self._done(request, sheet)
        return self._page(request, "order.html", sheet)

    async def _ask_pin(self, request: Request) -> Response:
        sheet = self._sheet(request)
        if await self._provider.stage(sheet) is not ProviderStage.OPEN:
            return await self._done(request, sheet)
        return await self._pin_page(request, sheet, wrong=False)

    async def _verify(self, request: Request) -> Response:
        sheet = self._sheet(request)
        refuse_foreign(request)
        form = await read_form(request)
        stage = await self._provider.stage(sheet)
        if stage is ProviderStage.OPEN:
            stage = await self._verified(request, sheet, form.get("pin", ""))
        if stage is ProviderStage.OPEN:
            return await self._pin_page(request, sheet, wrong=True)
        return redirect(_return_url(sheet)) if stage is ProviderStage.PAID else await self._done(request, sheet)

    async def _verified(self, request: Request, sheet: OrderSheet, pin: str) -> ProviderStage:
        """A PIN is short: whoever has been wrong too often is not heard, be it right this time."""
        self._wrong_pins.check(caller_of(request))
        stage = await self._provider.verify(sheet, pin)
        if stage is not ProviderStage.PAID:
            self._wrong_pins.failed(caller_of(request))
        return stage

    async def _cancel(self, request: Request) -> Response:
        sheet = self._sheet(request)
        refuse_foreign(request)
        if await self._provider.stage(sheet) is ProviderStage.OPEN:
            await self._provider.cancel(sheet)
        return await self._done(request, sheet)

    def _sheet(self, request: Request) -> OrderSheet:
        if request.url.scheme != "https":
            raise NotFound("payments are made over https only")
        return self._provider.order(request.path_params["link"])

    async def _pin_page(self, request: Request, sheet: OrderSheet, *, wrong: bool) -> Response:
        left = await self._provider.attempts_left(sheet) if wrong else None
        status = 422 if wrong else 200
        return self._page(request, "verify.html", sheet, status, left=left, pin=self._provider.config.pin)

    async def _done(self, request: Request, sheet: OrderSheet) -> Response:
        stage = await self._provider.stage(sheet)
        return self._page(request, "done.html", sheet, stage=stage.value, back=_return_url(sheet))

    def _page(
        self, request: Request, template: str, sheet: OrderSheet, status: int = 200, **values: object
    ) -> Response:
        language = (
            requested_language(request) or sheet.language or accepted_language(request, self._provider.config.language)
        )
        return self._pages.render(
            template,
            language,
            status,
            title=self._provider.config.title[language],
            merchant=self._provider.config.merchant[language],
            sheet=sheet,
            base=f"/pay/{request.path_params['link']}",
            other=_other(language),
            **values,
        )

    async def _refused(self, request: Request, error: Exception) -> Response:
        language = requested_language(request) or accepted_language(request, self._provider.config.language)
        status, key = explanation(error, _EXPLAINED)
        title = self._provider.config.title[language]
        return refused(self._pages.render("error.html", language, status, title=title, explanation=key), error)


def _other(language: str) -> str:
    return "en" if language == "zh" else "zh"


def _return_url(sheet: OrderSheet) -> str:
    """The merchant's page, told which order it is about; what the merchant shows it asks its own books."""
    joint = "&" if "?" in sheet.return_url else "?"
    return f"{sheet.return_url}{joint}{urlencode({'payment': sheet.no})}"
