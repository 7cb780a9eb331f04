"""What a line has used: octets by policy profile and group of destinations (G7)."""

from dataclasses import dataclass

from nfemu.model.identity import Imsi, PolicyName


@dataclass(frozen=True, slots=True)
class Usage:
    """Octets between the phone and the gateway: of TCP payload where somebody reads it, of IP packets where the kernel
    forwards them. `group` empty: what no group lists.
    """

    imsi: Imsi
    policy: PolicyName
    group: str
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one enforcement point must know of a limited line's use elsewhere, this business day."""

    imsi: Imsi
    policy: PolicyName
    others: int
    """Octets that the line has used at all other points, and before this one was there."""
    sharers: int
    """At how many points it is active now, this one counted if it is: they share its rate evenly."""
