"""What a line past its daily cap is told (G7), by whoever reads its requests.

Only what is essential, what paying needs, goes on. Whoever asks for anything else is told why, until when, and where to
pay; also whoever asks for what the line may not reach anyway, since the redirect would not say why nothing works.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from nfemu.carrier.ports import LineState
from nfemu.gateway.engine import responses
from nfemu.gateway.engine.judge import Blocked, Judge, Line, Refusal, Target
from nfemu.gateway.engine.meter import Meters, limits_of
from nfemu.gateway.ports import GatewayRules
from nfemu.model.policy import Decision
from nfemu.wire.http_head import RequestHead


class Caps:
    """Of a data plane with that judge and those meters."""

    def __init__(self, judge: Judge, meters: Meters) -> None:
        self._judge = judge
        self._meters = meters

    def check(self, line: Line, decision: Decision) -> None:
        """Of what is allowed. Raises Refusal past the cap, unless paying needs it."""
        if decision.group not in line.profile.essential and self._exceeded(line):
            raise self._over(line)

    @contextmanager
    def explained(self, line: Line, target: Target, head: RequestHead) -> Iterator[None]:
        """Around a judgement: past the cap it is the reason, not what the policy says. An operating system's check is
        sent to the landing page all the same, since it shows the page, where there is one. Raises Refusal.
        """
        try:
            yield
        except Blocked:
            shows_page = line.profile.redirect_to is not None and responses.is_check(target.name, head.target)
            if shows_page or not self._exceeded(line):
                raise
            raise self._over(line) from None

    def exceeded(self, state: LineState, rules: GatewayRules) -> bool:
        """Whether the line is past its cap."""
        policy = state.policy
        return policy is not None and self._meters.exceeded((state.imsi, policy), limits_of(rules, policy))

    def _exceeded(self, line: Line) -> bool:
        return self._meters.exceeded((line.state.imsi, line.profile.name), line.profile.limits)

    def _over(self, line: Line) -> Refusal:
        cap, ends = line.profile.limits.daily_cap, self._meters.day_ends
        return Refusal(responses.cap_reached(cap, ends, self._judge.landing_past_cap(line)))
