"""What differs in `apns.yaml` and `policies.yaml`, and how many sessions and lines it concerns."""

from collections.abc import Iterator, Mapping

from nfemu.bootstrap.reload.facts import Facts, differing, lines
from nfemu.epc.catalogue import Catalogue, Pool
from nfemu.model.identity import GroupName, PolicyName, ProfileName
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.model.subscriber import ApnProfile
from nfemu.settings import Policies
from nfemu.web.api.backend import ConfigChange

_UNITS = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))


def apns_changes(before: Catalogue, after: Catalogue, updated: Mapping[ProfileName, int]) -> Iterator[ConfigChange]:
    """`updated`: how many sessions are changed by this, by the profile that they have then."""

    def note(subject: str) -> str:
        kind, _, name = subject.partition(" ")
        count = updated.get(ProfileName(name), 0) if kind == "profile" else 0
        return f"{count} sessions updated" if count else ""

    return differing("apns.yaml", _apns(before), _apns(after), note)


def network_facts(catalogue: Catalogue, policies: Policies) -> dict[str, Facts]:
    """What each of these files says."""
    return {"apns.yaml": _apns(catalogue), "policies.yaml": _policies(policies, _allowed(policies))}


def _apns(catalogue: Catalogue) -> Facts:
    return {
        **{f"pool {pool.name}": _pool(pool) for pool in catalogue.pools.values()},
        **{f"profile {profile.name}": _profile(profile) for profile in catalogue.profiles.values()},
        "ordered": {ordered.value: name for ordered, name in catalogue.ordered.items()},
    }


def _pool(pool: Pool) -> dict[str, str]:
    return {"ipv4": str(pool.ipv4), "ipv6": str(pool.ipv6), "hold": str(pool.hold)}


def _profile(profile: ApnProfile) -> dict[str, str]:
    return {
        "apn": profile.apn.name,
        "pdn_type": profile.pdn_type.value,
        "pool": profile.pool or "none",
        "dns": ", ".join(profile.dns) or "none",
        "ambr uplink": _rate(profile.ambr.uplink),
        "ambr downlink": _rate(profile.ambr.downlink),
        "qci": str(profile.qci),
        "arp": str(profile.arp),
        "policy": profile.policy,
        "gives_ip": str(profile.gives_ip).lower(),
        "change": "reactivate" if profile.reactivate else "in_place",
    }


def _rate(bits_per_second: int) -> str:
    """As the files have it: `1M`."""
    for factor, unit in _UNITS:
        if bits_per_second and bits_per_second % factor == 0:
            return f"{bits_per_second // factor}{unit}"
    return str(bits_per_second)


def policies_changes(before: Policies, after: Policies, attached: Mapping[PolicyName, int]) -> Iterator[ConfigChange]:
    """Profile by profile, since that is what a line has. `attached`: how many are attached under each."""
    restricting = {
        f"profile {one.name}" for one in (*before.profiles, *after.profiles) if one.default is not Verdict.ALLOW
    }

    def note(subject: str) -> str:
        count = attached.get(PolicyName(subject.partition(" ")[2]), 0)
        kind = "restricted" if subject in restricting else "open"
        return f"affects {lines(count, kind)}"

    kept = _allowed(before) & _allowed(after)
    return differing("policies.yaml", _policies(before, kept), _policies(after, kept), note)


_Allowed = set[tuple[PolicyName, GroupName]]


def _allowed(policies: Policies) -> _Allowed:
    return {(profile.name, name) for profile in policies.profiles for name in profile.allow}


def _policies(policies: Policies, kept: _Allowed) -> Facts:
    """Whose a group is, is told of those that a profile has before and after; else the group itself comes or goes."""
    groups = {group.name: group for group in policies.groups}
    return {
        f"profile {profile.name}": {
            **_policy(profile, [groups[name] for name in profile.allow]),
            **{
                f"source ({name})": source
                for name in profile.allow
                if (profile.name, name) in kept and (source := groups[name].source)
            },
        }
        for profile in policies.profiles
    }


def _policy(profile: PolicyProfile, groups: list[DestinationGroup]) -> dict[str, str]:
    facts = {"default": profile.default.value, "redirect_to": profile.redirect_to or "none"}
    facts |= {"daily_cap": str(profile.limits.daily_cap), "rate": str(profile.limits.rate)}
    facts["rate_past_cap"] = str(profile.limits.rate_past_cap)
    facts["essential"] = ", ".join(profile.essential) or "none"
    for group in groups:
        ports = ", ".join(map(str, sorted(group.ports))) or "80, 443"
        terms = f"on ports {ports}" + (", trusted" if group.trusted else "")
        terms += f", from {group.hours}" if group.hours is not None else ""
        facts |= {f"host {host} ({group.name})": terms for host in group.hosts}
        facts |= {f"network {network} ({group.name})": terms for network in group.networks}
    return facts
