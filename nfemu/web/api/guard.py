"""Who may talk to the API: the right `Host`, no foreign `Origin`, and the token or a page's cookie.

The API listens on loopback, where every web page that a browser of this machine shows can send requests. `Host` is
checked against DNS rebinding, `Origin` against requests that a page makes, and the token against everybody else.
"""

import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nfemu.web.api.problems import refusal as refused_as
from nfemu.web.limits import Attempts, TooMany, caller_of
from nfemu.wire.protection import PROTECTION

Refusal = tuple[int, str, dict[str, str]]
"""Status, text, headers."""
_BODY_LIMIT = 64 * 1024
_TOO_LARGE: Refusal = (413, f"the body is larger than {_BODY_LIMIT} bytes; nothing here needs that much", {})
_WRONG_TOKENS = (30, 60.0)
"""Of one address: so many in so many seconds. The right token is never turned away."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PUBLIC = ("/healthz",)
PAGES = ("/login", "/inbox", "/pay", "/static/")
"""Paths for browsers; they check their own link or cookie."""


class Guard:
    """ASGI middleware. `host_names` beside the loopback ones, without port."""

    def __init__(self, app: ASGIApp, token: str, host_names: Iterable[str]) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()
        self._wrong_tokens = Attempts(*_WRONG_TOKENS)
        self._hosts = {*_LOOPBACK, *(name.lower() for name in host_names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        send = _protected(send)
        refusal = self._refusal(scope) if scope["type"] == "http" else (404, "no", {})
        if refusal is None:
            received = await _received(receive)
            refusal = _TOO_LARGE if received is None else None
            receive = received or receive
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refused_as(scope["path"], *refusal)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        path, headers = scope["path"], Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _name(f"//{hosts[0]}") not in self._hosts:
            text = "this is not a name of the API; use 127.0.0.1, or list the name in carrier.yaml under `api.names`"
            return 421, text, {}
        for origin in headers.getlist("origin"):
            if _name(origin) not in self._hosts:
                return 403, "requests of web pages from elsewhere are refused", {}
        if path in _PUBLIC or path.startswith(PAGES) or self._knows_token(headers):
            return None
        try:
            self._wrong_tokens.failed(caller_of(HTTPConnection(scope)))
        except TooMany as error:
            return 429, str(error), {"Retry-After": str(error.retry_after)}
        text = "token missing or wrong; send `Authorization: Bearer …` with the text of api.token in the state folder"
        return 401, text, {"WWW-Authenticate": "Bearer"}

    def _knows_token(self, headers: Headers) -> bool:
        given = headers.get("authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, self._expected)


def _protected(send: Send) -> Send:
    """The headers of every answer, unless it has its own."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in PROTECTION.items():
                headers.setdefault(name, value)
        await send(message)

    return wrapped


async def _received(receive: Receive) -> Receive | None:
    """The request's body, read before anybody asks for it; None past the limit."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > _BODY_LIMIT:
            return None
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _name(url: str) -> str | None:
    """The host of a URL, or None where there is none that can be read."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
