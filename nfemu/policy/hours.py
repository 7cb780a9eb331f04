"""Opening hours: when the rules of a group are in force, and when that next changes.

A time of day means the carrier's zone, so every moment here is business time in that zone. Between two changes the
answer is the same for every moment; that is why enforcement points need no business clock of their own: they are told
one moment, and the next one when a group opens or closes.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from nfemu.model.identity import GroupName
from nfemu.model.policy import DestinationGroup, Hours


def is_open(hours: Hours, at: datetime) -> bool:
    """Whether `at`, in the carrier's zone, is within the hours: opening included, closing not."""
    now = at.time()
    if hours.opens < hours.closes:
        return hours.opens <= now < hours.closes
    return now >= hours.opens or now < hours.closes


def next_change(groups: Iterable[DestinationGroup], now: datetime) -> datetime | None:
    """The first moment after `now` at which a group opens or closes, in the zone of `now`; None without hours.

    Where the clocks go forward over a time of day, it is when they do.
    """
    times = {time for group in groups if group.hours is not None for time in (group.hours.opens, group.hours.closes)}
    days = [now.date() + timedelta(days=ahead) for ahead in range(3)]
    moments = (datetime.combine(day, time, now.tzinfo).astimezone(UTC) for day in days for time in times)
    found = min((moment for moment in moments if moment > now.astimezone(UTC)), default=None)
    return None if found is None else found.astimezone(now.tzinfo)


def changes_at(groups: Iterable[DestinationGroup], moment: datetime) -> dict[GroupName, str]:
    """The groups that open or close at `moment`, which `next_change` gave, each in words."""
    found = {}
    for group in groups:
        if group.hours is not None and moment.time() == group.hours.opens:
            found[group.name] = f"group `{group.name}` opens"
        elif group.hours is not None and moment.time() == group.hours.closes:
            found[group.name] = f"group `{group.name}` closes"
    return found
