"""What the carrier was configured to be: plain values, converted from the configuration outside."""

from dataclasses import dataclass, field
from datetime import timedelta

from nfemu.bss.auto_deduct import AutoDeductRules
from nfemu.bss.channels import NoticeRules
from nfemu.bss.credit import CreditRules
from nfemu.bss.detection import DetectionRules
from nfemu.bss.dunning import DunningRules
from nfemu.bss.fees import FeeRules
from nfemu.bss.notices import Letterhead
from nfemu.bss.order_queue import OrderRules
from nfemu.epc.catalogue import Catalogue
from nfemu.model.notices import Channel


@dataclass(frozen=True, slots=True)
class CarrierRules:
    """`order_expiry`: business time in which a payment order can be paid. `open_orders`: how many payment orders of one
    line may wait for their payer at once; those that the money comes with are not counted. `confirmed_by`: how the
    payment provider's own message reaches its payer (G13)."""

    catalogue: Catalogue
    dunning: DunningRules
    letterhead: Letterhead
    auto_deduct: AutoDeductRules
    order_expiry: timedelta = timedelta(minutes=15)
    open_orders: int = 10
    detection: DetectionRules = field(default_factory=DetectionRules)
    fees: FeeRules = field(default_factory=FeeRules)
    orders: OrderRules = field(default_factory=OrderRules)
    notices: NoticeRules = field(default_factory=NoticeRules)
    credit: CreditRules = field(default_factory=CreditRules)
    confirmed_by: Channel = Channel.SMS
