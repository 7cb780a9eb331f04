"""The plain-HTTP half: recognise, show what is due, hand over to HTTPS by a ticket (G2, G10, G11)."""

import logging
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from nfemu.model.errors import InvalidInput, NfemuError
from nfemu.web.pages import read_form, redirect, refuse_foreign, requested_language
from nfemu.web.portal.back_url import safe_back_url
from nfemu.web.portal.line_view import line_view
from nfemu.web.portal.shell import Shell, Visitor, is_secure

_log = logging.getLogger(__name__)


class Landing:
    """`/` and `/green` on HTTP; on HTTPS they lead on, or explain."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    async def enter(self, request: Request) -> Response:
        if is_secure(request):
            known = await self._shell.logged_in(request)
            return redirect("/order") if known is not None else self._shell.unknown(request)
        visitor = await self._shell.enriched_visitor(request)
        if visitor is None:
            return self._shell.unknown(request)
        await self._opened(visitor, request.query_params.get("n", ""))
        return self._shell.page(
            "landing.html",
            self._shell.language(request, visitor),
            line=line_view(visitor.status, self._shell.config.country_code),
            back=self._back(request.query_params.get("url", "")),
            path=request.url.path,
            chosen=requested_language(request) or "",
            csrf=self._shell.seal.landing_token(visitor.session),
        )

    async def proceed(self, request: Request) -> Response:
        """The button: a one-time ticket, redeemed at once over HTTPS."""
        visitor = None if is_secure(request) else await self._shell.enriched_visitor(request)
        if visitor is None:
            return self._shell.unknown(request)
        refuse_foreign(request)
        form = await read_form(request)
        if not self._shell.seal.is_landing_token(visitor.session, form.get("csrf", "")):
            raise InvalidInput("the form is not one of our landing page for this session; open that page again")
        back, language = self._back(form.get("url", "")), requested_language(request)
        return redirect(ticket_url(self._shell, self._shell.tickets.issue(visitor.session, back, language)))

    async def _opened(self, visitor: Visitor, name: str) -> None:
        """The link of a message was opened; whatever becomes of that, the page is shown."""
        if not name:
            return
        try:
            await self._shell.carrier.click(visitor.msisdn, name)
        except NfemuError as error:
            _log.info("the link of message %.40r of %s tells nothing: %s", name, visitor.msisdn.masked(), error)

    def _back(self, text: str) -> str | None:
        return safe_back_url(text, self._shell.config.host)


def ticket_url(shell: Shell, ticket: str) -> str:
    """The HTTPS link that logs the ticket's owner in, once, within a minute."""
    return f"{shell.config.secure_url}/enter?{urlencode({'ticket': ticket})}"
