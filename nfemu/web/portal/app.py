"""The portal as one ASGI application, for HTTP and HTTPS on the portal's host."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nfemu.model.errors import NotFound
from nfemu.web.limits import TooMany, caller_of
from nfemu.web.pages import read_body, site
from nfemu.web.portal.captive import CaptiveApi
from nfemu.web.portal.checkout import Checkout
from nfemu.web.portal.config import CAPTIVE_API
from nfemu.web.portal.landing import Landing
from nfemu.web.portal.notify import NotificationReceiver, NotifyAnswer
from nfemu.web.portal.shell import Shell, is_secure
from nfemu.web.portal.wechat.provider import NOTIFY_PATH
from nfemu.web.portal.wechat.receiver import WechatReceiver
from nfemu.wire.protection import PROTECTION

_NOTIFICATION_LIMIT = 16 * 1024
_UNSIGNED = 401


Notify = Callable[[bytes, Mapping[str, str]], Awaitable[NotifyAnswer]]
"""Body and headers (lower case) of a notification."""


@dataclass(frozen=True, slots=True)
class Ears:
    """What hears of payments: one for each provider."""

    builtin: NotificationReceiver
    wechat: WechatReceiver


def portal_application(shell: Shell, ears: Ears) -> Starlette:
    """Every page, the captive-portal API, and the providers' notification endpoints."""
    landing, checkout, captive = Landing(shell), Checkout(shell), CaptiveApi(shell)

    def hearing(notify: Notify) -> Callable[[Request], Awaitable[Response]]:
        async def hear(request: Request) -> Response:
            if not is_secure(request):
                raise NotFound("notifications are taken over https only")
            answer = await notify(await read_body(request, _NOTIFICATION_LIMIT), dict(request.headers))
            headers = dict(PROTECTION)
            if answer.status == _UNSIGNED:
                try:
                    shell.wrong_signatures.failed(caller_of(request))
                except TooMany as error:
                    answer = NotifyAnswer(429, "TOO_MANY", str(error))
                    headers["Retry-After"] = str(error.retry_after)
            return JSONResponse({"code": answer.code, "message": answer.message}, answer.status, headers)

        return hear

    return site(
        [
            Route("/", landing.enter),
            Route("/green", landing.enter),
            Route("/continue", landing.proceed, methods=["POST"]),
            Route("/enter", checkout.enter),
            Route("/order", checkout.show_order),
            Route("/order", checkout.place_order, methods=["POST"]),
            Route("/result", checkout.result),
            Route(CAPTIVE_API, captive.answer),
            Route("/notify", hearing(ears.builtin.notify), methods=["POST"]),
            Route(NOTIFY_PATH, hearing(ears.wechat.notify), methods=["POST"]),
            shell.pages.style_route(),
        ],
        shell.refused,
    )
