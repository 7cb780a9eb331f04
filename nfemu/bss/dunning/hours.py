"""Hours of the day in the carrier's zone: when messages go out, and when it is night (S22).

All moments that leave this file are in UTC, where adding is adding: in a zone with summer time it is not.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from nfemu.model.errors import InvalidInput

MOST_BETWEEN = timedelta(hours=2)
"""Between a stop notice and its stop (S23)."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """Notices go out from `opens` until `closes`, so that a stop that follows one of them within two hours comes before
    `quiet_from`. Quiet hours last over midnight, until `quiet_until`. Raises InvalidInput."""

    opens: time = time(8)
    closes: time = time(20)
    quiet_from: time = time(22)
    quiet_until: time = time(8)
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        if not self.quiet_until <= self.opens < self.closes < self.quiet_from:
            raise InvalidInput(
                f"notices from {self.opens:%H:%M} to {self.closes:%H:%M} do not lie within the day, which is from "
                f"{self.quiet_until:%H:%M} to {self.quiet_from:%H:%M}; write for example 08:00 to 20:00, and quiet "
                "hours from 22:00 to 08:00"
            )
        if timedelta(hours=self.closes.hour, minutes=self.closes.minute) + MOST_BETWEEN > timedelta(
            hours=self.quiet_from.hour, minutes=self.quiet_from.minute
        ):
            raise InvalidInput(
                f"a stop may follow its notice by two hours, so notices until {self.closes:%H:%M} reach into quiet "
                f"hours from {self.quiet_from:%H:%M} on; let notices end two hours before quiet hours begin"
            )

    def day(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    def at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def opening(self, day: date) -> datetime:
        return self.at(day, self.opens)

    def closing(self, day: date) -> datetime:
        return self.at(day, self.closes)

    def is_open(self, now: datetime) -> bool:
        """May a notice go out?"""
        return self.opening(self.day(now)) <= now < self.closing(self.day(now))

    def is_quiet(self, now: datetime) -> bool:
        return not self.at(self.day(now), self.quiet_until) <= now < self.at(self.day(now), self.quiet_from)

    def next_open(self, now: datetime) -> datetime:
        """The first moment from `now` on at which a notice may go out."""
        if self.is_open(now):
            return now
        today = self.day(now)
        return self.opening(today) if now < self.opening(today) else self.opening(today + _DAY)

    def night_begins(self, now: datetime) -> datetime:
        """The first moment of quiet hours behind `now`, which is not in them."""
        return self.at(self.day(now), self.quiet_from)

    def night_ends(self, now: datetime) -> datetime:
        """The end of the quiet hours that `now` is in."""
        today = self.day(now)
        morning = self.at(today, self.quiet_until)
        return morning if now < morning else self.at(today + _DAY, self.quiet_until)
