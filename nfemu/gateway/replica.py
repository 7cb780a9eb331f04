"""A point's copy of lines and rules. One per connection of the link; a new connection starts a new one."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from nfemu.carrier.ports import LineState
from nfemu.gateway.ports import GatewayRules
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Imsi, Msisdn


class LineTable:
    """Lines by number; per subscriber the highest version wins, in whatever order they come."""

    def __init__(self, states: Iterable[LineState] = ()) -> None:
        self._by_imsi: dict[Imsi, LineState] = {}
        self._by_msisdn: dict[Msisdn, LineState] = {}
        for state in states:
            self.put(state)

    def put(self, state: LineState) -> bool:
        """Keep `state`; False when this or a newer version is already held."""
        held = self._by_imsi.get(state.imsi)
        if held is not None and held.version >= state.version:
            return False
        if held is not None and held.msisdn != state.msisdn and self._by_msisdn.get(held.msisdn) is held:
            del self._by_msisdn[held.msisdn]
        self._by_imsi[state.imsi] = state
        self._by_msisdn[state.msisdn] = state
        return True

    def get(self, msisdn: Msisdn) -> LineState | None:
        return self._by_msisdn.get(msisdn)

    def states(self) -> list[LineState]:
        return list(self._by_imsi.values())

    def __len__(self) -> int:
        return len(self._by_imsi)


class Replica:
    """Lines and rules as far as they have arrived."""

    def __init__(self) -> None:
        self.lines = LineTable()
        self._rules: GatewayRules | None = None

    def replace_rules(self, rules: GatewayRules, states: Iterable[LineState] = ()) -> None:
        """Together with the lines that change with them: nobody may see new rules over an old line, or the reverse."""
        self._rules = rules
        for state in states:
            self.lines.put(state)

    def set_hours(self, at: datetime) -> None:
        """The rules at another time of day. Raises Unavailable before the snapshot has arrived."""
        self._rules = replace(self.rules(), hours_at=at)

    def rules(self) -> GatewayRules:
        """Raises Unavailable before the snapshot has arrived."""
        if self._rules is None:
            raise Unavailable("the control process has not sent the rules yet; try again")
        return self._rules
