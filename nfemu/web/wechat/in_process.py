"""A merchant of this very process reaches the API without a socket: the same octets, signed and checked alike."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message

from nfemu.web.portal.wechat.client import Answered
from nfemu.web.wechat.app import HOSTS


async def exchange(app: ASGIApp, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
    """See `Transport`."""
    status, answered, parts = 0, {}, []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, answered
        if message["type"] == "http.response.start":
            status = message["status"]
            answered = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        else:
            parts.append(message.get("body", b""))

    await app(_scope(method, target, headers), receive, send)
    return Answered(status, answered, b"".join(parts))


def _scope(method: str, target: str, headers: Mapping[str, str]) -> dict[str, Any]:
    parts = urlsplit(target)
    given = {"host": HOSTS[0], **headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": parts.path,
        "raw_path": parts.path.encode("latin-1"),
        "query_string": parts.query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given.items()],
        "client": None,
        "server": (HOSTS[0], 443),
    }
