"""What a card has used in a calendar month, as its tariff counts it."""

from dataclasses import dataclass
from datetime import date

from nfemu.model.identity import Imsi
from nfemu.model.plans import Measured


@dataclass(frozen=True, slots=True)
class Consumption:
    """`month`: its first day, in the carrier's zone. `used`: octets or seconds. `units`: of those past the bundle, how
    many have been charged."""

    imsi: Imsi
    month: date
    measured: Measured
    used: int = 0
    units: int = 0


@dataclass(frozen=True, slots=True)
class PostedUsage:
    """Use that somebody posted under a key of their own: the same key counts once."""

    key: str
    imsi: Imsi
    measured: Measured
    amount: int
