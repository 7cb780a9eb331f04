"""The APN profile catalogue: which profiles exist, which pools feed them, what an ordered profile means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from itertools import combinations

from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.identity import PoolName, ProfileName
from nfemu.model.subscriber import ApnProfile, OrderedProfile, PdnType, Subscription

_LONGEST_IPV4 = 30
"""A /30 still holds network, gateway, one UE and broadcast."""
_LONGEST_IPV6 = 63
"""Two /64 prefixes: one is kept out, one is for a UE."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Addresses for UEs. `hold`: how long a released address stays unused, in business time (G12)."""

    name: PoolName
    ipv4: IPv4Network | None
    ipv6: IPv6Network | None
    hold: timedelta

    def __post_init__(self) -> None:
        if self.ipv4 is not None and self.ipv4.prefixlen > _LONGEST_IPV4:
            raise InvalidInput(
                f"pool `{self.name}`: `{self.ipv4}` has no room; take a prefix of /{_LONGEST_IPV4} or shorter"
            )
        if self.ipv6 is not None and self.ipv6.prefixlen > _LONGEST_IPV6:
            raise InvalidInput(
                f"pool `{self.name}`: `{self.ipv6}` has no room; take a prefix of /{_LONGEST_IPV6} or shorter"
            )
        if self.hold < timedelta(0):
            raise InvalidInput(f"pool `{self.name}`: hold time is negative; give zero or more")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Pools, APN profiles, and the profile that each ordered profile stands for. Raises InvalidInput."""

    pools: Mapping[PoolName, Pool]
    profiles: Mapping[ProfileName, ApnProfile]
    ordered: Mapping[OrderedProfile, ProfileName]

    def __post_init__(self) -> None:
        for ordered in OrderedProfile:
            name = self.ordered.get(ordered)
            if name is None:
                raise InvalidInput(f"ordered profile `{ordered.value}` has no APN profile; name one in `ordered`")
            if name not in self.profiles:
                raise InvalidInput(f"ordered profile `{ordered.value}` means `{name}`, which is no APN profile")
        for profile in self.profiles.values():
            self._check_pool(profile)
        for one, other in combinations(self.pools.values(), 2):
            _check_disjoint(one, other)

    def profile(self, name: ProfileName) -> ApnProfile:
        """The profile of that name. Raises NotFound."""
        if name not in self.profiles:
            raise NotFound(f"APN profile `{name}` is not in the catalogue; known: {', '.join(sorted(self.profiles))}")
        return self.profiles[name]

    def meaning(self, ordered: OrderedProfile) -> ApnProfile:
        """The APN profile that `ordered` stands for."""
        return self.profiles[self.ordered[ordered]]

    def granted(self, subscription: Subscription) -> ApnProfile:
        """The APN profile that the HSS gives this line. What restricts it outranks a profile of its own.

        A line whose own profile is not in the catalogue any more is barred: nobody knows what it may reach.
        """
        if subscription.ordered is not OrderedProfile.OPEN or subscription.profile is None:
            return self.meaning(subscription.ordered)
        return self.profiles.get(subscription.profile, self.meaning(OrderedProfile.BARRED))

    def orderable(self, name: str) -> ProfileName | None:
        """The profile that a line can be given under that name; None: the one that `open` means, by either name.

        Raises NotFound; InvalidInput for what a stop order means, or what gives no address.
        """
        if name == self.ordered[OrderedProfile.OPEN] or (name == "open" and name not in self.profiles):
            return None
        profile = self.profiles.get(ProfileName(name))
        if profile is None:
            there = ", ".join(f"`{each.name}`" for each in self.profiles.values() if self._is_orderable(each))
            raise NotFound(f"APN profile `{name}` is not in apns.yaml; a line can have `open`, {there}")
        if not self._is_orderable(profile):
            raise InvalidInput(f"APN profile `{name}` restricts a line; `nfemu restrict` orders what a stop means")
        return profile.name

    def _is_orderable(self, profile: ApnProfile) -> bool:
        stops = (self.ordered[OrderedProfile.ARREARS], self.ordered[OrderedProfile.BARRED])
        return profile.gives_ip and profile.name not in stops

    def pool(self, profile: ApnProfile) -> Pool:
        """The pool that feeds `profile`, which must be one that gives an IP. Raises NotFound."""
        if profile.pool is None:
            raise NotFound(f"APN profile `{profile.name}` has no pool: it gives no IP address")
        return self.pools[profile.pool]

    def holds(self, ipv4: IPv4Address | None, ipv6: IPv6Network | None) -> bool:
        """Whether a UE's addresses, as far as it has them, are each in one of the pools."""
        pools = self.pools.values()
        in_ipv4 = ipv4 is None or any(pool.ipv4 is not None and ipv4 in pool.ipv4 for pool in pools)
        in_ipv6 = ipv6 is None or any(pool.ipv6 is not None and ipv6.subnet_of(pool.ipv6) for pool in pools)
        return in_ipv4 and in_ipv6

    def _check_pool(self, profile: ApnProfile) -> None:
        if not profile.gives_ip:
            return
        pool = self.pools.get(profile.pool) if profile.pool is not None else None
        if pool is None:
            raise InvalidInput(
                f"APN profile `{profile.name}`: pool `{profile.pool}` does not exist; add it under `pools`"
            )
        if profile.pdn_type is not PdnType.IPV6 and pool.ipv4 is None:
            raise InvalidInput(f"APN profile `{profile.name}` needs IPv4; give pool `{pool.name}` an ipv4 network")
        if profile.pdn_type is not PdnType.IPV4 and pool.ipv6 is None:
            raise InvalidInput(f"APN profile `{profile.name}` needs IPv6; give pool `{pool.name}` an ipv6 network")


def _check_disjoint(one: Pool, other: Pool) -> None:
    if one.ipv4 is not None and other.ipv4 is not None and one.ipv4.overlaps(other.ipv4):
        raise InvalidInput(f"pools `{one.name}` and `{other.name}` overlap in `{one.ipv4}` and `{other.ipv4}`")
    if one.ipv6 is not None and other.ipv6 is not None and one.ipv6.overlaps(other.ipv6):
        raise InvalidInput(f"pools `{one.name}` and `{other.name}` overlap in `{one.ipv6}` and `{other.ipv6}`")
