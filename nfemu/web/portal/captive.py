"""Captive-portal API (RFC 8908): tells the phone's operating system whether it is behind the green channel.

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
        is nobody's is captive. The portal URL logs in once, within a minute (section 5 of the RFC wants HTTPS)."""
        if not is_secure(request):
            raise NotFound("the captive-portal API is served over https only")
        visitor = await self._visitor(request)
        fields: dict[str, object] = {"captive": False}
        if visitor is None:
            fields = {"captive": True, "user-portal-url": f"{self._shell.config.secure_url}/"}
        elif service_of(visitor.status) is not Service.OPEN:
            fields = {"captive": True, "user-portal-url": ticket_url(self._shell, visitor)}
        return Response(
            json.dumps(fields),
            media_type="application/captive+json",
            headers={**PROTECTION, "Cache-Control": "private, no-store"},
        )

    async def _visitor(self, request: Request) -> Visitor | None:
        address = ue_address(request)
        session = self._shell.carrier.session_at(address)
        return None if session is None else await self._shell.visitor(session.msisdn, address)
