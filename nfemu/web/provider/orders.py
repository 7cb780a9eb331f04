"""Orders at the provider. The link to the pay page *is* the order: what was ordered, signed by the provider.

So an order needs no record until something happens to it, and nobody can make one up. The trade number follows from
the order number: whatever happens to the provider, one order is one trade, which the merchant books once.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.web.sealed import Seal


@dataclass(frozen=True, slots=True)
class OrderSheet:
    """What the merchant ordered. `expires_at` is business time; `language` is the merchant's page's, or empty."""

    no: PaymentNo
    amount: Money
    expires_at: datetime
    return_url: str
    language: str = ""


class OrderLinks:
    """Reads and writes signed order links."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._seal = Seal(key, b"order")

    def link(self, sheet: OrderSheet) -> str:
        """The order as a URL path segment."""
        fields = {
            "no": sheet.no,
            "minor": sheet.amount.minor,
            "currency": sheet.amount.currency,
            "expires": sheet.expires_at.isoformat(),
            "return": sheet.return_url,
            "lang": sheet.language,
        }
        return self._seal.write(fields)

    def read(self, link: str) -> OrderSheet:
        """The order behind a link. Raises NotFound unless this provider signed it."""
        fields = self._seal.read(link)
        return OrderSheet(
            no=PaymentNo(fields["no"]),
            amount=Money(fields["minor"], fields["currency"]),
            expires_at=datetime.fromisoformat(fields["expires"]),
            return_url=fields["return"],
            language=fields.get("lang", ""),
        )

    def trade_no(self, no: PaymentNo) -> str:
        """The provider's number of the payment; one per order, for ever."""
        return "bp" + hmac.new(self._key, b"trade " + no.encode(), hashlib.sha256).hexdigest()[:26]
