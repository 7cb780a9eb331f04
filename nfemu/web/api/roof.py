"""What all pages behind a login link share: who may look, languages, refusals, and forms that only they can send."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nfemu.model.errors import InvalidInput, NfemuError
from nfemu.web.api.backend import ApiConfig
from nfemu.web.api.login import COOKIE, Logins
from nfemu.web.pages import (
    LANGUAGES,
    Pages,
    Texts,
    accepted_language,
    read_form,
    redirect,
    refuse_foreign,
    refused,
    requested_language,
    status_of,
)

Handler = Callable[[Request], Awaitable[Response]]


class Roof:
    """`logins` decides who may look; `texts` are those of all pages under it."""

    def __init__(self, config: ApiConfig, logins: Logins, texts: Texts) -> None:
        self.config = config
        self.logins = logins
        self._pages = Pages(__package__, texts, form_targets=())

    def style_route(self) -> Route:
        return self._pages.style_route()

    def behind(self, handler: Handler, back: str = "/inbox") -> Handler:
        """`handler` for those who may look; what it refuses is a page that leads back to `back`."""

        async def guarded(request: Request) -> Response:
            if not self.logins.is_valid(request.cookies.get(COOKIE, "")):
                return self.locked(request)
            try:
                return await handler(request)
            except NfemuError as error:
                return self.wrong(request, error, back)

        return guarded

    def locked(self, request: Request) -> Response:
        return self.render("locked.html", request, 403)

    def wrong(self, request: Request, error: NfemuError, back: str = "/inbox") -> Response:
        """A page that says why it is none."""
        return refused(self.render("wrong.html", request, status_of(error), error=str(error), back=back), error)

    def language(self, request: Request) -> str:
        return requested_language(request) or accepted_language(request, self.config.language)

    def render(self, template: str, request: Request, status: int = 200, **values: object) -> Response:
        """Templates have `carrier`, `path` and `lang` beside what is given."""
        language = self.language(request)
        return self._pages.render(
            template,
            language,
            status,
            carrier=self.config.carrier_name[language],
            path=request.url.path,
            **values,
        )

    def render_forms(self, template: str, request: Request, **values: object) -> Response:
        """A page with forms: its template has `form_token` too."""
        token = self.logins.form_token(request.cookies.get(COOKIE, ""))
        page = self.render(template, request, 200, form_token=token, **values)
        page.headers["Referrer-Policy"] = "same-origin"  # else browsers send forms with `Origin: null`
        return page

    def text(self, request: Request, key: str, **values: object) -> str:
        return self._pages.text(self.language(request), key, **values)

    async def form(self, request: Request) -> dict[str, str]:
        """The fields of a form of ours. Raises InvalidInput for one of anybody else."""
        refuse_foreign(request)
        form = await read_form(request)
        if not self.logins.is_form_token(request.cookies.get(COOKIE, ""), form.pop("form_token", "")):
            raise InvalidInput("the form is not one of this login; open its page again, and send it from there")
        return form

    def onward(self, request: Request, path: str, said: str = "") -> Response:
        """To the page at `path`, in the same language; it says `said`, the key of a text."""
        return redirect(f"{path}?lang={self.language(request)}" + (f"&said={said}" if said else ""))


def texts_of(*tables: Texts) -> Texts:
    """One table of several."""
    return {
        language: {key: text for table in tables for key, text in table[language].items()} for language in LANGUAGES
    }
