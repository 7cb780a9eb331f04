"""The landing pages as one ASGI application among the origins: by host, and every other name is somebody else's.

A page knows nobody and sets nothing: gardens are not told who the subscriber is.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nfemu.model.landing import LandingPage
from nfemu.model.policy import Hours
from nfemu.policy.hours import is_open
from nfemu.web.landing.texts import TEXTS
from nfemu.web.origins.dispatch import RECORDING, refuse
from nfemu.web.origins.sites import drain
from nfemu.web.pages import Pages, Voice, accepted_language, requested_language


class LandingPages:
    """`local_now`: business time in the carrier's zone, for opening hours."""

    def __init__(
        self,
        pages: Iterable[LandingPage],
        others: ASGIApp,
        voice: Voice,
        local_now: Callable[[], datetime],
    ) -> None:
        self._others = others
        self._now = local_now
        self._site = Pages(__package__, TEXTS, form_targets=())
        self._style = self._site.style_route()
        self.replace(pages, voice)

    def replace(self, pages: Iterable[LandingPage], voice: Voice) -> None:
        """From the next request on."""
        self._voice = voice
        self._pages: dict[str, dict[str, LandingPage]] = {}
        for page in pages:
            self._pages.setdefault(page.host, {})[page.path] = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._pages.get(scope[RECORDING].name)
        if found is None:
            await self._others(scope, receive, send)
        elif scope["type"] != "http":
            await refuse(scope, receive, send, (405, "this page is only read"))
        elif scope["method"] not in ("GET", "HEAD"):
            await drain(receive, scope[RECORDING])
            await refuse(scope, receive, send, (405, "this page is only read"))
        elif scope["path"] == self._style.path:
            await self._style.handle(scope, receive, send)
        else:
            await self._answer(Request(scope), found.get(scope["path"]))(scope, receive, send)

    def _answer(self, request: Request, page: LandingPage | None) -> Response:
        language = requested_language(request) or accepted_language(request, self._voice.language)
        if page is None:
            return self._render(language, 404, title=self._site.text(language, "missing"), text="", hours=(), links=())
        now = self._now()
        hours = [
            {"opens": f"{each.opens:%H:%M}", "closes": f"{each.closes:%H:%M}", "open": is_open(each, now)}
            for each in page.hours
        ]
        links = [
            {"url": link.url, "text": link.text[language], "opens": _opening(link.hours, now)} for link in page.links
        ]
        title, text = page.title[language], page.text[language]
        return self._render(language, 200, title=title, text=text, hours=hours, links=links)

    def _render(self, language: str, status: int, **values: object) -> Response:
        other = "en" if language == "zh" else "zh"
        spoken = {"carrier": self._voice.name[language], "emergency": self._voice.emergency_in(language)}
        return self._site.render("page.html", language, status, other=other, **spoken, **values)


def _opening(hours: Sequence[Hours], now: datetime) -> str:
    """When what is closed now opens next, a time of day; empty: it is open."""
    if not hours or any(is_open(each, now) for each in hours):
        return ""
    today = [each.opens for each in hours if each.opens > now.time()]
    return f"{min(today or [each.opens for each in hours]):%H:%M}"
