"""Times as the database keeps them: whole microseconds since 1970-01-01 UTC, the same number everywhere."""

from datetime import UTC, datetime, timedelta

from nfemu.model.errors import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(time: datetime) -> int:
    """Raises InvalidInput for a time without a zone: which instant it means would depend on the machine."""
    if time.tzinfo is None:
        raise InvalidInput(f"time `{time.isoformat()}` has no time zone; give an aware one, for example in UTC")
    return (time - _EPOCH) // _MICROSECOND


def span_to_micros(span: timedelta) -> int:
    return span // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def to_micros_or_none(time: datetime | None) -> int | None:
    return None if time is None else to_micros(time)


def from_micros_or_none(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
