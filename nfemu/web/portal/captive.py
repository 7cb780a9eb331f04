"""Captive-portal API (RFC 8908): tells the phone's operating system whether it is in the green channel or a garden.

The line is known by its UE address, since the operating system sends no cookie and the gateway cannot enrich TLS.
"""

import json

from starlette.requests import Request
from starlette.responses import Response

from nfemu.model.errors import NotFound
from nfemu.web.portal.landing import ticket_url
from nfemu.web.portal.line_view import Service, service_of
from nfemu.web.portal.shell import Shell, Visitor, is_secure, ue_address
from nfemu.wire.protection import PROTECTION


class CaptiveApi:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    async def answer(self, request: Request) -> Response:
        """`captive` is false only once every enforcement point has acknowledged the open profile; an address that
        is nobody's is captive, and so is a line in a garden. The portal URL logs in once, within a minute, or is the
        garden's page; section 5 of the RFC wants HTTPS, so a page without it is not named."""
        if not is_secure(request):
            raise NotFound("the captive-portal API is served over https only")
        page = self._page(await self._visitor(request))
        fields: dict[str, object] = {"captive": page is not None}
        if page:
            fields["user-portal-url"] = page
        return Response(
            json.dumps(fields),
            media_type="application/captive+json",
            headers={**PROTECTION, "Cache-Control": "private, no-store"},
        )

    def _page(self, visitor: Visitor | None) -> str | None:
        """Where to send somebody who is captive, empty where there is no such page; None: nobody keeps the line."""
        if visitor is None:
            return f"{self._shell.config.secure_url}/"
        if service_of(visitor.status) is not Service.OPEN:
            return ticket_url(self._shell, self._shell.captive_tickets.current(visitor.session))
        return self._shell.config.gardens.get(visitor.session.policy)

    async def _visitor(self, request: Request) -> Visitor | None:
        address = ue_address(request)
        session = self._shell.carrier.session_at(address)
        return None if session is None else await self._shell.visitor(session.msisdn, address)
