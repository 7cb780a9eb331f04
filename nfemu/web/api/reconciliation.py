"""`/api/v1/pay/reconciliation`: the provider's bill of a day beside the carrier's ledger."""

from datetime import date

from fastapi import APIRouter

from nfemu.bss.reconciliation import Difference
from nfemu.web.api.backend import ApiBackend
from nfemu.web.api.document import declare, refusals
from nfemu.web.api.reconciliation_models import DifferenceOut, ReconciliationOut, RepairIn
from nfemu.web.api.views import money
from nfemu.web.portal.wechat.reconciling import Reconciler, Reconciliation


class ReconciliationRoutes:
    def __init__(self, backend: ApiBackend) -> None:
        self._backend = backend

    def router(self) -> APIRouter:
        return declare(
            APIRouter(prefix="/pay", tags=["pay"], responses=refusals(503)),
            ("GET", "/reconciliation", self._reconcile, "reconcile"),
            ("POST", "/reconciliation", self._repair, "reconcileAndRepair"),
        )

    @property
    def _reconciler(self) -> Reconciler:
        return self._backend.reconciler()

    async def _reconcile(self, day: date | None = None) -> ReconciliationOut:
        """The provider's bill of a day (today's where none is named) beside the ledger; nothing changes."""
        return _out(await self._reconciler.run(day))

    async def _repair(self, wanted: RepairIn) -> ReconciliationOut:
        """The same, once what the provider has and the ledger has not is booked."""
        return _out(await self._reconciler.repair(wanted.day))


def _out(found: Reconciliation) -> ReconciliationOut:
    return ReconciliationOut(
        day=found.day,
        source="bill" if found.by_bill else "orders",
        matches=found.comparison.matches,
        differences=[_difference(each) for each in found.comparison.differences],
        repaired=[_difference(each) for each in found.repaired],
    )


def _difference(each: Difference) -> DifferenceOut:
    return DifferenceOut(
        kind=each.kind.value,
        number=each.number,
        payment=each.payment_no,
        stated=None if each.stated is None else money(each.stated),
        booked=None if each.booked is None else money(each.booked),
    )
