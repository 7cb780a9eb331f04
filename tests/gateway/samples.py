"""Lines and rules that the gateway's tests share."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Network

from nfemu.carrier.ports import LineState
from nfemu.gateway.host import Observer, UsageDay
from nfemu.gateway.rules import RuleSource
from nfemu.model.identity import Apn, GroupName, Imsi, Msisdn, PolicyName, SessionId
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict

PORTAL = DestinationGroup(GroupName("portal"), ("portal.carrier.example",), trusted=True)
OPEN = PolicyProfile(PolicyName("open"), Verdict.ALLOW, (GroupName("portal"),))
ARREARS = PolicyProfile(
    PolicyName("arrears"), Verdict.REDIRECT, (GroupName("portal"),), "http://portal.carrier.example/green"
)
RULES = RuleSource((PORTAL,), (OPEN, ARREARS))
NOBODY = Observer(
    blocked=lambda _msisdn, _version: None,
    used=lambda _usage: None,
    day=lambda: UsageDay(datetime(2026, 11, 2, tzinfo=UTC), {}),
)
"""Nobody hears what points report."""
RULES_OPEN_ONLY = RuleSource((PORTAL,), (OPEN,))


def line(number: int = 0, version: int = 1, policy: str | None = "open") -> LineState:
    """The line 8613800138000 + `number`."""
    return LineState(
        Imsi(f"46000{1380013800 + number}"),
        Msisdn(f"86{13800138000 + number}"),
        SessionId(f"ses-{number}"),
        PolicyName(policy) if policy else None,
        1,
        version,
        IPv4Address("10.45.0.2") + number,
        IPv6Network("2001:db8:4500::/64"),
        Apn("internet"),
    )
