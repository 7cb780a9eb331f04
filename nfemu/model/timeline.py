"""The subscriber's timeline: what happened, in order, with milliseconds since the trigger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nfemu.model.identity import CorrelationId, Imsi


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """`name` is dotted and stable (`order.created`, `hss.profile_changed`, `enforcement.acknowledged`).

    `elapsed_ms` counts wall time since the trigger of `correlation`; `at` is wall time, `business_at` business time,
    None where an earlier program did not keep it.
    """

    imsi: Imsi
    correlation: CorrelationId
    name: str
    at: datetime
    elapsed_ms: float
    detail: Mapping[str, str] = field(default_factory=dict)
    business_at: datetime | None = None
