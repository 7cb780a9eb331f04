"""Who is on the line: the subscriber, the card's role, and the APN subscription that the HSS keeps."""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Network

from nfemu.model.identity import (
    AccountId,
    Apn,
    Imsi,
    Msisdn,
    PlanName,
    PolicyName,
    PoolName,
    ProfileName,
    ServiceName,
)


class CardRole(Enum):
    """A secondary card shares its main card's account (S11)."""

    MAIN = "main"
    SECONDARY = "secondary"


class Segment(Enum):
    """Whom the carrier talks to; what a message says depends on it (S3)."""

    GENERAL = "general"
    STUDENT = "student"
    FAMILY = "family"
    BUSINESS = "business"
    SENIOR = "senior"


class PdnType(Enum):
    """PDN type of TS 24.301 clause 9.9.4.10."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"
    IPV4V6 = "IPv4v6"


@dataclass(frozen=True, slots=True)
class Ambr:
    """Aggregate maximum bit rate, bits per second (TS 23.401 clause 4.7.3)."""

    uplink: int
    downlink: int


@dataclass(frozen=True, slots=True)
class ApnProfile:
    """One row of the APN profile catalogue (`apns.yaml`).

    `gives_ip` false means that the HSS refuses the PDN connection: no address at all (G4, G8).
    """

    name: ProfileName
    apn: Apn
    pdn_type: PdnType
    pool: PoolName | None
    dns: tuple[str, ...]
    ambr: Ambr
    qci: int
    arp: int
    policy: PolicyName
    gives_ip: bool = True
    reactivate: bool = False
    """True: entering this profile gives a new address and generation instead of changing in place."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A SIM card and its subscription data."""

    imsi: Imsi
    msisdn: Msisdn
    account: AccountId
    role: CardRole = CardRole.MAIN
    language: str = "zh"
    """Language of messages to the phone's owner: `zh` or `en`."""
    static_ipv4: IPv4Address | None = None
    static_ipv6: IPv6Network | None = None
    plan: PlanName | None = None
    """What it costs each month (S1); None: nothing."""
    services: tuple[ServiceName, ...] = ()
    """Value-added services beside those of the plan (S1b)."""
    segment: Segment = Segment.GENERAL
    wechat: bool = False
    """Whether its owner has bound the carrier's official account (S4)."""


class OrderedProfile(Enum):
    """What the carrier ordered for a subscription in the HSS; `policies.yaml` says which APN profile it means."""

    OPEN = "open"
    ARREARS = "arrears"
    BARRED = "barred"


class Hold(Enum):
    """A person's decision that outranks standing (architecture, section 4).

    `RESTRICT` lasts until a manual restore. `RESTORE` (a manual restore of an overdue account) lasts until
    the account's standing next changes.
    """

    NONE = "none"
    RESTRICT = "restrict"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Subscription:
    """The HSS record of one subscriber: what is ordered, and the version that copies carry."""

    imsi: Imsi
    ordered: OrderedProfile = OrderedProfile.OPEN
    version: int = 1
    hold: Hold = Hold.NONE
    profile: ProfileName | None = None
    """The line's own APN profile, which `open` means for it (G18); None: the one that `open` means for everybody."""
