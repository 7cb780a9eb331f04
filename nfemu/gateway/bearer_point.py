"""What the gateway asks of bearers: one more enforcement point, in the control process itself."""

import socket
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.gateway.ports import GatewayRules
from nfemu.model.usage import Allowance


class BearerPoint(Protocol):
    """What serves bearers beside the workers; see bearer/bearers.py."""

    workers: Sequence[socket.socket]
    """Listeners of the core network, for the workers."""

    def compile(self, rules: GatewayRules) -> object:
        """Raises InvalidInput for a rule that cannot be kept on bearers."""

    async def begin(self, rules: GatewayRules, lines: Sequence[LineState]) -> None:
        """In force, and serve. Raises Unavailable."""

    async def apply(self, state: LineState) -> None:
        """See Enforcer. Before `begin` has ended, what is told is in force when it has; after their end nothing is."""

    async def switch(self, rules: GatewayRules, states: Sequence[LineState]) -> None:
        """Rules and lines in one step."""

    async def hold(self) -> None:
        """Other people come: nobody is served any more, and nothing is left of those before."""

    async def begin_anew(self, rules: GatewayRules, lines: Sequence[LineState]) -> None:
        """Serve the people who have come."""

    async def allowed(self, allowances: Sequence[Allowance]) -> None:
        """What limited lines have used elsewhere (G7)."""

    def day_began(self, ends_at: datetime) -> None:
        """The business day in which caps count."""
