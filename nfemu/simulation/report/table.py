"""The figures of all policies side by side, in words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from nfemu.bss.order_report import Spread
from nfemu.model.notices import Channel, NoticeKind
from nfemu.model.orders import OrderKind
from nfemu.simulation.figures import TO_DUN, Comparison, Peak, PolicyFigures

Row = tuple[str, ...]
"""What it is, then the value of each policy."""


def rows(comparison: Comparison) -> list[Row]:
    columns = [dict(_column(comparison, policy)) for policy in comparison.policies]
    return [(name, *(column[name] for column in columns)) for name in columns[0]]


def messages(comparison: Comparison) -> list[Row]:
    """By kind and channel, as far as any policy has them."""
    kinds = [(kind, channel) for kind in NoticeKind for channel in Channel]
    counts = [(f"{kind.value}, {channel.value}", _counts(comparison, kind, channel)) for kind, channel in kinds]
    return [(name, *(f"{count:,}" for count in found)) for name, found in counts if any(found)]


def _counts(comparison: Comparison, kind: NoticeKind, channel: Channel) -> Sequence[int]:
    return [policy.notices.get((kind, channel), 0) for policy in comparison.policies]


def _column(comparison: Comparison, policy: PolicyFigures) -> Iterator[tuple[str, str]]:
    zone, channels = comparison.zone, policy.by_channel()
    yield "lines stopped", f"{policy.stops:,}"
    yield "people stopped", f"{policy.stopped_people:,}"
    yield "lines stopped without a stop notice", f"{policy.untold:,}"
    yield "lines stopped in quiet hours", f"{policy.by_night:,}"
    yield "stops overtaken by the payment", f"{policy.superseded:,}"
    yield "lines resumed", f"{policy.resumes:,}"
    yield "stop orders in the worst hour", _peak(policy.peaks[OrderKind.STOP], zone)
    yield "resume orders in the worst hour", _peak(policy.peaks[OrderKind.RESUME], zone)
    yield "both in the worst hour", _peak(policy.peak, zone)
    yield from _waited("stop", policy.waited)
    yield from _waited("resume", policy.waited)
    yield "without service, median", duration(policy.without_service)
    for channel in Channel:
        yield f"messages by {channel.value}", f"{channels[channel]:,}"
    yield "messages to avoid a stop", f"{sum(count for (kind, _), count in policy.notices.items() if kind in TO_DUN):,}"
    yield "the same before the month", f"{policy.before:,}"
    yield "payments", f"{policy.payments:,}"
    yield "paid", str(policy.paid)
    yield "paid before the month", str(policy.prepaid)
    yield "calls to the hotline, assumed rate", f"{policy.calls / 1000:.1f}"


def _waited(kind: str, waited: Mapping[OrderKind, Spread | None]) -> Iterator[tuple[str, str]]:
    spread = waited.get(OrderKind(kind))
    found = (None, None, None) if spread is None else (spread.median, spread.p95, spread.longest)
    yield f"{kind} orders waited, p50 / p95 / longest", " / ".join(map(duration, found))


def _peak(peak: Peak, zone: tzinfo) -> str:
    return str(peak.orders) if peak.at is None else f"{peak.orders} ({moment(peak.at, zone)})"


def moment(at: datetime, zone: tzinfo) -> str:
    """`1 Nov 00:00`."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %H:%M}"


def duration(length: timedelta | None) -> str:
    """With as much as tells something: `0`, `42s`, `3m20s`, `5h07m`; `-`: there is none."""
    if length is None:
        return "-"
    seconds = round(length.total_seconds())
    if seconds < 60:
        return f"{seconds}s" if seconds else "0"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02}s"
    return f"{seconds // 3600}h{seconds % 3600 // 60:02}m"
