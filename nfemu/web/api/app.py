"""The API as one ASGI application, for loopback, behind uvicorn with httptools (architecture, section 10)."""

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from nfemu import __version__
from nfemu.web.api import problems
from nfemu.web.api.auto_deduct import AutoDeduct
from nfemu.web.api.backend import ApiBackend, ApiConfig, Carrier
from nfemu.web.api.billing import Billing
from nfemu.web.api.credit import Credit
from nfemu.web.api.debug import DebugRoutes
from nfemu.web.api.debug_pages import DebugPages
from nfemu.web.api.document import OF_EVERYBODY, Api, refusals
from nfemu.web.api.guard import Guard
from nfemu.web.api.inbox import InboxPages
from nfemu.web.api.login import Logins
from nfemu.web.api.orders import Orders
from nfemu.web.api.pay_texts import PAYMENTS
from nfemu.web.api.payments import PaymentPages
from nfemu.web.api.reconciliation import ReconciliationRoutes
from nfemu.web.api.roof import Roof, texts_of
from nfemu.web.api.states import StateRoutes
from nfemu.web.api.subscribers import Subscribers
from nfemu.web.api.system import System
from nfemu.web.api.texts import TEXTS as INBOX
from nfemu.web.api.usage import LineUsage
from nfemu.web.api.webhooks import Webhooks
from nfemu.web.api.wechat import WechatRoutes
from nfemu.web.tmf.balance import PrepayBalance
from nfemu.web.tmf.customer import Customers
from nfemu.web.tmf.hub import HUBS, Hub
from nfemu.web.wechat.debug_texts import SENTENCES


def create_api(carrier: Carrier, config: ApiConfig, backend: ApiBackend, logins: Logins | None = None) -> FastAPI:
    """The application; it opens nothing and starts nothing. The service must have been started."""
    issued = logins or Logins()
    app = Api(
        title="nfemu",
        version=__version__,
        description="The emulated carrier: subscribers, their accounts and lines, the business clock.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        middleware=[Middleware(Guard, token=config.token, host_names=config.host_names)],
        responses=refusals(*OF_EVERYBODY),
    )
    problems.install(app)

    @app.get("/healthz", operation_id="getHealth", tags=["health"], openapi_extra={"security": []})
    async def healthz() -> dict[str, str]:
        """The process answers; needs no token."""
        return {"status": "ok"}

    app.include_router(Customers(carrier).router())
    app.include_router(PrepayBalance(carrier, config, backend).router())
    for prefix, name, tag, kinds in HUBS:
        app.include_router(Hub(backend, prefix, name, tag, kinds).router())
    versioned = APIRouter(prefix="/api/v1", responses=refusals(409, 422, 503))
    versioned.include_router(Subscribers(carrier, config, backend).router())
    versioned.include_router(LineUsage(carrier, backend).router())
    versioned.include_router(Billing(carrier, config).router())
    versioned.include_router(Credit(carrier, config).router())
    versioned.include_router(AutoDeduct(carrier, config, backend).router())
    versioned.include_router(Orders(carrier, config).router())
    versioned.include_router(Webhooks(config, backend).router())
    versioned.include_router(WechatRoutes(config, backend).router())
    versioned.include_router(ReconciliationRoutes(backend).router())
    versioned.include_router(DebugRoutes(config, backend).router())
    versioned.include_router(StateRoutes(config, backend).router())
    versioned.include_router(System(carrier, config, backend, issued).router())
    app.include_router(versioned)
    roof = Roof(config, issued, texts_of(INBOX, PAYMENTS, SENTENCES))
    for pages in (InboxPages(carrier, roof), PaymentPages(backend, roof), DebugPages(backend, roof)):
        app.router.routes.extend(pages.routes())

    return app
