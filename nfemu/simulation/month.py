"""One month of one population under one policy, on the carrier's own code and a test clock.

The clock begins some days before the month, so that the reminders of the month's end before it (S2) are part of it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from nfemu.bss.channels import ChannelRules
from nfemu.bss.dunning.case import next_month
from nfemu.bss.order_queue import Capacity
from nfemu.carrier.ports import AppendEntry, Change, PutAccount, PutSubscriber, Store
from nfemu.carrier.rules import CarrierRules
from nfemu.model.account import EntryKind, LedgerEntry
from nfemu.model.orders import WorkOrder
from nfemu.model.subscriber import OrderedProfile
from nfemu.runtime.channels import Channels
from nfemu.runtime.clocks import TestClock
from nfemu.runtime.ids import SeededIds
from nfemu.runtime.service import CarrierService
from nfemu.simulation import outside
from nfemu.simulation.crowd import Act, Crowd, Felt, Heard, Paid
from nfemu.simulation.population import Numbering, Person, people
from nfemu.simulation.responses import Nature
from nfemu.simulation.rules import SimulationRules
from nfemu.simulation.usage import Usage

_DAY = timedelta(days=1)
_AT_ONCE = 500
"""People of one commit."""
_NEVER_S = 1e9
"""New addresses after a resume come by the wall clock, which nothing here may depend on: they are left out."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same under each policy. `month`: its first day. `rules`: with the policy's own dunning."""

    rules: CarrierRules
    simulation: SimulationRules
    numbering: Numbering
    month: date
    count: int
    seed: int

    @property
    def begins(self) -> datetime:
        return self._midnight(self.month)

    @property
    def ends(self) -> datetime:
        return self._midnight(next_month(self.month))

    @property
    def opens(self) -> datetime:
        """When the clock begins: a day before the first reminder of the month before."""
        return self._midnight(self.month - (self.rules.dunning.reminding.month_end_days + 1) * _DAY)

    def people(self) -> list[Person]:
        fees, simulation = self.rules.fees, self.simulation
        return people(simulation.population, fees, self.numbering, self.seed, self.count, self.opens)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, datetime.min.time(), self.rules.fees.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it, in order: orders of the store, and what people felt and did, from `opens` on."""

    orders: list[WorkOrder]
    heard: list[Heard]
    paid: list[Paid]
    felt: list[Felt]


async def live(setting: Setting, store: Store) -> Seen:
    """`store` is open and empty. Raises what the carrier raises, Conflict where there are more lines than addresses."""
    month = _Month(setting, store)
    await month.begin()
    return await month.run()


class _Month:
    def __init__(self, setting: Setting, store: Store) -> None:
        rules = scaled(setting.rules, setting.count, setting.simulation.province)
        self._setting = setting
        self._store = store
        self._people = setting.people()
        self._clock = TestClock(store, setting.opens)
        nature = Nature(setting.simulation.behaviour, setting.seed, rules.fees.zone)
        open_policy = rules.catalogue.meaning(OrderedProfile.OPEN).policy
        self._crowd = Crowd(nature, self._people, open_policy, self._clock.now, self._plan)
        self._usage = Usage(
            setting.simulation.usage,
            setting.seed,
            setting.begins,
            setting.ends,
            self._crowd.has_service,
            self._plan,
        )
        self._service = CarrierService(
            store=store,
            enforcer=outside.AtOnce(self._crowd.feel),
            notifier=outside.Heard(Channels(self._clock.now, lambda: rules.notices), self._crowd.hear),
            provider=outside.Till(),
            clock=self._clock,
            ids=SeededIds(hashlib.sha256(str(setting.seed).encode()).digest()),
            rules=rules,
            page_delivery=_NEVER_S,
        )

    async def begin(self) -> None:
        for first in range(0, len(self._people), _AT_ONCE):
            batch = self._people[first : first + _AT_ONCE]
            await self._store.commit([change for person in batch for change in _newcomer(person, self._setting.opens)])
        await self._service.start()
        for person in self._people:
            for card in person.cards:
                await self._service.attach(card.msisdn)
        self._crowd.live(self._setting.month)
        prices = self._setting.rules.fees.prices
        self._usage.begin(prices, (card for person in self._people for card in person.cards))

    async def run(self) -> Seen:
        setting, at = self._setting, self._setting.opens
        while at < setting.ends:
            at = min(at + _DAY, setting.ends)
            await self._service.set_clock(at)
        await self._service.stop()
        orders = await self._store.orders_moved_since(setting.begins)
        return Seen(orders, self._crowd.heard, self._crowd.paid, self._crowd.felt)

    def _plan(self, at: datetime, act: Act) -> None:
        async def run() -> None:
            await act(self._service)

        self._service.at(at, run)


def _newcomer(person: Person, at: datetime) -> Sequence[Change]:
    changes: list[Change] = [PutAccount(person.account), *map(PutSubscriber, person.cards)]
    if person.opening.minor:
        opening = LedgerEntry(person.account.id, EntryKind.PAYMENT, person.opening, at, f"opening:{person.account.id}")
        changes.append(AppendEntry(opening))
    return changes


def scaled(rules: CarrierRules, count: int, province: int) -> CarrierRules:
    """Capacities that are meant for a province, for so many of its people; 1 at least."""

    def of(amount: int) -> int:
        return max(1, -(-amount * count // province))

    orders, notices = rules.orders, rules.notices
    billing, network = (Capacity(of(stage.per_minute), of(stage.burst)) for stage in (orders.billing, orders.network))
    channels = {channel: ChannelRules(of(each.per_second), each.fail) for channel, each in notices.channels.items()}
    return replace(
        rules,
        orders=replace(orders, billing=billing, network=network),
        notices=replace(notices, channels=channels, relay=False),
    )
