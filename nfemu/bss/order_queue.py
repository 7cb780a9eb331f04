"""The queues of stop and resume orders (S26): billing, then network elements, each with a finite capacity.

    order ──▶ billing ──▶ network elements ──▶ executed
              │ no room        │ no room, or refused: a pause
              └── waits        └── waits

An order passes a stage where the stage has room and nothing that waits there comes before it: so one that meets empty
queues is executed at once, in the commit that brings it. First come a person's word and profiles, which somebody waits
for; then resumes; then stops; each in the order of their creation. Reactivations follow what has been executed already,
and are not queued.

What waits is what the store has as CREATED: the queue follows commits and leads none. What the capacity has been used
for stands in the orders as well, and is told again after a start (`used`).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from heapq import heappop, heappush
from itertools import count

from nfemu.bss.orders import RetryRules
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import OrderId
from nfemu.model.orders import OrderKind, OrderState, WorkOrder

TICK = timedelta(milliseconds=100)
"""How often what waits is looked at, at the most."""
_MINUTE = timedelta(minutes=1)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 1 << 62
"""Behind every arrival."""
MOST_PER_MINUTE = 6_000_000


class Stage(Enum):
    BILLING = "billing"
    NETWORK = "network"


class Admission(Enum):
    """What becomes of an order now."""

    WAITS = "waits"
    BILLED = "billed"
    """It has passed billing, and waits for the network elements."""
    REFUSED = "refused"
    """The network elements had room, and did not take it."""
    EXECUTES = "executes"


@dataclass(frozen=True, slots=True)
class Capacity:
    """Orders that a stage deals with in a minute of business time; up to `burst` of them at one moment."""

    per_minute: int
    burst: int

    def __post_init__(self) -> None:
        if not 1 <= self.per_minute <= MOST_PER_MINUTE or self.burst < 1:
            raise InvalidInput(
                f"a stage deals with {self.per_minute} orders a minute, {self.burst} at once; write 1 to "
                f"{MOST_PER_MINUTE} a minute, and 1 or more at once"
            )
        if self.burst * _MINUTE < self.per_minute * TICK:
            least = -(-self.per_minute * TICK // _MINUTE)
            raise InvalidInput(
                f"burst `{self.burst}` is too small for {self.per_minute} orders a minute, which are dealt with in "
                f"portions, ten of them a second; write at least `{least}`"
            )

    @property
    def interval(self) -> timedelta:
        """Between two orders of a long queue."""
        return _MINUTE / self.per_minute


@dataclass(frozen=True, slots=True)
class OrderRules:
    """What the stages can do, and what becomes of an order that the network elements refuse."""

    billing: Capacity = Capacity(60_000, 10_000)
    network: Capacity = Capacity(30_000, 10_000)
    retry: RetryRules = field(default_factory=RetryRules)

    @property
    def capacities(self) -> dict[Stage, Capacity]:
        return {Stage.BILLING: self.billing, Stage.NETWORK: self.network}


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of a capacity. `full_at`: when all of it is there again."""

    capacity: Capacity
    full_at: datetime = _LONG_AGO

    @property
    def opens_at(self) -> datetime:
        """From when on there is room for one order."""
        return self.full_at - self.capacity.interval * (self.capacity.burst - 1)

    def room(self, now: datetime) -> int:
        """For how many there is room."""
        return min(self.capacity.burst, max(0, (now - self.opens_at) // self.capacity.interval + 1))

    def taken(self, at: datetime) -> "Bucket":
        """After one order at that moment."""
        return replace(self, full_at=max(self.full_at, at) + self.capacity.interval)

    def resized(self, capacity: Capacity, now: datetime) -> "Bucket":
        """Under another capacity: no order waits longer than an empty one needs to fill."""
        return Bucket(capacity, min(self.full_at, now + capacity.interval * capacity.burst))


def urgency(order: WorkOrder) -> int:
    """The lower, the earlier."""
    if order.kind is OrderKind.PROFILE or order.cause == BY_HAND:
        return 0
    return 1 if order.kind is OrderKind.RESUME else 2


BY_HAND = "by hand"
"""The cause of an order that is a person's word."""

_Entry = tuple[int, datetime, int, int, WorkOrder]
"""Urgency, creation, arrival, and the place taken: no two are alike, so orders themselves are never compared."""


class OrderQueue:
    """What waits in both stages, and what each has room for. Times are business time."""

    def __init__(self, capacities: Mapping[Stage, Capacity]) -> None:
        self.waiting: dict[OrderId, WorkOrder] = {}
        """As committed. For reading."""
        self.armed = 0
        """So many of the next orders are refused by the network elements."""
        self._buckets = {stage: Bucket(capacities[stage]) for stage in Stage}
        self._lines: dict[Stage, list[_Entry]] = {stage: [] for stage in Stage}
        self._resting: list[tuple[datetime, int, WorkOrder]] = []
        """When a pause is over, the place taken, whose."""
        self._places: dict[OrderId, int] = {}
        """The one that counts; an order that has moved on leaves its earlier ones where they are."""
        self._arrivals: dict[OrderId, int] = {}
        self._under_way: dict[OrderId, WorkOrder] = {}
        """Admitted, and not committed yet."""
        self._count = count()

    def resize(self, capacities: Mapping[Stage, Capacity], now: datetime) -> None:
        self._buckets = {stage: self._buckets[stage].resized(capacities[stage], now) for stage in Stage}

    def used(self, stage: Stage, at: datetime) -> None:
        """The stage has dealt with an order then; to be told in the order of time."""
        self._buckets[stage] = self._buckets[stage].taken(at)

    def room(self, stage: Stage, now: datetime) -> int:
        return self._buckets[stage].room(now)

    def follow(self, order: WorkOrder) -> None:
        """The order has been committed like this."""
        self._under_way.pop(order.id, None)
        if order.state is OrderState.CREATED and order.kind is not OrderKind.REACTIVATE:
            self._wait(order)
        else:
            self.forget(order.id)

    def forget(self, order: OrderId) -> None:
        """Nothing is left to do for it."""
        self.waiting.pop(order, None)
        self._places.pop(order, None)
        self._arrivals.pop(order, None)

    def give_back(self, order: OrderId) -> None:
        """It was admitted, and has not been committed: it waits as before, if it did."""
        before = self._under_way.pop(order, None)
        if before is not None:
            self._wait(before)

    def admit(self, order: WorkOrder, now: datetime) -> Admission:
        """What becomes of the order now; the capacity that this takes is gone, whatever follows."""
        if order.next_attempt_at is not None and order.next_attempt_at > now:
            return Admission.WAITS
        admission = self._admitted(order, now)
        if admission is not Admission.WAITS and order.id in self.waiting:
            self._under_way[order.id] = self.waiting.pop(order.id)
            del self._places[order.id]
        return admission

    def ready(self, now: datetime, limit: int) -> list[WorkOrder]:
        """Up to `limit` of those that would pass a stage now, billing's first."""
        found: list[WorkOrder] = []
        for stage in Stage:
            found += self._first(stage, now, min(self.room(stage, now), limit - len(found)))
        return found

    def next_at(self, now: datetime) -> datetime | None:
        """When the first of them may pass a stage, if time alone passes; None: nothing waits."""
        moments = [max(now, self._buckets[stage].opens_at) for stage in Stage if self._head(stage, now) is not None]
        moments += [resting[0] for resting in self._resting[:1]]
        return min(moments, default=None)

    def backlog(self) -> Counter[tuple[Stage, OrderKind]]:
        """How many wait, those between two attempts too."""
        return Counter((stage_of(order), order.kind) for order in self.waiting.values())

    def _wait(self, order: WorkOrder) -> None:
        place = next(self._count)
        self.waiting[order.id] = order
        self._places[order.id] = place
        self._arrivals.setdefault(order.id, place)
        if order.next_attempt_at is not None:
            heappush(self._resting, (order.next_attempt_at, place, order))
        else:
            self._stand(place, order)

    def _stand(self, place: int, order: WorkOrder) -> None:
        heappush(self._lines[stage_of(order)], (*self._rank(order), place, order))

    def _admitted(self, order: WorkOrder, now: datetime) -> Admission:
        if order.billed_at is None and not self._passes(Stage.BILLING, order, now):
            return Admission.WAITS
        if not self._passes(Stage.NETWORK, order, now):
            return Admission.WAITS if order.billed_at is not None else Admission.BILLED
        if self.armed:
            self.armed -= 1
            return Admission.REFUSED
        return Admission.EXECUTES

    def _passes(self, stage: Stage, order: WorkOrder, now: datetime) -> bool:
        bucket = self._buckets[stage]
        if bucket.opens_at > now or self._is_behind(order, stage, now):
            return False
        self._buckets[stage] = bucket.taken(now)
        return True

    def _is_behind(self, order: WorkOrder, stage: Stage, now: datetime) -> bool:
        """Does another one come first there? Also one that is about to pass billing: a resume that waits for it is not
        left behind by a stop that has it behind itself."""
        coming = [stage]
        if stage is Stage.NETWORK and self._buckets[Stage.BILLING].opens_at <= now:
            coming.append(Stage.BILLING)
        heads = (self._head(each, now) for each in coming)
        return any(head is not None and head[:3] < self._rank(order) for head in heads)

    def _rank(self, order: WorkOrder) -> tuple[int, datetime, int]:
        """Where it stands, or would stand behind its like."""
        return urgency(order), order.created_at, self._arrivals.get(order.id, _LAST)

    def _head(self, stage: Stage, now: datetime) -> _Entry | None:
        """Who is next in that stage; entries of orders that have moved on go."""
        self._wake(now)
        line = self._lines[stage]
        while line and not self._counts(*line[0][-2:]):
            heappop(line)
        return line[0] if line else None

    def _first(self, stage: Stage, now: datetime, wanted: int) -> list[WorkOrder]:
        taken: list[_Entry] = []
        while len(taken) < wanted and self._head(stage, now) is not None:
            taken.append(heappop(self._lines[stage]))
        for entry in taken:
            heappush(self._lines[stage], entry)
        return [entry[-1] for entry in taken]

    def _wake(self, now: datetime) -> None:
        """Whose pause is over stands in line again, where it stood."""
        while self._resting and (self._resting[0][0] <= now or not self._counts(*self._resting[0][1:])):
            _, place, order = heappop(self._resting)
            if self._counts(place, order):
                self._stand(place, order)

    def _counts(self, place: int, order: WorkOrder) -> bool:
        return self._places.get(order.id) == place


def stage_of(order: WorkOrder) -> Stage:
    """Where a created order waits."""
    return Stage.BILLING if order.billed_at is None else Stage.NETWORK
