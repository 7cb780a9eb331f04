"""What the portal was configured to be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money

Identify = Callable[[Sequence[tuple[bytes, bytes]]], Msisdn | None]
"""Who an enriched request is from, by its headers as received; None when they do not say so beyond doubt."""


@dataclass(frozen=True, slots=True)
class PortalConfig:
    """`name`: the carrier's per language. `pay_origins`: where the order form may lead, such as
    `https://pay.provider.example`. Amounts are in the accounts' currency."""

    name: Mapping[str, str]
    host: str = "portal.carrier.example"
    country_code: str = "86"
    pay_origins: tuple[str, ...] = ("https://pay.provider.example",)
    smallest: Money = field(default_factory=lambda: Money(1))
    largest: Money = field(default_factory=lambda: Money(500_000))
    suggested: Money = field(default_factory=lambda: Money(5_000))
    """Offered as a top-up to those who owe nothing."""

    @property
    def plain_url(self) -> str:
        return f"http://{self.host}"

    @property
    def secure_url(self) -> str:
        return f"https://{self.host}"


def plain_identity(header: str, country_code: str = "86") -> Identify:
    """For the encoding `plain`: the only header of that name holds the number."""
    wanted = header.lower().encode()

    def identify(headers: Sequence[tuple[bytes, bytes]]) -> Msisdn | None:
        values = [value for name, value in headers if name.lower() == wanted]
        if len(values) != 1:
            return None
        try:
            return Msisdn.parse(values[0].decode("latin-1"), country_code)
        except InvalidInput:
            return None

    return identify
