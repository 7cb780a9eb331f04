"""`/api/v1/subscribers/{number}/credit`: the account's credit level, explained (S20)."""

from datetime import tzinfo

from fastapi import APIRouter

from nfemu.carrier.credit import CreditReport
from nfemu.web.api.backend import ApiConfig, Carrier
from nfemu.web.api.credit_models import ContributionOut, CreditOut
from nfemu.web.api.document import declare


class Credit:
    def __init__(self, carrier: Carrier, config: ApiConfig) -> None:
        self._carrier = carrier
        self._config = config

    def router(self) -> APIRouter:
        return declare(
            APIRouter(prefix="/subscribers/{number}", tags=["billing"]),
            ("GET", "/credit", self._explain, "explainCredit"),
        )

    async def _explain(self, number: str) -> CreditOut:
        """The credit level, and the points of each input that the account's record gives it now."""
        card = await self._carrier().find(number)
        return _view(await self._carrier().credit(card.msisdn), self._config.timezone)


def _view(value: CreditReport, zone: tzinfo) -> CreditOut:
    found = value.now
    return CreditOut(
        level=value.level,
        earned=found.level,
        kept=found.kept,
        score=found.score,
        base=found.base,
        contributions=[
            ContributionOut(input=each.input.value, value=each.value, points=each.points)
            for each in found.contributions
        ],
        tags=list(found.tags),
        next_at=value.next_at.astimezone(zone) if value.next_at is not None else None,
    )
