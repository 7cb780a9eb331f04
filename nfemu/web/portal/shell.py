"""What all portal handlers stand on: who is there, in which language, and how a page is made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response

from nfemu.carrier.status import LineStatus
from nfemu.model.destination import IpAddress
from nfemu.model.errors import NotFound
from nfemu.model.identity import Msisdn
from nfemu.model.session import PdnSession
from nfemu.runtime.service import CarrierService
from nfemu.web.limits import Attempts
from nfemu.web.origins.connection import origin_of
from nfemu.web.pages import LANGUAGES, Pages, accepted_language, explanation, refused, requested_language
from nfemu.web.portal.config import Identify, PortalConfig
from nfemu.web.portal.line_view import is_same, session_at
from nfemu.web.portal.login import COOKIE, Login, LoginSeal
from nfemu.web.portal.texts import TEXTS
from nfemu.web.portal.tickets import TicketDesk

_EXPLAINED = (404, 405, 409, 422, 429, 503)
_WRONG_TICKETS = (20, 60.0)
_WRONG_SIGNATURES = (20, 60.0)
"""Of one phone: so many in so many seconds."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A recognised subscriber: the status just read, and the active session that the request came over."""

    status: LineStatus
    session: PdnSession

    @property
    def msisdn(self) -> Msisdn:
        return self.status.line.subscriber.msisdn


class Shell:
    """The portal's collaborators and the questions that every handler asks of them. `wall` is aware wall time."""

    def __init__(
        self,
        config: PortalConfig,
        carrier: CarrierService,
        identify: Identify,
        key: bytes,
        wall: Callable[[], datetime],
    ) -> None:
        self.config = config
        self.carrier = carrier
        self.wall = wall
        self.tickets = TicketDesk(wall)
        # The phone's operating system asks whenever it likes, and must not use up what its user has been given.
        self.captive_tickets = TicketDesk(wall)
        self.seal = LoginSeal(key)
        self.pages = _pages(config)
        self.wrong_tickets = Attempts(*_WRONG_TICKETS)
        self.wrong_signatures = Attempts(*_WRONG_SIGNATURES)
        self._identify = identify

    def replace(self, config: PortalConfig, identify: Identify) -> None:
        """Another name or host, from the next request on. Tickets that are on their way stay good."""
        if config != self.config:
            self.config, self.pages = config, _pages(config)
        self.recognise_by(identify)

    def recognise_by(self, identify: Identify) -> None:
        """Read the enriched header another way, from the next request on: header, encoding or keys have changed."""
        self._identify = identify

    async def enriched_visitor(self, request: Request) -> Visitor | None:
        """Who the gateway says is there. Believed on plain HTTP from the gateway only: a UE that has an address of
        the emulated Internet dials it itself, and over TLS the gateway could not have written the header (G10, G12)."""
        origin = origin_of(request.scope)
        if origin is None or origin.connection.tls or not origin.connection.by_gateway:
            return None
        msisdn = self._identify(origin)
        return None if msisdn is None else await self.visitor(msisdn, origin.connection.ue_address)

    async def logged_in(self, request: Request) -> tuple[Login, Visitor] | None:
        """Who the session cookie says is there, if that session and generation still has the request's address."""
        value = request.cookies.get(COOKIE)
        login = None if value is None or not is_secure(request) else self.seal.read(value, self.wall())
        if login is None:
            return None
        visitor = await self.visitor(login.msisdn, ue_address(request))
        if visitor is None or not is_same(visitor.session, login.session, login.generation):
            return None
        return login, visitor

    async def visitor(self, msisdn: Msisdn, address: IpAddress) -> Visitor | None:
        """The line of `msisdn`, if it exists and is attached with that UE address."""
        try:
            status = await self.carrier.status(msisdn)
        except NotFound:
            return None
        session = session_at(status, address)
        return None if session is None else Visitor(status, session)

    def language(self, request: Request, visitor: Visitor | None = None, chosen: str | None = None) -> str:
        """`?lang=` of this request, what was chosen before, the subscriber's own, the browser's, the carrier's."""
        known = visitor.status.line.subscriber.language if visitor is not None else None
        wanted = requested_language(request) or chosen or known
        return wanted if wanted in LANGUAGES else accepted_language(request, self.config.voice.language)

    def page(self, template: str, language: str, status: int = 200, **values: object) -> Response:
        return self.pages.render(
            template,
            language,
            status,
            carrier=self.config.voice.name[language],
            emergency=self.config.voice.emergency_in(language),
            other="en" if language == "zh" else "zh",
            plain_url=self.config.plain_url,
            **values,
        )

    def unknown(self, request: Request, *, text: str = "unknown") -> Response:
        """No identity: how to get one. `text`: `unknown` or `over`."""
        return self.page("unknown.html", self.language(request), 403, text=text)

    async def refused(self, request: Request, error: Exception) -> Response:
        """Every error is a page."""
        status, key = explanation(error, _EXPLAINED)
        return refused(self.page("error.html", self.language(request), status, explanation=key), error)


def _pages(config: PortalConfig) -> Pages:
    return Pages("nfemu.web.portal", TEXTS, (config.secure_url, *config.pay_origins))


def is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def ue_address(request: Request) -> IpAddress:
    """The subscriber's address, as the gateway told the front. Raises NotFound for a request from elsewhere."""
    if request.client is None:
        raise NotFound("a portal request has no client address; it must come through the gateway")
    return ip_address(request.client.host)
