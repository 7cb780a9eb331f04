"""Which application answers: by `Host`, after the checks that every origin owes (RFC 9110 sections 7.2 and 7.4)."""

import re
from collections.abc import Mapping
from email.utils import formatdate
from ipaddress import ip_address

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nfemu.web.origins.connection import OriginRequest, origin_of
from nfemu.web.origins.recorder import Recorder, Recording

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,254})(?::[0-9]{1,5})?")
RECORDING = "nfemu.recording"
"""Key of the ASGI scope under which an application finds the `Recording` of its request."""


class OriginDispatcher:
    """The ASGI application of the origin front: `apps` by host name (lower case), `sites` for every other name."""

    def __init__(self, apps: Mapping[str, ASGIApp], sites: ASGIApp, recorder: Recorder) -> None:
        self._apps = dict(apps)
        self._sites = sites
        self._recorder = recorder

    def replace(self, apps: Mapping[str, ASGIApp]) -> None:
        """From the next request on, others answer under names of their own."""
        self._apps = dict(apps)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = origin_of(scope)
        if request is None:
            raise RuntimeError("the origin dispatcher serves the origin front only")
        name = host_name(request)
        refusal = _refusal(request, name)
        if refusal is not None or name is None:
            await refuse(scope, receive, send, refusal or (400, "bad request"))
            return
        recording = self._recorder.begin(name, request, scope)
        scope[RECORDING] = recording
        app = self._apps.get(name, self._sites)
        await app(scope, _recorded(receive, recording), _dated(send))


def host_name(request: OriginRequest) -> str | None:
    """The name asked for: from the only `Host` (port and trailing dot dropped), or, for HTTP/1.0 without one, the
    address dialled. IP literals in their canonical text. None when it cannot be told."""
    hosts = [value for key, value in request.headers if key.lower() == b"host"]
    if not hosts:
        return str(request.connection.address)
    match = _HOST.fullmatch(hosts[0].decode("latin-1").lower())
    if len(hosts) > 1 or match is None:
        return None
    try:
        return str(ip_address(match[1].strip("[]")))
    except ValueError:
        name = match[1].removesuffix(".")
        return None if name.startswith(("[", ".")) or not name else name


def _refusal(request: OriginRequest, name: str | None) -> tuple[int, str] | None:
    if name is None:
        return 400, "exactly one valid Host header is needed"
    if not request.target.startswith(b"/"):
        return 400, "the request target must be a path; only proxies take absolute URLs"
    connection = request.connection
    if connection.tls and name != (connection.server_name or str(connection.address)):
        return 421, f"this connection was opened for `{connection.server_name or connection.address}`, not `{name}`"
    return None


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: tuple[int, str]) -> None:
    """Answer an HTTP request, or a WebSocket handshake, with a status and one line of text."""
    status, text = refusal
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": text})
        return
    headers = {"Connection": "close", "Cache-Control": "no-store"}
    await PlainTextResponse(text + "\n", status, headers)(scope, receive, _dated(send))


def _recorded(receive: Receive, recording: Recording) -> Receive:
    async def wrapped() -> Message:
        message = await receive()
        recording.feed(message)
        return message

    return wrapped


def _dated(send: Send) -> Send:
    """An origin with a clock sends `Date` (RFC 9110 section 6.6.1)."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"date", formatdate(usegmt=True).encode())]
        await send(message)

    return wrapped
