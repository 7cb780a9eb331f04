"""What the control process itself knows of lines and rules, as the points of its own ask for it."""

from collections.abc import Iterable
from dataclasses import replace

from nfemu.carrier.ports import LineState
from nfemu.gateway.ports import GatewayRules
from nfemu.gateway.replica import LineTable
from nfemu.model.destination import IpAddress
from nfemu.model.identity import Msisdn


class ControlView:
    """Implements LineView. There is no copy that could be out of date."""

    def __init__(self, rules: GatewayRules, lines: Iterable[LineState]) -> None:
        self._rules = rules
        self._lines = LineTable(lines)

    def put(self, state: LineState) -> bool:
        """False: this or a newer version is held already."""
        return self._lines.put(state)

    def replace(self, rules: GatewayRules, states: Iterable[LineState]) -> None:
        """Rules, and the lines that change in one step with them."""
        self._rules = replace(rules)  # another object even where nothing else is: what is remembered goes by it
        for state in states:
            self._lines.put(state)

    def states(self) -> list[LineState]:
        return self._lines.states()

    def line(self, msisdn: Msisdn) -> LineState | None:
        return self._lines.get(msisdn)

    def line_at(self, address: IpAddress) -> LineState | None:
        return self._lines.at(address)

    def rules(self) -> GatewayRules:
        return self._rules

    def fresh(self) -> bool:
        return True
