"""Whose octets the kernel has forwarded, from its counters as they stand every now and then."""

from collections.abc import Iterable, Sequence

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.kernel_policy import addresses_of
from nfemu.gateway.bearer.network.messages import CountedElement
from nfemu.model.identity import GroupName, Imsi, PolicyName
from nfemu.model.usage import Usage
from nfemu.policy.compile.families import COUNTERS, LANE_COUNTERS
from nfemu.policy.compile.marks import Use, use_marks
from nfemu.policy.rules import PolicySet

_DIRECTIONS = COUNTERS | LANE_COUNTERS
_Key = tuple[Imsi, PolicyName, GroupName | None]


class KernelUsage:
    """Counters outlive rules and sessions, and so does what is known here of marks and addresses: what was forwarded
    just before a change is told after it. An address that goes to another line brings it what was not read before,
    less than a second's worth.
    """

    def __init__(self) -> None:
        self._uses: dict[int, Use] = {}
        self._owners: dict[str, Imsi] = {}
        self._before: dict[tuple[str, str, int], int] = {}

    def rules_changed(self, policies: PolicySet) -> None:
        self._uses |= use_marks(policies)

    def lines_changed(self, states: Iterable[LineState]) -> None:
        for state in states:
            for address in addresses_of(state).sources():
                self._owners[str(address)] = state.imsi

    def growth(self, elements: Sequence[CountedElement]) -> list[Usage]:
        """What has been forwarded since the last call. A counter that has shrunk was forgotten, and began anew."""
        counted = {(name, line, mark): octets for name, line, mark, octets in elements}
        grown: dict[_Key, dict[str, int]] = {}
        for key, octets in counted.items():
            before = self._before.get(key, 0)
            growth = octets - before if octets >= before else octets
            if growth:
                name, line, mark = key
                sums = grown.setdefault((self._owners[line], *self._uses[mark]), {"up": 0, "down": 0})
                sums[_DIRECTIONS[name]] += growth
        self._before = counted
        return [Usage(imsi, policy, group or "", **sums) for (imsi, policy, group), sums in grown.items()]
