"""What cards use: a month's traffic in pieces, at moments of the card's own, counted by its plan's tariff."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from nfemu.bss.draws import spread
from nfemu.model.identity import Imsi
from nfemu.model.plans import Measured, PriceList
from nfemu.model.subscriber import Subscriber
from nfemu.runtime.service import CarrierService
from nfemu.simulation.choices import among, up_to
from nfemu.simulation.crowd import Plan
from nfemu.simulation.rules import UsageRules


def month_of(rules: UsageRules, prices: PriceList, seed: int, card: Subscriber) -> int:
    """Octets that the card uses in a month, if it is never stopped; 0 where its plan has no tariff for them."""
    plan = prices.plans.get(card.plan) if card.plan is not None else None
    if plan is None or Measured.DATA not in plan.tariffs:
        return 0
    heavy = among(seed, card.imsi.digits, "heavy", rules.heavy_cards)
    percent = up_to(seed, card.imsi.digits, "usage", rules.heavy if heavy else rules.usual)
    return plan.tariffs[Measured.DATA].included * percent // 100


class Usage:
    """Plans the month of cards; a line without service uses nothing. `begins`, `ends`: of the month."""

    def __init__(
        self,
        rules: UsageRules,
        seed: int,
        begins: datetime,
        ends: datetime,
        has_service: Callable[[Imsi], bool],
        plan: Plan,
    ) -> None:
        self._rules = rules
        self._seed = seed
        self._begins = begins
        self._slot = (ends - begins) / rules.pieces
        self._has_service = has_service
        self._plan = plan

    def begin(self, prices: PriceList, cards: Iterable[Subscriber]) -> None:
        for card in cards:
            octets = month_of(self._rules, prices, self._seed, card) // self._rules.pieces
            for number in range(self._rules.pieces if octets else 0):
                self._plan(self._moment(card, number), partial(self._use, card, octets))

    def _moment(self, card: Subscriber, number: int) -> datetime:
        return self._begins + number * self._slot + self._within(card, number)

    def _within(self, card: Subscriber, number: int) -> timedelta:
        return spread(self._seed, card.imsi.digits, f"usage/{number}", self._slot)

    async def _use(self, card: Subscriber, octets: int, service: CarrierService) -> None:
        if self._has_service(card.imsi):
            await service.consume(card.msisdn, Measured.DATA, octets)
