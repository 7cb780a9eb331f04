"""The specification of the kernel's table by the rules of the moment, made once for many questions."""

from nfemu.gateway.ports import GatewayRules
from nfemu.model.identity import PolicyName
from nfemu.policy.compile.specification import Named, Specification, Trusted
from nfemu.policy.compile.steering import SteeringPlan


class Specified:
    """`trusted` and `named` go on growing elsewhere."""

    def __init__(self, plan: SteeringPlan, trusted: Trusted, named: Named) -> None:
        self._plan = plan
        self._trusted = trusted
        self._named = named
        self._rules: GatewayRules | None = None
        self._made: dict[frozenset[PolicyName], Specification] = {}

    def by(self, rules: GatewayRules, capped: frozenset[PolicyName] = frozenset()) -> Specification:
        """For a line that is past its cap under the profiles `capped`."""
        if rules is not self._rules:
            self._rules = rules
            self._made.clear()
        made = self._made.get(capped)
        if made is None:
            made = Specification(rules.policies, self._plan, self._trusted, rules.hours_at, capped, self._named)
            self._made[capped] = made
        return made
