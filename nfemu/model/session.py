"""The PDN session: address, profile, and the two counters that keep every copy honest."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Address, IPv6Network

from nfemu.model.identity import Apn, Imsi, Msisdn, PolicyName, ProfileName, SessionId


class SessionState(Enum):
    ACTIVE = "active"
    RELEASED = "released"
    """Detached; the addresses are on hold until the pool's hold time has passed (G12)."""


@dataclass(frozen=True, slots=True)
class PdnSession:
    """One PDN connection as the PGW keeps it.

    `generation` rises with every new address of this subscriber. `policy_version` rises with every change of
    profile and never falls. `profile` is the profile that the PGW has applied; it is *effective* once
    `acknowledged_version == policy_version`, that is, once every enforcement point has confirmed it.
    """

    id: SessionId
    imsi: Imsi
    msisdn: Msisdn
    apn: Apn
    profile: ProfileName
    policy: PolicyName
    ue_ipv4: IPv4Address | None
    ue_ipv6: IPv6Network | None
    generation: int
    policy_version: int
    acknowledged_version: int
    attached_at: datetime
    """Business time."""
    state: SessionState = SessionState.ACTIVE
    released_at: datetime | None = None
    """Business time."""
    ebi: int = 5
    """EPS bearer identity of the default bearer (TS 24.007 clause 11.2.3.1.5)."""
