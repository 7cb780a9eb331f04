"""What a policy says: groups of destinations, profiles, and the decision with its reason."""

from dataclasses import dataclass
from datetime import time
from enum import Enum

from nfemu.model.identity import GroupName, PolicyName


class Verdict(Enum):
    """Allow it, redirect it to the landing page (HTTP only), or refuse it at once."""

    ALLOW = "allow"
    REDIRECT = "redirect"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Hours:
    """Times of day in the carrier's zone. A group that `closes` before it `opens` is open over midnight."""

    opens: time
    closes: time

    def __str__(self) -> str:
        return f"{self.opens:%H:%M} to {self.closes:%H:%M}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a line may use under a profile (G7); 0: without limit. Both directions together."""

    daily_cap: int = 0
    """Octets per business day. Past it, only essential groups are reached."""
    rate: int = 0
    """Bits per second."""
    rate_past_cap: int = 0
    """Bits per second past the cap, for what essential groups carry, where that is less; 0: as before it."""

    @property
    def unlimited(self) -> bool:
        return not self.daily_cap and not self.rate


UNLIMITED = Limits()


@dataclass(frozen=True, slots=True)
class DestinationGroup:
    """Named destinations (`policies.yaml`).

    `hosts` are patterns: `name` exact; `.name` the name and everything below it; `*.name` exactly one label
    below it. `networks` are CIDR texts. `ports` empty means 80 and 443. `trusted` destinations receive
    enrichment headers on plain HTTP. `source` says who supplied it (G6), for example `provider: wechatpay`.
    """

    name: GroupName
    hosts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    trusted: bool = False
    source: str = ""
    hours: Hours | None = None
    """When the group's rules are in force, by business time; None: always."""


@dataclass(frozen=True, slots=True)
class PolicyProfile:
    """What a line may reach. `default` is for everything outside `allow`; `REDIRECT` needs `redirect_to`."""

    name: PolicyName
    default: Verdict
    allow: tuple[GroupName, ...] = ()
    redirect_to: str | None = None
    """Landing page, an `http://` URL that the profile itself allows."""
    limits: Limits = UNLIMITED
    essential: tuple[GroupName, ...] = ()
    """Of `allow`, what is reached past the daily cap too: what paying needs."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule` is the id of the deciding rule, such as `arrears/allow/portal/.carrier.example` or `arrears/default`;
    `reason` is one sentence for people. `enrich` is true for plain HTTP to a trusted destination only.
    `group` is the group whose rule decided, None for a profile's default; pseudonyms are keyed by it.
    """

    verdict: Verdict
    enrich: bool
    rule: str
    reason: str
    group: GroupName | None = None
