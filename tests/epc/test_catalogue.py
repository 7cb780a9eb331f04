"""The catalogue refuses what the PGW could not serve, by name."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Network

import pytest

from nfemu.epc.catalogue import Catalogue, Pool
from nfemu.model.errors import InvalidInput, NotFound
from nfemu.model.identity import PoolName, ProfileName
from nfemu.model.subscriber import OrderedProfile, PdnType
from tests.fakes.world import catalogue, profile

ZERO = timedelta(0)


def pool(name: str = "internet", ipv4: str | None = "10.45.0.0/16", ipv6: str | None = "2001:db8::/40") -> Pool:
    return Pool(PoolName(name), IPv4Network(ipv4) if ipv4 else None, IPv6Network(ipv6) if ipv6 else None, ZERO)


def with_pools(*pools: Pool) -> Catalogue:
    return replace(catalogue(), pools={each.name: each for each in pools})


def test_an_ordered_profile_means_an_apn_profile() -> None:
    assert catalogue().meaning(OrderedProfile.ARREARS).name == "green"
    assert catalogue().profile(ProfileName("green")).policy == "arrears"
    assert catalogue().pool(catalogue().meaning(OrderedProfile.OPEN)).name == "internet"


def test_an_unknown_profile_is_not_found() -> None:
    with pytest.raises(NotFound, match="`blue` is not in the catalogue; known: barred, green, inflight, internet"):
        catalogue().profile(ProfileName("blue"))


def test_a_profile_without_ip_has_no_pool() -> None:
    with pytest.raises(NotFound, match="`barred` has no pool"):
        catalogue().pool(catalogue().meaning(OrderedProfile.BARRED))


@pytest.mark.parametrize(
    ("ipv4", "ipv6", "text"),
    [("10.0.0.0/31", None, "a prefix of /30 or shorter"), (None, "2001:db8::/64", "a prefix of /63 or shorter")],
)
def test_a_pool_needs_room(ipv4: str | None, ipv6: str | None, text: str) -> None:
    with pytest.raises(InvalidInput, match=text):
        pool(ipv4=ipv4, ipv6=ipv6)


def test_a_hold_is_not_negative() -> None:
    with pytest.raises(InvalidInput, match="hold time is negative"):
        Pool(PoolName("internet"), None, None, timedelta(seconds=-1))


def test_every_ordered_profile_needs_a_meaning() -> None:
    with pytest.raises(InvalidInput, match="`open` has no APN profile"):
        replace(catalogue(), ordered={})
    with pytest.raises(InvalidInput, match="means `blue`, which is no APN profile"):
        replace(catalogue(), ordered={each: ProfileName("blue") for each in OrderedProfile})


def test_a_profile_needs_a_pool_of_its_families() -> None:
    with pytest.raises(InvalidInput, match="pool `internet` does not exist"):
        with_pools()
    with pytest.raises(InvalidInput, match="needs IPv4"):
        with_pools(pool(ipv4=None))
    with pytest.raises(InvalidInput, match="needs IPv6"):
        with_pools(pool(ipv6=None))
    lost = replace(profile("internet", "open"), pool=None)
    with pytest.raises(InvalidInput, match="pool `None` does not exist"):
        replace(catalogue(), profiles={**catalogue().profiles, lost.name: lost})


@pytest.mark.parametrize(("pdn_type", "only"), [(PdnType.IPV4, pool(ipv6=None)), (PdnType.IPV6, pool(ipv4=None))])
def test_one_family_is_enough_for_profiles_that_want_one(pdn_type: PdnType, only: Pool) -> None:
    profiles = {name: replace(each, pdn_type=pdn_type) for name, each in catalogue().profiles.items()}
    assert replace(catalogue(), profiles=profiles, pools={only.name: only}).pools


def test_pools_do_not_overlap() -> None:
    with pytest.raises(InvalidInput, match=r"`internet` and `green` overlap in `10.45.0.0/16` and `10.45.7.0/24`"):
        with_pools(pool(), pool("green", "10.45.7.0/24", "2001:db8:ffff::/48"))
    with pytest.raises(InvalidInput, match=r"overlap in `2001:db8::/40`"):
        with_pools(pool(), pool("green", "10.46.0.0/16", "2001:db8:1::/48"))
    assert with_pools(pool(), pool("four", "10.46.0.0/16", None), pool("six", None, "2001:db9::/48")).pools


def test_addresses_that_some_pool_holds() -> None:
    shelf = catalogue()
    v4, v6 = IPv4Address("10.45.7.7"), IPv6Network("2001:db8:4500:7::/64")
    assert shelf.holds(v4, v6)
    assert shelf.holds(None, None)
    assert not shelf.holds(IPv4Address("10.99.0.1"), v6)
    assert not shelf.holds(v4, IPv6Network("fd00::/64"))
