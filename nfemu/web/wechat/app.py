"""The API of `api.mch.weixin.qq.com` as one ASGI application."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nfemu.model.errors import InvalidInput, NfemuError, Unavailable
from nfemu.web.pages import read_body, site
from nfemu.web.wechat import forms
from nfemu.web.wechat.bills import FILE, HOST, Bills
from nfemu.web.wechat.certificates import certificates
from nfemu.web.wechat.desk import Desk
from nfemu.web.wechat.envelope import signed
from nfemu.web.wechat.gate import Gate
from nfemu.web.wechat.keys import SigningKey
from nfemu.web.wechat.merchants import Merchant, Merchants
from nfemu.wechat import h5_link
from nfemu.wechat.admission import SignedRequest
from nfemu.wechat.documents import Document, encoded, refund_document, trade_document
from nfemu.wechat.errors import Refused, wrong_field
from nfemu.wechat.trade import Trade

HOSTS = (HOST, "api2.mch.weixin.qq.com")
_LIMIT = 64 * 1024
Operation = Callable[[Merchant, Request, bytes], Awaitable[Document | bytes | None]]
"""What an operation answers; octets are a file; None: 204."""


class MerchantApi:
    """Handlers; `application()` is the ASGI application. `wall` is aware wall time."""

    def __init__(self, desk: Desk, merchants: Merchants, gate: Gate, wall: Callable[[], datetime]) -> None:
        self._desk = desk
        self._merchants = merchants
        self._gate = gate
        self._wall = wall
        self._bills = Bills(desk)

    def application(self) -> Starlette:
        trades = "/v3/pay/transactions"
        return site(
            [
                self._route("POST", f"{trades}/h5", self._order_h5),
                self._route("POST", f"{trades}/jsapi", self._order_jsapi),
                self._route("GET", f"{trades}/out-trade-no/{{number}}", self._query),
                self._route("GET", f"{trades}/id/{{number}}", self._query_by_transaction),
                self._route("POST", f"{trades}/out-trade-no/{{number}}/close", self._close),
                self._route("POST", "/v3/refund/domestic/refunds", self._refund),
                self._route("GET", "/v3/refund/domestic/refunds/{number}", self._query_refund),
                self._route("GET", "/v3/certificates", self._certificates),
                self._route("GET", "/v3/bill/tradebill", self._bill),
                self._route("GET", FILE, self._bill_file),
            ],
            self._refused,
        )

    def _route(self, method: str, path: str, operation: Operation) -> Route:
        async def handle(request: Request) -> Response:
            body = await read_body(request, _LIMIT)
            merchant = self._gate.admit(SignedRequest(request.method, _target(request), request.headers, body))
            request.state.key = self._merchants.signer(merchant, request.headers.get("wechatpay-serial", ""))
            answer = await operation(merchant, request, body)
            if isinstance(answer, bytes):  # a file is not signed: its hash was
                return Response(answer, media_type="application/octet-stream")
            return self._answer(request, answer)

        return Route(path, handle, methods=[method])

    async def _order_h5(self, merchant: Merchant, _: Request, body: bytes) -> Document:
        trade = await self._order(merchant, body, forms.wanted_h5)
        return {"h5_url": h5_link.url(self._desk.key, trade.prepay_id, self._desk.now())}

    async def _order_jsapi(self, merchant: Merchant, _: Request, body: bytes) -> Document:
        return {"prepay_id": (await self._order(merchant, body, forms.wanted_jsapi)).prepay_id}

    async def _order(self, merchant: Merchant, body: bytes, wanted: forms.Wanted) -> Trade:
        return await self._desk.order(wanted(merchant, body, self._desk.now()))

    async def _query(self, merchant: Merchant, request: Request, _: bytes) -> Document:
        forms.check_merchant(merchant, _asked(request, "mchid"))
        return trade_document(await self._desk.trade(merchant.mchid, request.path_params["number"]))

    async def _query_by_transaction(self, merchant: Merchant, request: Request, _: bytes) -> Document:
        forms.check_merchant(merchant, _asked(request, "mchid"))
        return trade_document(await self._desk.trade_by_transaction(merchant.mchid, request.path_params["number"]))

    async def _close(self, merchant: Merchant, request: Request, body: bytes) -> None:
        forms.check_merchant(merchant, forms.read(forms.Closing, body).mchid)
        await self._desk.close(merchant.mchid, request.path_params["number"])

    async def _refund(self, merchant: Merchant, _: Request, body: bytes) -> Document:
        form = forms.read(forms.RefundForm, body)
        wanted = forms.wanted_refund(form, body)
        refund, trade = await self._desk.refund(await self._refundable(merchant, form), wanted)
        return refund_document(refund, trade, self._desk.now())

    async def _refundable(self, merchant: Merchant, form: forms.RefundForm) -> Trade:
        """The trade that is meant. Raises Refused."""
        try:
            if form.transaction_id is not None:
                return await self._desk.trade_by_transaction(merchant.mchid, form.transaction_id)
            if form.out_trade_no is not None:
                return await self._desk.trade(merchant.mchid, form.out_trade_no)
        except Refused as error:
            raise Refused("RESOURCE_NOT_EXISTS", "订单不存在") from error
        raise wrong_field("/transaction_id", "transaction_id or out_trade_no is needed")

    async def _query_refund(self, merchant: Merchant, request: Request, _: bytes) -> Document:
        refund, trade = await self._desk.refund_of(merchant.mchid, request.path_params["number"])
        return refund_document(refund, trade, self._desk.now())

    async def _certificates(self, merchant: Merchant, _: Request, __: bytes) -> Document:
        return certificates(merchant, self._merchants.platform.certified)

    async def _bill(self, merchant: Merchant, request: Request, _: bytes) -> Document:
        return await self._bills.offer(merchant, request)

    async def _bill_file(self, merchant: Merchant, request: Request, _: bytes) -> bytes:
        return await self._bills.file(merchant, _asked(request, "token"))

    async def _refused(self, request: Request, error: Exception) -> Response:
        refusal = _refusal(error)
        return self._answer(request, refusal.body(), refusal.status)

    def _answer(self, request: Request, document: Document | None, status: int = 200) -> Response:
        """Signed, where it is known by what."""
        body = b"" if document is None else encoded(document)
        headers = {"Request-ID": secrets.token_hex(16).upper(), "Cache-Control": "no-cache, must-revalidate"}
        key: SigningKey | None = getattr(request.state, "key", None)
        if key is not None:
            headers |= signed(key, body, self._wall()).headers
        if document is None:
            return Response(status_code=204, headers=headers)
        return Response(body, status, headers, "application/json; charset=utf-8")


def _target(request: Request) -> str:
    """Path and query as they stand in the request line."""
    path = request.scope["raw_path"].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _asked(request: Request, name: str) -> str:
    """Raises Refused where the query lacks it, or has it twice."""
    values = request.query_params.getlist(name)
    if len(values) != 1:
        raise wrong_field(name, f"{name} is needed once", location="query")
    return values[0]


def _refusal(error: Exception) -> Refused:
    match error:
        case Refused():
            return error
        case HTTPException(status_code=404 | 405):
            return Refused("RESOURCE_NOT_EXISTS", "请求的接口不存在")
        case InvalidInput():
            return Refused("PARAM_ERROR", detail={"issue": str(error)})
        case Unavailable() | NfemuError():
            return Refused("SYSTEM_ERROR", detail={"issue": str(error)})
    return Refused("SYSTEM_ERROR")
