"""The payments as pages, `/pay`: orders of the emulated WeChat Pay, what their merchants were told, and what people can
do about them: be the payer, arm a fault, tell the merchant once more. No JavaScript."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.money import Money
from nfemu.web.api.backend import ApiBackend
from nfemu.web.api.roof import Roof
from nfemu.web.wechat.acting import Outcome, act, found
from nfemu.web.wechat.desk import Desk
from nfemu.wechat.faults import MAGIC, Fault, FaultKind
from nfemu.wechat.notification import Notification
from nfemu.wechat.trade import TRANSITIONS, Trade, TradeInput, standing

_PAGE_SIZE = 50
_MOST_PAGES = 100_000
HOME = "/pay"


class PaymentPages:
    def __init__(self, backend: ApiBackend, roof: Roof) -> None:
        self._backend = backend
        self._roof = roof

    def routes(self) -> Sequence[BaseRoute]:
        behind = self._roof.behind
        order = "/pay/orders/{mchid}/{number}"
        return (
            Route(HOME, behind(self._list, HOME)),
            Route("/pay/faults", behind(self._arm, HOME), methods=["POST"]),
            Route("/pay/faults/clear", behind(self._clear, HOME), methods=["POST"]),
            Route(order, behind(self._order, HOME)),
            Route(f"{order}/payer", behind(self._act, HOME), methods=["POST"]),
            Route("/pay/notifications/{notification}/resend", behind(self._resend, HOME), methods=["POST"]),
        )

    @property
    def _desk(self) -> Desk:
        return self._backend.wechat()

    async def _list(self, request: Request) -> Response:
        page = _page(request)
        trades = await self._desk.books.newest_trades(_PAGE_SIZE + 1, (page - 1) * _PAGE_SIZE)
        return self._roof.render_forms(
            "payments.html",
            request,
            orders=[self._shown(trade) for trade in trades[:_PAGE_SIZE]],
            page=page,
            more=len(trades) > _PAGE_SIZE,
            armed=self._desk.arming.all(),
            kinds=[(kind.value, Money(total)) for total, kind in MAGIC.items()],
            merchants=[merchant.mchid for merchant in self._backend.merchants.all()],
            said=self._said(request),
        )

    async def _order(self, request: Request) -> Response:
        trade = await found(self._desk, request.path_params["mchid"], request.path_params["number"])
        told = await self._desk.books.notifications(trade.mchid, trade.out_trade_no)
        return self._roof.render_forms(
            "payment.html",
            request,
            order=self._shown(trade),
            trade=trade,
            times={name: self._time(moment) for name, moment in _times(trade).items() if moment is not None},
            payable=(trade.state, TradeInput.PAY) in TRANSITIONS,
            kinds=[kind.value for kind in FaultKind],
            notifications=[await self._told(each) for each in told],
            said=self._said(request),
        )

    async def _act(self, request: Request) -> Response:
        form = await self._roof.form(request)
        trade = await found(self._desk, request.path_params["mchid"], request.path_params["number"])
        outcome = Outcome.parse(form.get("outcome", ""))
        accepted = await act(self._desk, trade, outcome)
        said = ("done-accepted" if accepted else "done-not-accepted") if outcome is Outcome.PAID else "done-payer"
        return self._roof.onward(request, _path(trade.mchid, trade.out_trade_no), said)

    async def _resend(self, request: Request) -> Response:
        await self._roof.form(request)
        identifier = request.path_params["notification"]
        accepted = await self._desk.outbox.resend(identifier)
        notification = await self._desk.books.notification(identifier)
        if notification is None:
            raise NotFound(f"there is no notification `{identifier}`")
        path = _path(notification.mchid, notification.out_trade_no)
        return self._roof.onward(request, path, "done-accepted" if accepted else "done-not-accepted")

    async def _arm(self, request: Request) -> Response:
        form = await self._roof.form(request)
        parameter = form.get("parameter", "").strip()
        fault = Fault.parse(form.get("fault", "") + (f":{parameter}" if parameter else ""))
        mchid, number = form.get("mchid", ""), form.get("number", "").strip()
        if number and not mchid:
            raise InvalidInput(f"whose order is `{number}`? choose its merchant")
        await self._desk.arm(fault, mchid, number, _count(form.get("next", "1")))
        known = number and await self._desk.books.trade(mchid, number) is not None
        return self._roof.onward(request, _path(mchid, number) if known else HOME, "done-armed")

    async def _clear(self, request: Request) -> Response:
        await self._roof.form(request)
        await self._desk.arming.disarm()
        return self._roof.onward(request, HOME, "done-cleared")

    def _said(self, request: Request) -> str:
        """What was done just now; of the address alone, so only what is known is repeated."""
        said = request.query_params.get("said", "")
        known = ("done-accepted", "done-not-accepted", "done-payer", "done-armed", "done-cleared")
        return self._roof.text(request, said) if said in known else ""

    def _shown(self, trade: Trade) -> Mapping[str, object]:
        trade = standing(trade, self._desk.now())
        return {
            "trade": trade,
            "path": _path(trade.mchid, trade.out_trade_no),
            "amount": Money(trade.total, trade.currency),
            "refunded": Money(trade.refunded, trade.currency) if trade.refunded else None,
            "ordered": self._time(trade.created_at),
        }

    async def _told(self, notification: Notification) -> Mapping[str, object]:
        attempts = await self._desk.books.attempts(notification.id)
        return {
            "notification": notification,
            "due": None if notification.due_at is None else self._time(notification.due_at),
            "attempts": [{"attempt": each, "at": self._time(each.at)} for each in attempts],
        }

    def _time(self, moment: datetime) -> str:
        return moment.astimezone(self._roof.config.timezone).strftime("%Y-%m-%d %H:%M:%S")


def _path(mchid: str, out_trade_no: str) -> str:
    return f"/pay/orders/{quote(mchid, safe='')}/{quote(out_trade_no, safe='')}"


def _times(trade: Trade) -> Mapping[str, datetime | None]:
    return {"ordered": trade.created_at, "expires": trade.expires_at, "paid": trade.paid_at}


def _page(request: Request) -> int:
    """Raises InvalidInput."""
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST_PAGES):
        raise InvalidInput(f"`{text[:20]}` is not the number of a page")
    return int(text)


def _count(text: str) -> int:
    """Raises InvalidInput."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InvalidInput(f"`{text[:20]}` is not a number of orders")
    return int(text)
