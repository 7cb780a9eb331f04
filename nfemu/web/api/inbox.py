"""The inbox as pages for people: `/login`, `/inbox`, `/inbox/{number}`. Reading only; no JavaScript."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nfemu.model.identity import Msisdn
from nfemu.model.notices import Notice
from nfemu.web.api.backend import Carrier
from nfemu.web.api.login import COOKIE, SESSION_LIFE_S
from nfemu.web.api.roof import Roof
from nfemu.web.limits import Attempts, TooMany, caller_of

_PAGE_SIZE = 100
_WRONG_LINKS = (30, 60.0)
"""Of one address: so many in so many seconds."""


class InboxPages:
    def __init__(self, carrier: Carrier, roof: Roof) -> None:
        self._carrier = carrier
        self._roof = roof
        self._config = roof.config
        self._wrong_links = Attempts(*_WRONG_LINKS)

    def routes(self) -> Sequence[BaseRoute]:
        return (
            Route("/login", self._login),
            Route("/inbox", self._roof.behind(self._list)),
            Route("/inbox/{number}", self._roof.behind(self._inbox)),
            self._roof.style_route(),
        )

    async def _login(self, request: Request) -> Response:
        """The page leads on by itself: a Strict cookie is not sent with a redirect that began on another site."""
        redeemed = self._roof.logins.redeem(request.query_params.get("token", ""))
        if redeemed is None:
            return self._locked(request)
        session, target = redeemed
        answer = self._roof.render("welcome.html", request, target=target)
        answer.set_cookie(COOKIE, session, max_age=int(SESSION_LIFE_S), path="/", httponly=True, samesite="strict")
        return answer

    def _locked(self, request: Request) -> Response:
        """A wrong link is answered as none; too many of one address are not."""
        try:
            self._wrong_links.failed(caller_of(request))
        except TooMany as error:
            return self._roof.wrong(request, error)
        return self._roof.locked(request)

    async def _list(self, request: Request) -> Response:
        after = request.query_params.get("after")
        start = Msisdn.parse(after, self._config.country_code) if after else None
        found = await self._carrier().subscribers(start, _PAGE_SIZE + 1)
        numbers = [card.msisdn.national(self._config.country_code) for card in found[:_PAGE_SIZE]]
        more = numbers[-1] if len(found) > _PAGE_SIZE else None
        return self._roof.render("list.html", request, numbers=numbers, more=more)

    async def _inbox(self, request: Request) -> Response:
        card = await self._carrier().find(request.path_params["number"])
        notices = await self._carrier().inbox(card.msisdn)
        shown = [self._shown(notice) for notice in notices]
        number = card.msisdn.national(self._config.country_code)
        return self._roof.render("inbox.html", request, number=number, notices=shown)

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
