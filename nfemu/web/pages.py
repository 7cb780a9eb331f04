"""What the portal's and the provider's pages share: rendering, languages, forms, and the headers that protect them.

Pages work without JavaScript and carry a strict content security policy: styles from the own origin, no scripts,
forms to named targets only, never inside a frame.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import parse_qsl

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from nfemu.model.errors import Conflict, InvalidInput, NfemuError, NotFound, Unavailable
from nfemu.web.limits import TooMany
from nfemu.wire.protection import PROTECTION

LANGUAGES = ("zh", "en")
_BETWEEN = {"zh": "、", "en": ", "}
_FORM_LIMIT = 16 * 1024
_FORM_FIELDS = 20

Texts = Mapping[str, Mapping[str, str]]
"""Language → key → text with `{named}` places."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How the carrier speaks on its pages. `name` by language; `language`: where the browser asks for none of ours;
    `emergency`: numbers of the calls that every page says are never affected (G17)."""

    name: Mapping[str, str]
    language: str = "zh"
    emergency: tuple[str, ...] = ("112",)

    def emergency_in(self, language: str) -> str:
        """The numbers as a list in a sentence."""
        return _BETWEEN[language].join(self.emergency)


class Pages:
    """The templates of one site (`<package>/templates`, `<package>/static/style.css`) in all its languages."""

    def __init__(self, package: str, texts: Texts, form_targets: Sequence[str]) -> None:
        """`form_targets`: origins to which forms of this site may lead, redirects included."""
        self._environment = Environment(
            loader=PackageLoader(package),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._texts = texts
        self._style = files(package).joinpath("static", "style.css").read_bytes()
        targets = " ".join(["'self'", *form_targets])
        self._headers = {
            **PROTECTION,
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action {targets}",
        }

    def text(self, language: str, key: str, **values: object) -> str:
        return self._texts[language][key].format(**values)

    def render(self, template: str, language: str, status: int = 200, **values: object) -> Response:
        """The page in `language`. Templates have `t(key, **values)` for texts; everything is escaped."""

        def translate(key: str, **places: object) -> str:
            return self.text(language, key, **places)

        body = self._environment.get_template(template).render(t=translate, lang=language, **values)
        return HTMLResponse(body, status, dict(self._headers))

    def style_route(self) -> Route:
        """Serves the style sheet; it holds nothing personal and may be cached."""

        async def style(_: Request) -> Response:
            headers = {**PROTECTION, "Cache-Control": "max-age=3600"}
            return Response(self._style, media_type="text/css", headers=headers)

        return Route("/static/style.css", style)


def site(routes: Sequence[BaseRoute], refused: Callable[[Request, Exception], Awaitable[Response]]) -> Starlette:
    """An application whose every refusal is a page, also where a path is nearly right."""
    application = Starlette(
        routes=routes, exception_handlers={NfemuError: refused, HTTPException: refused, Exception: refused}
    )
    application.router.redirect_slashes = False
    return application


def redirect(url: str) -> Response:
    """See Other (RFC 9110 section 15.4.4), never cached. `url` must be checked by the caller."""
    return Response(status_code=303, headers={**PROTECTION, "Location": url})


def naming_our_origin(response: Response) -> Response:
    """`response` whose links, forms and redirects tell where they lead from which origin they come, and no more:
    payment providers ask for it (W3C Referrer Policy, section 3.5)."""
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def requested_language(request: Request) -> str | None:
    """The language that a link asked for by `?lang=`, if it is one of ours."""
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES else None


def accepted_language(request: Request, usual: str) -> str:
    """The browser's choice among ours (RFC 9110 section 12.5.4); the carrier's `usual` one when it has none."""
    best, best_weight = usual, 0.0
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        language = tag.lower().split("-")[0]
        weight = _weight(parameter)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


def refuse_foreign(request: Request) -> None:
    """A form must come from our own pages. Raises InvalidInput where the browser says that it does not.

    No page can forge `Sec-Fetch-Site`; older browsers do not send it, nor does anybody on plain HTTP.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise InvalidInput("the form was sent by a page of another site; open our own page and send it from there")


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form. Raises InvalidInput on anything but a small urlencoded one without repetition."""
    body = await read_body(request, _FORM_LIMIT)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/x-www-form-urlencoded":
        raise InvalidInput(f"form of type `{kind}`; send application/x-www-form-urlencoded")
    pairs = _pairs(body)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise InvalidInput("form names a field twice")
    return form


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FORM_FIELDS, errors="strict")
    except ValueError as error:
        raise InvalidInput("form cannot be read; send it urlencoded in UTF-8, at most 20 fields") from error


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body. Raises InvalidInput past `limit` bytes."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise InvalidInput(f"request body is larger than {limit} bytes")
    return body


_STATUS: tuple[tuple[type[NfemuError], int], ...] = (
    (InvalidInput, 422),
    (NotFound, 404),
    (Conflict, 409),
    (Unavailable, 503),
    (TooMany, 429),
)


def status_of(error: NfemuError) -> int:
    """The HTTP status of a refusal (`nfemu.model.errors`)."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def explanation(error: Exception, explained: Collection[int]) -> tuple[int, str]:
    """The status of what went wrong, and the key of its text: `error_404`, or `error_other` where the status is none of
    the `explained`."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if isinstance(error, NfemuError):
        status = status_of(error)
    return status, f"error_{status}" if status in explained else "error_other"


def refused(page: Response, error: Exception) -> Response:
    """`page`, which says what `error` is, with the header that belongs to it."""
    if isinstance(error, TooMany):
        page.headers["Retry-After"] = str(error.retry_after)
    return page
