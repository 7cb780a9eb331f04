"""The emulated Internet: every name answers, over HTTP and HTTPS, and shows what it received.

`/stream` sends a line every 100 ms for as long as anybody listens, `/ws` echoes WebSocket messages, `/upload`
counts what it is sent; every other path shows the request, as text, HTML or JSON by `Accept`.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from html import escape

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from nfemu.web.origins.connectivity import CHECKS
from nfemu.web.origins.dispatch import RECORDING
from nfemu.web.origins.recorder import ReceivedRequest, Recording

STREAM_INTERVAL = 0.1
"""Seconds between two lines of `/stream`."""
_SHOWN = ("method", "url", "scheme", "http_version", "ue_address", "address", "body_length", "body_sha256")
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class SiteOverride:
    """What `internet.yaml` says about a name. `body` replaces the page; `headers` are added to it."""

    title: str | None = None
    status: int = 200
    delay: timedelta = timedelta(0)
    """Wall time between the request's end and the answer."""
    body: str | None = None
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class EmulatedSites:
    """The ASGI application behind every name that is not a built-in one. `overrides` by lower-case A-label name."""

    def __init__(self, overrides: Mapping[str, SiteOverride]) -> None:
        self._overrides = dict(overrides)

    def replace(self, overrides: Mapping[str, SiteOverride]) -> None:
        """From the next request on."""
        self._overrides = dict(overrides)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        recording: Recording = scope[RECORDING]
        if scope["type"] == "websocket":
            await _echo(receive, send)
        elif scope["path"] == "/stream":
            await _stream(receive, send)
        else:
            await drain(receive, recording)
            response = await self._answer(recording, scope)
            await response(scope, receive, send)

    async def _answer(self, recording: Recording, scope: Scope) -> Response:
        site = self._overrides.get(recording.name, SiteOverride())
        if site.delay:
            await asyncio.sleep(site.delay.total_seconds())
        check = CHECKS.get((recording.name, scope["path"]))
        if check is not None:
            return Response(check.body or None, check.status, {"Content-Type": check.content_type, **_NO_STORE})
        if site.body is not None:
            body, content_type = site.body.encode(), site.content_type
        else:
            body, content_type = _page(recording.snapshot(), site, Headers(scope=scope).get("accept", ""))
        response = Response(body, site.status, {"Content-Type": content_type, **_NO_STORE, "Vary": "Accept"})
        for name, value in site.headers:
            response.headers.append(name, value)
        return response


def _page(request: ReceivedRequest, site: SiteOverride, accept: str) -> tuple[bytes, str]:
    title = site.title or request.name
    if "application/json" in accept:
        facts = {"site": title, **describe(request)}
        return json.dumps(facts, ensure_ascii=False, indent=1).encode() + b"\n", "application/json"
    if "text/html" in accept:
        return _html(title, request).encode(), "text/html; charset=utf-8"
    return _text(title, request).encode(), "text/plain; charset=utf-8"


def describe(request: ReceivedRequest) -> dict[str, object]:
    """A received request as plain data; `headers` is a list of pairs, since order and repetition matter."""
    facts = {each.name: getattr(request, each.name) for each in fields(request)}  # asdict would copy deeply
    facts["url"] = _url(request)
    facts["at"] = request.at.isoformat()
    return facts


def _url(request: ReceivedRequest) -> str:
    host = f"[{request.name}]" if ":" in request.name else request.name
    standard = {"http": 80, "https": 443, "ws": 80, "wss": 443}[request.scheme]
    port = "" if request.port == standard else f":{request.port}"
    return f"{request.scheme}://{host}{port}{request.target}"


def _text(title: str, request: ReceivedRequest) -> str:
    facts = describe(request)
    lines = [f"{title}: this is the emulated Internet. The site received:", ""]
    lines += [f"  {key.replace('_', ' '):<13} {facts[key]}" for key in _SHOWN]
    lines += ["", "headers, as received:"]
    lines += [f"  {name}: {value}" for name, value in request.headers]
    return "\n".join(lines) + "\n"


def _html(title: str, request: ReceivedRequest) -> str:
    facts = describe(request)
    rows = [(key.replace("_", " "), str(facts[key])) for key in _SHOWN] + list(request.headers)
    table = "".join(f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>"
        "body{font:16px/1.5 sans-serif;margin:1rem auto;max-width:44rem;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%;table-layout:fixed}"
        "th,td{border-top:1px solid #ccc;padding:.3rem .5rem .3rem 0;text-align:left;overflow-wrap:anywhere}"
        "th{width:8.5rem;font-weight:600}</style>"
        f"<h1>{escape(title)}</h1><p>The emulated Internet. This site received:</p><table>{table}</table></html>\n"
    )


async def drain(receive: Receive, recording: Recording) -> None:
    """Read the body to its end, or until the client has gone; the recording counts it on the way."""
    while not recording.body_complete:
        message = await receive()
        if message["type"] == "http.disconnect":
            return


async def _stream(receive: Receive, send: Send) -> None:
    gone = asyncio.create_task(_until_disconnect(receive))
    try:
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        number = 0
        while not gone.done():
            await send({"type": "http.response.body", "body": f"line {number}\n".encode(), "more_body": True})
            number += 1
            await asyncio.wait([gone], timeout=STREAM_INTERVAL)
    finally:
        gone.cancel()


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _echo(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", **{key: message[key] for key in ("text", "bytes") if key in message}})
