from ipaddress import IPv4Address, IPv6Address

from nfemu.web.origins.addresses import IPV4_RANGE, IPV6_RANGE, VirtualAddresses


class Index:
    def __init__(self) -> None:
        self.names: list[str] = []
        self.offset = 0

    async def name_index(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name) + self.offset


async def test_every_name_has_its_own_stable_addresses() -> None:
    addresses = VirtualAddresses(Index())
    first = await addresses.resolve("a.example")
    assert first == (IPv4Address("198.18.0.16"), IPv6Address("2001:2::10"))
    assert await addresses.resolve("b.example") != first
    assert await addresses.resolve("a.example") == first


async def test_shared_names_have_one_address() -> None:
    addresses = VirtualAddresses(Index(), [["cdn-a.example", "cdn-b.example"]])
    assert await addresses.resolve("cdn-b.example") == await addresses.resolve("cdn-a.example")


async def test_past_the_range_ipv4_wraps_and_ipv6_does_not() -> None:
    index = Index()
    addresses = VirtualAddresses(index)
    index.offset = 10_000_000
    ipv4, ipv6 = await addresses.resolve("a.example")
    assert ipv4 in IPV4_RANGE
    assert ipv6 in IPV6_RANGE
