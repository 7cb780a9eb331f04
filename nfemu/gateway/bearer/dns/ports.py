"""What the DNS of bearers asks of the rest of the gateway."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.gateway.ports import GatewayRules
from nfemu.model.destination import IpAddress


class Lines(Protocol):
    """The control process's own view. All three answer at once, from memory."""

    def line_at(self, address: IpAddress) -> LineState | None:
        """The line whose session has that IPv4 address, or whose IPv6 prefix holds it; None: nobody's."""

    def rules(self) -> GatewayRules:
        """Another object after every change, opening hours and where names lead included, and when bindings may have
        been lost: answers are remembered while it is the same."""

    def fresh(self) -> bool:
        """False: nobody knows whether the two above are up to date. Then every question is refused (fail closed)."""


class Binder(Protocol):
    """The enforcement points that keep what a line was told."""

    async def bind(self, line: LineState, name: str, addresses: Sequence[IpAddress], until: datetime) -> None:
        """Return when `addresses` are bound to `name` for this line until that wall time, or longer.

        Raises NfemuError where they are not; then the line is not told.
        """
