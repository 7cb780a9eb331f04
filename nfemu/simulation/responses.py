"""How people respond, as pure functions: to what they are told, to a stop, and by habit. None: not at all.

Each answer is drawn for the person and the occasion: who answers the first short message does so under every policy
that sends it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from nfemu.bss.draws import spread
from nfemu.model.money import Money
from nfemu.model.notices import Notice, NoticeKind
from nfemu.simulation.choices import among, share, soon, up_to
from nfemu.simulation.population import Person
from nfemu.simulation.rules import Answer, Behaviour

REMINDERS = (NoticeKind.MONTH_END, NoticeKind.DUNNING, NoticeKind.FORECAST, NoticeKind.LOW_BALANCE)
_DAY = timedelta(days=1)
_NOBODY = Answer(0, timedelta(0))


@dataclass(frozen=True, slots=True)
class Nature:
    """What decides how people behave. `zone`: where day and night are."""

    behaviour: Behaviour
    seed: int
    zone: tzinfo

    def pays_when_told(self, person: Person, notice: Notice, occasion: int, now: datetime) -> datetime | None:
        """After a message; `occasion`: how often one of its kind came to that phone on that channel, from 1."""
        event = f"told/{notice.kind.value}/{notice.channel.value}/{occasion}"
        return self._answer(person, self._to(notice), event, now)

    def clicks(self, person: Person, notice: Notice, occasion: int, now: datetime) -> datetime | None:
        """When the link of a message is opened by whoever does not pay after it."""
        event = f"clicks/{notice.kind.value}/{notice.channel.value}/{occasion}"
        answer = Answer(self.behaviour.clicks.get(notice.channel, 0), _DAY)
        return self._answer(person, answer, event, now) if self._to(notice) is not _NOBODY else None

    def pays_when_stopped(self, person: Person, gives_ip: bool, occasion: int, now: datetime) -> datetime | None:
        """After a stop, the `occasion`-th of that person, counted from 1."""
        answer = self.behaviour.green if gives_ip else self.behaviour.barred
        return self._answer(person, answer, f"stopped/{occasion}", now)

    def tops_up(self, person: Person, month: date) -> datetime | None:
        """By habit in that month, if the fee is more than is left then."""
        behaviour = self.behaviour
        percent = behaviour.habit + behaviour.habit_per_level * person.account.level
        event = f"habit/{month:%Y-%m}"
        if not among(self.seed, person.name, event, percent):
            return None
        day = month + up_to(self.seed, person.name, f"{event}/day", behaviour.habit_within // _DAY - 1) * _DAY
        begins, ends = (
            datetime.combine(day, clock, self.zone).astimezone(UTC)
            for clock in (behaviour.awake_from, behaviour.awake_until)
        )
        return begins + spread(self.seed, person.name, f"{event}/hour", ends - begins)

    def amount(self, person: Person, owed: Money) -> Money:
        """What that person pays where at least `owed` is wanted: a multiple of the usual amount."""
        usual = share(self.seed, person.name, "top-up", self.behaviour.top_ups)
        return Money(max(1, -(-owed.minor // usual.minor)) * usual.minor, owed.currency)

    def _to(self, notice: Notice) -> Answer:
        if notice.kind is NoticeKind.STOP_NOTICE:
            return self.behaviour.stop_notice
        return self.behaviour.reminders.get(notice.channel, _NOBODY) if notice.kind in REMINDERS else _NOBODY

    def _answer(self, person: Person, answer: Answer, event: str, now: datetime) -> datetime | None:
        if not among(self.seed, person.name, event, answer.percent):
            return None
        return self._awake(person, event, now + soon(self.seed, person.name, f"{event}/when", answer.within))

    def _awake(self, person: Person, event: str, moment: datetime) -> datetime:
        """Then, or in the morning after it."""
        behaviour, local = self.behaviour, moment.astimezone(self.zone)
        if behaviour.awake_from <= local.time() < behaviour.awake_until:
            return moment
        day = local.date() + (_DAY if local.time() >= behaviour.awake_until else timedelta(0))
        begins = datetime.combine(day, behaviour.awake_from, self.zone).astimezone(UTC)
        return begins + spread(self.seed, person.name, f"{event}/morning", behaviour.morning)
