"""Orders at the provider. The link to the pay page *is* the order: what was ordered, signed by the provider.

So an order needs no record until something happens to it, and nobody can make one up. The trade number follows from
the order number: whatever happens to the provider, one order is one trade, which the merchant books once.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime

from nfemu.model.errors import NotFound
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money


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
        payload = _encode(json.dumps(fields, separators=(",", ":")).encode())
        return f"{payload}.{_encode(self._seal(payload))}"

    def read(self, link: str) -> OrderSheet:
        """The order behind a link. Raises NotFound unless this provider signed it."""
        payload, _, seal = link.partition(".")
        try:
            genuine = hmac.compare_digest(_decode(seal), self._seal(payload))
        except (binascii.Error, ValueError):
            genuine = False
        if not genuine:
            raise NotFound("no such order; start again at the merchant")
        fields = json.loads(_decode(payload))
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

    def _seal(self, payload: str) -> bytes:
        return hmac.new(self._key, b"order " + payload.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
