"""The people at work: they feel what reaches their phones, and what they do goes through the carrier's use cases.

They live on the carrier's agenda, so that what they do happens in one order with everything else that falls due.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from nfemu.carrier.payments import PaymentNotification
from nfemu.carrier.ports import LineState
from nfemu.model.errors import NotFound
from nfemu.model.identity import AccountId, Imsi, NoticeId, PolicyName
from nfemu.model.money import Money
from nfemu.model.notices import Channel, Notice, NoticeKind
from nfemu.runtime.service import CarrierService
from nfemu.simulation.population import Person
from nfemu.simulation.responses import Nature

_DAY = timedelta(days=1)
Act = Callable[[CarrierService], Awaitable[None]]
Plan = Callable[[datetime, Act], None]
"""Have something done at a business time."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that a phone received."""

    at: datetime
    imsi: Imsi
    kind: NoticeKind
    channel: Channel


@dataclass(frozen=True, slots=True)
class Paid:
    at: datetime
    amount: Money


@dataclass(frozen=True, slots=True)
class Felt:
    """A stop that a phone felt."""

    at: datetime
    imsi: Imsi
    account: AccountId


class Crowd:
    """Whoever has a main card responds, for its account. `open_policy`: of lines that nothing restricts. What they saw
    and did stays in `heard`, `paid` and `felt`, in order."""

    def __init__(
        self,
        nature: Nature,
        people: Sequence[Person],
        open_policy: PolicyName,
        now: Callable[[], datetime],
        plan: Plan,
    ) -> None:
        self._nature = nature
        self._people = people
        self._owners = {card.imsi: person for person in people for card in person.cards}
        self._open = open_policy
        self._now = now
        self._plan = plan
        self._occasions: Counter[tuple[Imsi, str]] = Counter()
        self._restricted: set[Imsi] = set()
        self._paid: dict[Imsi, datetime] = {}
        self.heard: list[Heard] = []
        self.paid: list[Paid] = []
        self.felt: list[Felt] = []

    def has_service(self, imsi: Imsi) -> bool:
        return imsi not in self._restricted

    def live(self, month: date) -> None:
        """What people do in a month without being asked."""
        for person in self._people:
            moment = self._nature.tops_up(person, month)
            if moment is not None:
                self._plan(moment, partial(self._top_up, person))

    def hear(self, notice: Notice) -> None:
        """A message has reached a phone."""
        now = self._now()
        self.heard.append(Heard(now, notice.imsi, notice.kind, notice.channel))
        person = self._owners[notice.imsi]
        if notice.imsi != person.main.imsi:
            return
        occasion = self._occasion(notice.imsi, f"{notice.kind.value}/{notice.channel.value}")
        pays = self._nature.pays_when_told(person, notice, occasion, now)
        clicks = pays or self._nature.clicks(person, notice, occasion, now)
        if clicks is not None and notice.link is not None:
            self._plan(clicks, partial(self._click, person, notice.id))
        if pays is not None:
            self._plan(pays, partial(self._pay, person, now, notice.amount))

    def feel(self, state: LineState) -> None:
        """A line is under that policy now, or has no address any more."""
        imsi, now = state.imsi, self._now()
        if state.policy == self._open:
            self._restricted.discard(imsi)
        elif imsi not in self._restricted:
            self._restricted.add(imsi)
            person = self._owners[imsi]
            self.felt.append(Felt(now, imsi, person.account.id))
            if imsi == person.main.imsi:
                self._respond(person, state.policy is not None, now)

    def _respond(self, person: Person, gives_ip: bool, now: datetime) -> None:
        """Whoever pays for the line does so or does not."""
        pays = self._nature.pays_when_stopped(person, gives_ip, self._occasion(person.main.imsi, "stopped"), now)
        if pays is not None:
            self._plan(pays, partial(self._pay, person, now, None))

    def _occasion(self, imsi: Imsi, event: str) -> int:
        self._occasions[imsi, event] += 1
        return self._occasions[imsi, event]

    async def _click(self, person: Person, notice: NoticeId, service: CarrierService) -> None:
        with suppress(NotFound):  # further down in the inbox than anybody looks
            await service.click(person.main.msisdn, notice)

    async def _pay(self, person: Person, since: datetime, asked: Money | None, service: CarrierService) -> None:
        """What is due or was asked for, unless the person has paid since then."""
        if self._paid.get(person.main.imsi, since - _DAY) >= since:
            return
        status = await service.status(person.main.msisdn)
        owed = status.amount_due
        if asked is not None and asked.minor > owed.minor:
            owed = asked
        if owed.minor > 0:
            await self._book(person, owed, service)

    async def _top_up(self, person: Person, service: CarrierService) -> None:
        """By habit, where less is left than a month costs."""
        balance = (await service.status(person.main.msisdn)).balance
        if balance.minor < person.fees.minor:
            await self._book(person, person.fees - balance, service)

    async def _book(self, person: Person, owed: Money, service: CarrierService) -> None:
        now, amount = self._now(), self._nature.amount(person, owed)
        payment = await service.order_immediate(person.main.msisdn, amount)
        self._paid[person.main.imsi] = now
        self.paid.append(Paid(now, amount))
        told = PaymentNotification(payment.provider, payment.no, payment.no, amount, now)
        await service.settle(told)
