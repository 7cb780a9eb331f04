"""`/api/v1/orders`: the queues of stop and resume orders, what is dead, and faults for trying it out (S26, S28)."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from nfemu.bss.order_queue import Stage, stage_of
from nfemu.bss.order_report import KindReport, Spread
from nfemu.model.identity import OrderId
from nfemu.model.orders import OrderKind, OrderState, WorkOrder
from nfemu.web.api.backend import ApiConfig, Carrier
from nfemu.web.api.document import declare, refusals
from nfemu.web.api.models import Done
from nfemu.web.api.order_models import BacklogOut, FaultsIn, KindOut, OrderOut, OrderReportOut, OrdersOut, SpreadOut

Minutes = Annotated[int, Query(ge=1, le=100_000, description="How far back orders that are done are counted.")]
Limit = Annotated[int, Query(ge=1, le=10_000)]
State = Annotated[
    Literal["created", "executed", "dead"] | None,
    Query(description="`created` (it waits), `executed` or `dead`; left out: all."),
]


class Orders:
    def __init__(self, carrier: Carrier, config: ApiConfig) -> None:
        self._carrier = carrier
        self._config = config

    def router(self) -> APIRouter:
        return declare(
            APIRouter(prefix="/orders", tags=["orders"], responses=refusals(404)),
            ("GET", "", self._report, "getOrderReport"),
            ("GET", "/unfinished", self._unfinished, "listUnfinishedOrders"),
            ("PUT", "/faults", self._fail, "failOrders"),
            ("POST", "/resubmit", self._resubmit_all, "resubmitDeadOrders"),
            ("POST", "/{order}/resubmit", self._resubmit, "resubmitOrder"),
        )

    async def _report(self, minutes: Minutes = 60) -> OrderReportOut:
        """What waits, and how orders have fared in the last minutes of business time."""
        found = await self._carrier().orders.report(timedelta(minutes=minutes))
        kinds = [kind for kind in OrderKind if kind is not OrderKind.REACTIVATE]
        return OrderReportOut(
            backlog=[
                BacklogOut(stage=stage.value, kind=kind.value, waiting=found.waiting[stage, kind])
                for stage in Stage
                for kind in kinds
            ],
            oldest=None if found.oldest is None else found.oldest.total_seconds(),
            begun=found.begun,
            dead=found.dead,
            armed=found.armed,
            window=found.window.total_seconds(),
            done=[_kind(each, minutes) for each in found.done],
            posting=_spread(found.posting),
        )

    async def _unfinished(self, state: State = None, limit: Limit = 100) -> OrdersOut:
        """Orders that are not done, oldest first."""
        found = [each for each in await self._carrier().orders.unfinished() if state in (None, each.state.value)]
        return OrdersOut(orders=[await self._order(each) for each in found[:limit]])

    async def _fail(self, faults: FaultsIn) -> OrderReportOut:
        """Have the network elements refuse so many of the next orders. Forgotten when the carrier ends."""
        self._carrier().orders.fail(faults.next)
        return await self._report()

    async def _resubmit(self, order: str) -> Done:
        """Try a dead order again."""
        await self._carrier().orders.resubmit(OrderId(order))
        return Done(done=[f"order {order} is tried again"])

    async def _resubmit_all(self) -> Done:
        """Try every dead order again."""
        return Done(done=[f"order {each} is tried again" for each in await self._carrier().orders.resubmit_all()])

    async def _order(self, order: WorkOrder) -> OrderOut:
        waits = order.state is OrderState.CREATED and order.kind is not OrderKind.REACTIVATE
        return OrderOut(
            id=order.id,
            number=await self._carrier().number_of(order.imsi),
            kind=order.kind.value,
            target=order.target.value,
            profile=order.profile,
            cause=order.cause,
            state=order.state.value,
            stage=stage_of(order).value if waits else None,
            created_at=order.created_at.astimezone(self._config.timezone),
            attempts=order.attempts,
            next_attempt_at=self._moment(order.next_attempt_at),
        )

    def _moment(self, at: datetime | None) -> datetime | None:
        return None if at is None else at.astimezone(self._config.timezone)


def _kind(report: KindReport, minutes: int) -> KindOut:
    return KindOut(
        kind=report.kind.value,
        done=report.done,
        per_minute=report.done / minutes,
        waited=_spread(report.waited),
        took=_spread(report.took),
    )


def _spread(spread: Spread | None) -> SpreadOut | None:
    if spread is None:
        return None
    return SpreadOut(
        p50=spread.median.total_seconds(), p95=spread.p95.total_seconds(), longest=spread.longest.total_seconds()
    )
