"""Who has come in by a payment link: sealed into the address of every further page, so nothing has to be remembered.

A link is good for five minutes; whoever is in may pay for as long as the order is open, from the same phone.
"""

from dataclasses import asdict, dataclass

from nfemu.web.sealed import Seal


@dataclass(frozen=True, slots=True)
class Visit:
    """`address`: the phone's when it came in. `back`: the merchant's page to return to, empty where it named none."""

    prepay_id: str
    address: str
    back: str


class Visits:
    """`key`: the provider's own."""

    def __init__(self, key: bytes) -> None:
        self._seal = Seal(key, b"visit")

    def place(self, visit: Visit) -> str:
        """Path of the visit's pages."""
        return f"/pay/{self._seal.write(asdict(visit))}"

    def read(self, text: str) -> Visit:
        """What stands behind `/pay/`. Raises NotFound unless `place` wrote it."""
        return Visit(**self._seal.read(text))
