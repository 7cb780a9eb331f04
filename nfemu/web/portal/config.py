"""What the portal was configured to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nfemu.model.identity import Msisdn, PolicyName
from nfemu.model.money import Money
from nfemu.web.origins.connection import OriginRequest
from nfemu.web.pages import Voice

Identify = Callable[[OriginRequest], Msisdn | None]
"""Who an enriched request is from, by what the front received; None when that is not beyond doubt."""

CAPTIVE_API = "/captive-api"
"""Path of the captive-portal API, over TLS (RFC 8908)."""


@dataclass(frozen=True, slots=True)
class PortalConfig:
    """`gardens`: policies that restrict an open line, each with its landing page over TLS, empty where it has none.
    `pay_origins`: where the order form may lead, such as
    `https://pay.provider.example`. Amounts are in the accounts' currency."""

    voice: Voice
    host: str = "portal.carrier.example"
    country_code: str = "86"
    pay_origins: tuple[str, ...] = ("https://pay.provider.example",)
    smallest: Money = field(default_factory=lambda: Money(1))
    largest: Money = field(default_factory=lambda: Money(500_000))
    suggested: Money = field(default_factory=lambda: Money(5_000))
    """Offered as a top-up to those who owe nothing."""
    gardens: Mapping[PolicyName, str] = field(default_factory=dict)

    @property
    def plain_url(self) -> str:
        return f"http://{self.host}"

    @property
    def secure_url(self) -> str:
        return f"https://{self.host}"
