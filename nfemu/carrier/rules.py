"""What the carrier was configured to be: plain values, converted from the configuration outside."""

from dataclasses import dataclass
from datetime import timedelta

from nfemu.bss.dunning import DunningRules
from nfemu.bss.notices import Letterhead
from nfemu.epc.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class CarrierRules:
    """`order_expiry`: business time in which a payment order can be paid."""

    catalogue: Catalogue
    dunning: DunningRules
    letterhead: Letterhead
    order_expiry: timedelta = timedelta(minutes=15)
