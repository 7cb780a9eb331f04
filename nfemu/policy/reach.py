"""What becomes of a destination beside what the policy says: with it, `explain` tells what a subscriber really gets."""

from dataclasses import dataclass

from nfemu.model.destination import IpAddress
from nfemu.policy.points import Point


@dataclass(frozen=True, slots=True)
class Guard:
    """A refusal of the gateway itself, under every profile. `rule` such as `gateway/private-address`."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reach:
    """`addresses`: what the name resolves to for this subscriber. `leads_to`: what is dialled, in words; empty where
    nothing is. `guard`: what refuses it, whatever the policy says. `points`: what it meets on its way, in order."""

    addresses: tuple[IpAddress, ...] = ()
    leads_to: str = ""
    guard: Guard | None = None
    points: tuple[Point, ...] = ()
