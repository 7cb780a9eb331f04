"""Who may talk to the API: the right `Host`, no foreign `Origin`, and the token or a page's cookie.

The API listens on loopback, where every web page that a browser of this machine shows can send requests. `Host` is
checked against DNS rebinding, `Origin` against requests that a page makes, and the token against everybody else.
"""

import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from nfemu.web.api.problems import problem

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PUBLIC = ("/healthz",)
PAGES = ("/login", "/inbox", "/static/")
"""Paths for browsers; they check their own link or cookie."""


class Guard:
    """ASGI middleware. `host_names` beside the loopback ones, without port."""

    def __init__(self, app: ASGIApp, token: str, host_names: Iterable[str]) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()
        self._hosts = {*_LOOPBACK, *(name.lower() for name in host_names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope["path"], Headers(scope=scope)) if scope["type"] == "http" else (404, "no", {})
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await problem(*refusal)(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> tuple[int, str, dict[str, str]] | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _name(f"//{hosts[0]}") not in self._hosts:
            text = "this is not a name of the API; use 127.0.0.1, or list the name in carrier.yaml under `api.names`"
            return 421, text, {}
        for origin in headers.getlist("origin"):
            if _name(origin) not in self._hosts:
                return 403, "requests of web pages from elsewhere are refused", {}
        if path in _PUBLIC or path.startswith(PAGES) or self._knows_token(headers):
            return None
        text = "token missing or wrong; send `Authorization: Bearer …` with the text of api.token in the state folder"
        return 401, text, {"WWW-Authenticate": "Bearer"}

    def _knows_token(self, headers: Headers) -> bool:
        given = headers.get("authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, self._expected)


def _name(url: str) -> str | None:
    """The host of a URL, or None where there is none that can be read."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
