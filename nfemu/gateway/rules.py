"""What a point's rules are made of, as plain data that travels over the link."""

from dataclasses import dataclass, field
from datetime import datetime

from nfemu.enrichment.enricher import Enricher
from nfemu.enrichment.values import HeaderRule
from nfemu.gateway.ports import GatewayRules
from nfemu.gateway.sealer import JoseSealer, TokenKey
from nfemu.model.policy import DestinationGroup, PolicyProfile
from nfemu.policy.rules import PolicySet


@dataclass(frozen=True, slots=True)
class RuleSource:
    """Everything that `compile` needs. `token_keys`: newest first, the first one seals; empty where no rule seals."""

    groups: tuple[DestinationGroup, ...]
    profiles: tuple[PolicyProfile, ...]
    headers: tuple[HeaderRule, ...] = ()
    aliases: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    pseudonym_key: bytes = field(default=b"", repr=False)
    token_keys: tuple[TokenKey, ...] = ()
    country_code: str = "86"
    hours_at: datetime | None = None
    """Business time when they were sent; opening and closing comes as `Hours` (link)."""

    def compile(self) -> GatewayRules:
        """Raises InvalidInput for what the rules themselves forbid; see PolicySet and Enricher."""
        sealer = JoseSealer(self.token_keys[0]) if self.token_keys else None
        enricher = Enricher(self.headers, self.aliases, self.cookies, self.pseudonym_key, sealer)
        return GatewayRules(PolicySet.build(self.groups, self.profiles), enricher, self.country_code, self.hours_at)
