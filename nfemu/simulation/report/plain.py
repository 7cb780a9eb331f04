"""A comparison for programs: what `--json` prints. Times are of the carrier's zone, durations in seconds."""

from datetime import timedelta, tzinfo

from nfemu.bss.order_report import Spread
from nfemu.model.notices import Channel, NoticeKind
from nfemu.simulation.figures import KINDS, Comparison, Peak, PolicyFigures

Json = dict[str, object]


def plain(comparison: Comparison) -> Json:
    return {
        "month": f"{comparison.month:%Y-%m}",
        "people": comparison.people,
        "lines": comparison.cards,
        "seed": comparison.seed,
        "capacity_per_hour": comparison.capacity,
        "hours_begin": comparison.begins.astimezone(comparison.zone),
        "policies": [_policy(policy, comparison.zone) for policy in comparison.policies],
    }


def _policy(policy: PolicyFigures, zone: tzinfo) -> Json:
    channels = policy.by_channel()
    return {
        "policy": policy.policy,
        "stops": policy.stops,
        "people_stopped": policy.stopped_people,
        "stops_without_notice": policy.untold,
        "stops_in_quiet_hours": policy.by_night,
        "stops_overtaken": policy.superseded,
        "resumes": policy.resumes,
        "peak": {**{kind.value: _peak(policy.peaks[kind], zone) for kind in KINDS}, "both": _peak(policy.peak, zone)},
        "waited": {kind.value: _spread(policy.waited.get(kind)) for kind in KINDS},
        "without_service_s": _seconds(policy.without_service),
        "notices_by_channel": {channel.value: channels[channel] for channel in Channel},
        "notices": [
            {"kind": kind.value, "channel": channel.value, "count": count}
            for (kind, channel), count in sorted(policy.notices.items(), key=lambda item: _name(*item[0]))
        ],
        "reminders_before_the_month": policy.before,
        "payments": policy.payments,
        "paid": policy.paid.decimal(),
        "paid_before_the_month": policy.prepaid.decimal(),
        "calls_at_the_assumed_rate": policy.calls / 1000,
        "orders_by_hour": {kind.value: policy.hours[kind] for kind in KINDS},
    }


def _name(kind: NoticeKind, channel: Channel) -> tuple[str, str]:
    return kind.value, channel.value


def _peak(peak: Peak, zone: tzinfo) -> Json:
    return {"orders": peak.orders, "at": None if peak.at is None else peak.at.astimezone(zone)}


def _spread(spread: Spread | None) -> Json | None:
    if spread is None:
        return None
    return {"p50_s": _seconds(spread.median), "p95_s": _seconds(spread.p95), "longest_s": _seconds(spread.longest)}


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()
