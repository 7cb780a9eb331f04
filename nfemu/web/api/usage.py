"""`/api/v1/subscribers/{number}/usage`: what a line has used in a business day, and of which cap (G7)."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from nfemu.carrier.status import LineStatus
from nfemu.epc.pgw import is_active
from nfemu.model.usage import Usage
from nfemu.web.api.backend import ApiBackend, Carrier
from nfemu.web.api.document import declare
from nfemu.web.api.models import CapOut, UsageOut, UsedOut

Day = Annotated[date | None, Query(description="A business day such as `2026-11-01`; left out: today.")]


class LineUsage:
    """One operation."""

    def __init__(self, carrier: Carrier, backend: ApiBackend) -> None:
        self._carrier = carrier
        self._backend = backend

    def router(self) -> APIRouter:
        return declare(APIRouter(tags=["subscribers"]), ("GET", "/subscribers/{number}/usage", self._show, "getUsage"))

    async def _show(self, number: str, day: Day = None) -> UsageOut:
        """Octets by policy profile and group, as far as enforcement points have reported: a second late at most."""
        msisdn = (await self._carrier().find(number)).msisdn
        today = self._carrier().today()
        used = await self._carrier().usage(msisdn, day)
        cap = self._cap(await self._carrier().status(msisdn), used) if day in (None, today) else None
        shown = [UsedOut(policy=each.policy, group=each.group or None, up=each.up, down=each.down) for each in used]
        return UsageOut(day=day or today, used=shown, cap=cap, groups=list(self._backend.policies().groups))

    def _cap(self, status: LineStatus, used: Sequence[Usage]) -> CapOut | None:
        session = status.line.session
        if session is None or not is_active(session):
            return None
        cap = self._backend.policies().profile(session.policy).limits.daily_cap
        if not cap:
            return None
        octets = sum(each.up + each.down for each in used if each.policy == session.policy)
        ends_at = self._carrier().day_ends()
        return CapOut(policy=session.policy, octets=cap, used=octets, reached=octets >= cap, ends_at=ends_at)
