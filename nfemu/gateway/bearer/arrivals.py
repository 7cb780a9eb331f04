"""Whose a connection is that the network has steered to us, and what the judge must know beside it."""

from typing import Protocol

from nfemu.carrier.ports import LineState
from nfemu.gateway.ports import LineView
from nfemu.model.destination import IpAddress
from nfemu.policy.rules import Bindings


class BearerView(LineView, Protocol):
    """The control process's own view of lines. All answer at once, from memory."""

    def by_address(self, address: IpAddress) -> LineState | None:
        """The line that has this UE address now: its IPv4 address, or any in its IPv6 prefix."""

    def bindings(self, state: LineState) -> Bindings:
        """What this line was told by our DNS: (normalised name, address) → until when, wall time."""
