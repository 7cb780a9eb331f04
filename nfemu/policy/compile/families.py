"""IPv4 and IPv6 in one shape: the fields of each, and the sets that elements are put into."""

from dataclasses import dataclass

from nfemu.model.destination import IpAddress
from nfemu.policy.compile.table import ElementSet, Field

DIRECTIONS = ("up", "down")
_ADDRESS = {4: "ipv4_addr", 6: "ipv6_addr"}


@dataclass(frozen=True, slots=True)
class Family:
    """`line` and `to_line` are the line's address as source and as target: its /64 in IPv6."""

    version: int
    line: Field
    to_line: Field
    source: Field
    target: Field

    @property
    def lines(self) -> str:
        """(interface, line): who may send from where."""
        return f"lines{self.version}"

    @property
    def policies(self) -> str:
        """line → mark of its profile."""
        return f"policy{self.version}"

    @property
    def bound(self) -> str:
        """(line, address): an allowed name was resolved to it for this line."""
        return f"bound{self.version}"

    @property
    def trusted(self) -> str:
        """(address, port): there somebody believes enrichment headers."""
        return f"trusted{self.version}"

    @property
    def named(self) -> str:
        """(address, port): a name that a restricted line may reach leads there, whoever has asked for it."""
        return f"named{self.version}"

    @property
    def capped(self) -> str:
        """(mark of a profile, line): past its daily cap under it."""
        return f"capped{self.version}"

    def used(self, direction: str) -> str:
        """(line, mark of a use) with what was forwarded `up` or `down`."""
        return f"used_{direction}{self.version}"

    def used_lanes(self, direction: str) -> str:
        """The same, of what had a lane to itself."""
        return f"lane_{direction}{self.version}"

    @property
    def address(self) -> str:
        return _ADDRESS[self.version]

    def sets(self) -> tuple[ElementSet, ...]:
        address = self.address
        return (
            ElementSet(self.lines, ("ifname", address)),
            ElementSet(self.policies, (address,), marks=True),
            ElementSet(self.bound, (address, address), expires=True),
            ElementSet(self.trusted, (address, "inet_service"), expires=True),
            ElementSet(self.named, (address, "inet_service"), expires=True),
            ElementSet(self.capped, ("mark", address)),
            *(ElementSet(self.used(direction), (address, "mark"), counts=True) for direction in DIRECTIONS),
        )


IPV4 = Family(4, Field.SOURCE4, Field.TARGET4, Field.SOURCE4, Field.TARGET4)
IPV6 = Family(6, Field.SOURCE_PREFIX6, Field.TARGET_PREFIX6, Field.SOURCE6, Field.TARGET6)
FAMILIES = (IPV4, IPV6)


COUNTERS = {family.used(direction): direction for family in FAMILIES for direction in DIRECTIONS}
"""What was forwarded: the direction of each of the sets that count it."""
LANE_COUNTERS = {family.used_lanes(direction): direction for family in FAMILIES for direction in DIRECTIONS}
"""The same, in the table of the lanes."""


def family_of(address: IpAddress) -> Family:
    return IPV4 if address.version == 4 else IPV6
