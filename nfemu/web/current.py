"""ASGI applications that can be exchanged while they are served."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send


class Current:
    """Requests under way stay with the application that they came to."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Beside:
    """`app`, but for the paths under `prefix`: those are for whatever `other` gives."""

    def __init__(self, app: ASGIApp, prefix: str, other: Callable[[], ASGIApp]) -> None:
        self._app = app
        self._prefix = prefix
        self._other = other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        elsewhere = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        await (self._other() if elsewhere else self._app)(scope, receive, send)
