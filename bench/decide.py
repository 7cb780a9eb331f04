"""`decide()` with 10, 1,000 and 100,000 host patterns: at most 3 µs, the same for all (architecture, section 11)."""

import statistics
import time
from datetime import UTC, datetime

from nfemu.model.destination import Destination, Scheme
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.policy.rules import NO_BINDINGS, CompiledProfile, PolicySet, decide

_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_CALLS = 50_000


def profile_with(patterns: int) -> CompiledProfile:
    """An arrears profile whose payment group has `patterns` host patterns, a third of each kind."""
    kinds = ("shop{0}.pay.example", ".brand{0}.example", "*.cdn{0}.example")
    hosts = tuple(kinds[index % 3].format(index) for index in range(patterns))
    groups = [
        DestinationGroup(GroupName("portal"), ("portal.carrier.example",), trusted=True),
        DestinationGroup(GroupName("payment"), hosts),
    ]
    arrears = PolicyProfile(
        PolicyName("arrears"),
        Verdict.REDIRECT,
        (GroupName("portal"), GroupName("payment")),
        "http://portal.carrier.example/green",
    )
    return PolicySet.build(groups, [arrears]).profile(PolicyName("arrears"))


def destinations() -> list[Destination]:
    """Half of them allowed, half not; short names and long ones."""
    names = [
        "portal.carrier.example",
        "shop3.pay.example",
        "www.brand4.example",
        "img.cdn5.example",
        "news.example",
        "evilbrand4.example",
        "a.b.c.d.e.f.g.example",
        "x.img.cdn5.example",
    ]
    return [Destination(name, None, 80, scheme=Scheme.HTTP) for name in names]


def run() -> list[str]:
    """One line per size: the median of seven runs, in microseconds a call."""
    lines = []
    for patterns in (10, 1_000, 100_000):
        profile = profile_with(patterns)
        asked = destinations() * (_CALLS // 8)
        costs = []
        for _ in range(7):
            started = time.process_time()
            for destination in asked:
                decide(profile, destination, NO_BINDINGS, _NOW)
            costs.append((time.process_time() - started) / len(asked) * 1e6)
        lines.append(f"decide() with {patterns:>7,} patterns: {statistics.median(costs):.2f} µs a call (budget 3)")
    return lines
