"""An ASGI application that can be exchanged while it is served."""

from starlette.types import ASGIApp, Receive, Scope, Send


class Current:
    """Requests under way stay with the application that they came to."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
