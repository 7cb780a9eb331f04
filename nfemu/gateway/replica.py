"""A point's copy of lines and rules. One per connection of the link; a new connection starts a new one."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address

from nfemu.carrier.ports import LineState
from nfemu.gateway.ports import GatewayRules
from nfemu.model.destination import IpAddress
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Imsi, Msisdn

_PREFIX_BITS = 64
"""A PDN session's IPv6 prefix is a /64, and every address in it the UE's (TS 23.401 clause 5.3.1.2.2)."""


class LineTable:
    """Lines by number and, while attached, by address; per subscriber the highest version wins, in whatever order they
    come.
    """

    def __init__(self, states: Iterable[LineState] = ()) -> None:
        self._by_imsi: dict[Imsi, LineState] = {}
        self._by_msisdn: dict[Msisdn, LineState] = {}
        self._by_ipv4: dict[IPv4Address, LineState] = {}
        self._by_prefix: dict[int, LineState] = {}
        for state in states:
            self.put(state)

    def put(self, state: LineState) -> bool:
        """Keep `state`; False when this or a newer version is already held."""
        held = self._by_imsi.get(state.imsi)
        if held is not None and held.version >= state.version:
            return False
        if held is not None and held.msisdn != state.msisdn and self._by_msisdn.get(held.msisdn) is held:
            del self._by_msisdn[held.msisdn]
        if held is not None:
            self._leave_addresses(held)
        self._by_imsi[state.imsi] = state
        self._by_msisdn[state.msisdn] = state
        self._take_addresses(state)
        return True

    def _take_addresses(self, state: LineState) -> None:
        if state.policy is None:
            return
        if state.ue_ipv4 is not None:
            self._by_ipv4[state.ue_ipv4] = state
        if state.ue_ipv6 is not None:
            self._by_prefix[_prefix(state.ue_ipv6.network_address)] = state

    def _leave_addresses(self, held: LineState) -> None:
        """Only what it still has: an address may be somebody else's by now."""
        if held.ue_ipv4 is not None and self._by_ipv4.get(held.ue_ipv4) is held:
            del self._by_ipv4[held.ue_ipv4]
        if held.ue_ipv6 is not None and self._by_prefix.get(key := _prefix(held.ue_ipv6.network_address)) is held:
            del self._by_prefix[key]

    def get(self, msisdn: Msisdn) -> LineState | None:
        return self._by_msisdn.get(msisdn)

    def at(self, address: IpAddress) -> LineState | None:
        """The attached line whose UE has this address, or this address in its prefix."""
        if isinstance(address, IPv6Address):
            return self._by_prefix.get(_prefix(address))
        return self._by_ipv4.get(address)

    def states(self) -> list[LineState]:
        return list(self._by_imsi.values())

    def __len__(self) -> int:
        return len(self._by_imsi)


def _prefix(address: IPv6Address) -> int:
    return int(address) >> _PREFIX_BITS


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

    def forget_lines(self) -> None:
        """Other people come, whose versions have begun anew."""
        self.lines = LineTable()

    def set_hours(self, at: datetime) -> None:
        """The rules at another time of day. Raises Unavailable before the snapshot has arrived."""
        self._rules = replace(self.rules(), hours_at=at)

    def rules(self) -> GatewayRules:
        """Raises Unavailable before the snapshot has arrived."""
        if self._rules is None:
            raise Unavailable("the control process has not sent the rules yet; try again")
        return self._rules
