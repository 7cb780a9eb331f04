"""What becomes of a line's traffic on its bearer at the moment: asked by `explain`, and by the relay of open flows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.foretelling import families_of, networks_of, reach_of, truth_of
from nfemu.gateway.bearer.specified import Specified
from nfemu.gateway.link.host import NameService
from nfemu.gateway.ports import GatewayRules
from nfemu.model.destination import Destination, IpAddress, Transport
from nfemu.model.identity import PolicyName
from nfemu.model.policy import Decision
from nfemu.policy.bearer_points import Bearer, points_of_bearer
from nfemu.policy.compile.steering import Packet, Way
from nfemu.policy.reach import Reach
from nfemu.policy.rules import Bindings


@dataclass(frozen=True, slots=True)
class Known:
    """A line, and all that decides on it. `capped`: the policies under which it is past its cap; `told`: by our DNS."""

    state: LineState
    rules: GatewayRules
    capped: frozenset[PolicyName]
    told: Bindings


class Outlook:
    """`may_dial`: whom the gateway dials; `way`: where a packet to an address leads; `now` is wall time."""

    def __init__(
        self,
        names: NameService,
        specified: Specified,
        may_dial: Callable[[IpAddress], bool],
        way: Callable[[IpAddress], Way],
        now: Callable[[], datetime],
    ) -> None:
        self._names = names
        self._specified = specified
        self._may_dial = may_dial
        self._way = way
        self._now = now

    async def reach(self, line: Known, destination: Destination, decision: Decision) -> Reach | None:
        """What traffic to there would meet; None where the line is not attached. `decision` is the policy's."""
        state = line.state
        if state.policy is None:
            return None
        specification = self._specified.by(line.rules, line.capped)
        families, own = families_of(state), networks_of(state)
        bearer = Bearer(specification, state.policy, line.told, families, own, self._now())
        truth = await truth_of(self._names, bearer, destination, self._may_dial)
        way = self._way(destination.address) if destination.address is not None else Way.OUTSIDE
        return reach_of(points_of_bearer(bearer, destination, truth, way), destination, decision, truth)

    def forwards(self, line: Known, address: IpAddress, port: int) -> bool:
        """Whether the kernel lets TCP to there through."""
        specification = self._specified.by(line.rules, line.capped)
        packet = Packet(address, Transport.TCP, port)
        return specification.goes_on(line.state.policy, packet, line.told, self._now())
