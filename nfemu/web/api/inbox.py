"""The inbox as pages for people: `/login`, `/inbox`, `/inbox/{number}`. Reading only; no JavaScript."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nfemu.model.errors import NfemuError
from nfemu.model.identity import Msisdn
from nfemu.model.notices import Notice
from nfemu.web.api.backend import ApiConfig, Carrier
from nfemu.web.api.login import COOKIE, SESSION_LIFE_S, Logins
from nfemu.web.api.texts import TEXTS
from nfemu.web.limits import Attempts, TooMany, caller_of
from nfemu.web.pages import Pages, accepted_language, refused, requested_language, status_of

_PAGE_SIZE = 100
_WRONG_LINKS = (30, 60.0)
"""Of one address: so many in so many seconds."""


class InboxPages:
    """`logins` decides who may read."""

    def __init__(self, carrier: Carrier, config: ApiConfig, logins: Logins) -> None:
        self._carrier = carrier
        self._config = config
        self._logins = logins
        self._wrong_links = Attempts(*_WRONG_LINKS)
        self._pages = Pages(__package__, TEXTS, form_targets=())

    def routes(self) -> Sequence[BaseRoute]:
        return (
            Route("/login", self._login),
            Route("/inbox", self._list),
            Route("/inbox/{number}", self._inbox),
            self._pages.style_route(),
        )

    async def _login(self, request: Request) -> Response:
        """The page leads on by itself: a Strict cookie is not sent with a redirect that began on another site."""
        redeemed = self._logins.redeem(request.query_params.get("token", ""))
        if redeemed is None:
            return self._locked(request)
        session, target = redeemed
        answer = self._render("welcome.html", request, target=target)
        answer.set_cookie(COOKIE, session, max_age=int(SESSION_LIFE_S), path="/", httponly=True, samesite="strict")
        return answer

    def _locked(self, request: Request) -> Response:
        """A wrong link is answered as none; too many of one address are not."""
        try:
            self._wrong_links.failed(caller_of(request))
        except TooMany as error:
            return refused(self._render("wrong.html", request, 429, error=str(error)), error)
        return self._render("locked.html", request, 403)

    async def _list(self, request: Request) -> Response:
        if not self._may_read(request):
            return self._render("locked.html", request, 403)
        try:
            after = request.query_params.get("after")
            start = Msisdn.parse(after, self._config.country_code) if after else None
            found = await self._carrier().subscribers(start, _PAGE_SIZE + 1)
        except NfemuError as error:
            return self._wrong(request, error)
        numbers = [card.msisdn.national(self._config.country_code) for card in found[:_PAGE_SIZE]]
        more = numbers[-1] if len(found) > _PAGE_SIZE else None
        return self._render("list.html", request, numbers=numbers, more=more)

    async def _inbox(self, request: Request) -> Response:
        if not self._may_read(request):
            return self._render("locked.html", request, 403)
        try:
            card = await self._carrier().find(request.path_params["number"])
            notices = await self._carrier().inbox(card.msisdn)
        except NfemuError as error:
            return self._wrong(request, error)
        shown = [self._shown(notice) for notice in notices]
        number = card.msisdn.national(self._config.country_code)
        return self._render("inbox.html", request, number=number, notices=shown)

    def _shown(self, notice: Notice) -> Mapping[str, object]:
        """The message, its text around its link, and its times in the carrier's zone."""
        zone = self._config.timezone
        before, _, after = notice.text.partition(notice.link) if notice.link else (notice.text, "", "")
        return {
            "notice": notice,
            "before": before,
            "after": after,
            "at": (notice.sent_at or notice.created_at).astimezone(zone),
            "clicked_at": notice.clicked_at.astimezone(zone) if notice.clicked_at is not None else None,
        }

    def _may_read(self, request: Request) -> bool:
        return self._logins.is_valid(request.cookies.get(COOKIE, ""))

    def _wrong(self, request: Request, error: NfemuError) -> Response:
        return self._render("wrong.html", request, status_of(error), error=str(error))

    def _render(self, template: str, request: Request, status: int = 200, **values: object) -> Response:
        language = requested_language(request) or accepted_language(request, self._config.language)
        names = self._config.carrier_name
        return self._pages.render(template, language, status, carrier=names[language], path=request.url.path, **values)
