"""Lanes on the real kernel: bulk traffic is in them, counted, and out of them with the restriction."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Network
from pathlib import Path
from shutil import which

import pytest

from nfemu.gateway.bearer.network.client import Entrance
from nfemu.gateway.ports import GatewayRules
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, Limits, PolicyProfile, Verdict
from nfemu.model.subscriber import Ambr
from nfemu.policy.rules import PolicySet
from tests.fakes.gateway import line, rules
from tests.gateway.bearer.on_line import OnLine, enter, on_line, until

NEEDS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or which("nft") is None or which("nsenter") is None,
    reason="needs root, nft and nsenter: the core's tables are looked at",
)

pytestmark = [pytest.mark.lab, NEEDS_ROOT]

OPEN, ARREARS = PolicyName("open"), PolicyName("arrears")
SITES = ("198.18.0.9", "2001:2::9")
DESK = "198.18.2.1"
MUCH = 100_000_000_000
FIRST = replace(
    line("13800138000", OPEN), ue_ipv4=IPv4Address("10.45.0.2"), ue_ipv6=IPv6Network("2001:db8:4500:2::/64")
)
SECOND = replace(
    line("13800138001", OPEN), ue_ipv4=IPv4Address("10.45.0.3"), ue_ipv6=IPv6Network("2001:db8:4500:3::/64")
)

_FETCH = """
import socket, sys
with socket.create_connection((sys.argv[1], 9999), timeout=20) as link:
    link.sendall(b"%16d%16d" % (0, int(sys.argv[2])))
    print(*link.getsockname()[:2], flush=True)
    link.settimeout(0.5)
    try:
        while True:
            try:
                link.recv(1 << 20)
            except TimeoutError:
                link.sendall(b"are you there?")
    except ConnectionResetError:
        print("reset", flush=True)
"""
_AS_ANOTHER = """
import socket, struct, sys
source, target, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
ends = socket.inet_aton(source) + socket.inet_aton(target)
tcp = struct.pack("!HHIIBBHHH", port, 9999, 1, 1, 5 << 4, 0x10, 1024, 0, 0) + bytes(1000)
ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + ends
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
    for _ in range(200):
        raw.sendto(ip + tcp, (target, 0))
"""


def made() -> GatewayRules:
    groups = (DestinationGroup(GroupName("desk"), networks=("198.18.2.0/24",), ports=(5432,)),)
    profiles = (PolicyProfile(OPEN, Verdict.ALLOW), PolicyProfile(ARREARS, Verdict.REJECT, (GroupName("desk"),)))
    return replace(rules(), policies=PolicySet.build(groups, profiles))


def core(entrance: Entrance, *command: str) -> str:
    return subprocess.run([*enter(entrance, core=True), *command], capture_output=True, text=True, check=True).stdout


def in_lane(entrance: Entrance, name: str) -> int:
    """Octets that the set of the lanes' table has counted."""
    listed = core(entrance, "nft", "list", "set", "netdev", "nfemu", name)
    return sum(int(part.split()[0]) for part in listed.split(" bytes ")[1:])


@asynccontextmanager
async def fetching(world: OnLine, entrance: Entrance, site: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program on the line that takes whatever comes."""
    argv = [*enter(entrance), sys.executable, "-c", _FETCH, site, str(MUCH)]
    process = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def said(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


@pytest.mark.parametrize("site", SITES)
async def test_bulk_traffic_is_in_its_lane_counted_and_ends_with_the_restriction(tmp_path: Path, site: str) -> None:
    async with on_line(tmp_path, made(), [FIRST]) as world:
        _, entrance = await world.bearers.plug(FIRST.msisdn)
        version = 6 if ":" in site else 4
        async with fetching(world, entrance, site) as process:
            await said(process)
            await until(lambda: in_lane(entrance, f"lane_down{version}") > 20_000_000)
            await until(lambda: world.used()[1] > 20_000_000)
            await world.bearers.apply(replace(FIRST, policy=ARREARS, version=2))
            lane = in_lane(entrance, f"lane_down{version}")
            assert await said(process) == "reset"
            assert in_lane(entrance, f"lane_down{version}") == lane
        await until(lambda: world.used()[1] > lane)
        assert not world.used("desk")[1]


async def test_a_lane_counts_every_octet_and_keeps_to_the_rate(tmp_path: Path) -> None:
    async with on_line(tmp_path, made(), [FIRST]) as world:
        _, entrance = await world.bearers.plug(FIRST.msisdn)
        free = await world.talk(entrance, SITES[0], 9999, up=3_000_000, down=3_000_000)
        assert free.end == "done"
        assert in_lane(entrance, "lane_up4") > 2_500_000
        assert in_lane(entrance, "lane_down4") > 2_500_000
        await until(lambda: world.used() == pytest.approx((free.up, free.down), rel=0.01))
        await world.bearers.apply(replace(FIRST, ambr=Ambr(0, 16_000_000), version=2))
        slow = await world.talk(entrance, SITES[0], 9999, down=3_000_000)
        assert slow.end == "done"
        assert in_lane(entrance, "lane_down4") > 5_000_000
        assert slow.seconds > slow.down * 8 / 16_000_000 * 0.7


async def test_who_is_stopped_while_downloading_reaches_what_is_left(tmp_path: Path) -> None:
    """What was on its way at the rate of before does not stand before everything else at the new one."""
    fast = replace(FIRST, ambr=Ambr(0, 150_000_000))
    async with on_line(tmp_path, made(), [fast]) as world:
        _, entrance = await world.bearers.plug(FIRST.msisdn)
        for version in range(2, 8, 2):
            async with fetching(world, entrance, SITES[0]) as process:
                await said(process)
                begun = in_lane(entrance, "lane_down4")
                await until(lambda: in_lane(entrance, "lane_down4") > begun + 20_000_000)  # noqa: B023 - awaited here
                slow = replace(FIRST, policy=ARREARS, ambr=Ambr(0, 1_000_000), version=version)
                await world.bearers.apply(slow)
                assert (await world.talk(entrance, DESK, 5432, down=10_000)).end == "done"
                assert await said(process) == "reset"
            await world.bearers.apply(replace(fast, version=version + 1))


async def test_other_rules_end_what_they_forbid_in_lanes_too(tmp_path: Path) -> None:
    async with on_line(tmp_path, made(), [FIRST]) as world:
        _, entrance = await world.bearers.plug(FIRST.msisdn)
        async with fetching(world, entrance, SITES[0]) as process:
            await said(process)
            await until(lambda: in_lane(entrance, "lane_down4") > 1_000_000)
            same = replace(made(), policies=PolicySet.build((), (PolicyProfile(OPEN, Verdict.REJECT),)))
            await world.bearers.switch(same, ())
            lane = in_lane(entrance, "lane_down4")
            assert await said(process) == "reset"
            assert in_lane(entrance, "lane_down4") == lane


async def test_nobody_uses_the_lane_of_another_line(tmp_path: Path) -> None:
    async with on_line(tmp_path, made(), [FIRST, SECOND]) as world:
        _, entrance = await world.bearers.plug(FIRST.msisdn)
        _, other = await world.bearers.plug(SECOND.msisdn)
        async with fetching(world, entrance, SITES[0]) as process:
            address, port = (await said(process)).split()
            await until(lambda: in_lane(entrance, "lane_down4") > 1_000_000)
            process.send_signal(19)  # its own acknowledgements are not to be counted
            await until(lambda: settled(entrance))
            before = in_lane(entrance, "lane_up4")
            argv = [*enter(other), sys.executable, "-c", _AS_ANOTHER, address, SITES[0], port]
            assert await (await asyncio.create_subprocess_exec(*argv)).wait() == 0
            assert in_lane(entrance, "lane_up4") - before < 100_000  # of 208,000


def settled(entrance: Entrance) -> bool:
    before = in_lane(entrance, "lane_down4")
    core(entrance, "sleep", "0.3")
    return in_lane(entrance, "lane_down4") == before


async def test_a_lane_ends_with_its_line_and_the_address_leads_to_who_has_it_next(tmp_path: Path) -> None:
    async with on_line(tmp_path, made(), [FIRST, SECOND]) as world:
        _, entrance = await world.bearers.plug(FIRST.msisdn)
        _, other = await world.bearers.plug(SECOND.msisdn)
        async with fetching(world, entrance, SITES[0]) as process:
            await said(process)
            await until(lambda: in_lane(entrance, "lane_down4") > 1_000_000)
            gone = replace(FIRST, session=None, policy=None, ue_ipv4=None, ue_ipv6=None, version=2)
            await world.bearers.apply(gone)
            lane = in_lane(entrance, "lane_down4")
            assert settled(entrance)
            assert in_lane(entrance, "lane_down4") == lane
            await world.bearers.apply(replace(SECOND, ue_ipv4=FIRST.ue_ipv4, ue_ipv6=FIRST.ue_ipv6, version=2))
            for site in SITES:
                assert (await world.talk(other, site, 9999, down=2_000_000)).end == "done"
            assert in_lane(other, "lane_down4") > lane
            assert in_lane(other, "lane_down6")


def test_where_the_kernel_lacks_a_part_there_are_none_and_one_line_says_why() -> None:
    """Such as an interface, in a network that has but the loopback one."""
    tried = """
import subprocess
from nfemu.gateway.bearer.network.lanes import lanes_possible
from nfemu.gateway.bearer.nft import Nft
nft = Nft()
print(lanes_possible(nft), repr(nft.run("list tables")))
subprocess.run(["ip", "link", "add", "inet0", "type", "veth"], check=True)
print(lanes_possible(nft), repr(nft.run("list tables")))
"""
    argv = ["unshare", "-Urn", sys.executable, "-P", "-c", tried]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False ''", "True ''"]
    (line,) = done.stderr.splitlines()
    assert line.startswith("no lanes for bulk traffic of open lines, it takes the way of all packets: nft refused")


async def test_a_profile_that_gets_a_cap_or_loses_its_lanes_otherwise_goes_the_long_way(tmp_path: Path) -> None:
    async with on_line(tmp_path, made(), [FIRST]) as world:
        _, entrance = await world.bearers.plug(FIRST.msisdn)
        async with fetching(world, entrance, SITES[0]) as process:
            await said(process)
            await until(lambda: in_lane(entrance, "lane_down4") > 1_000_000)
            capped = PolicyProfile(OPEN, Verdict.ALLOW, limits=Limits(daily_cap=30_000_000))
            await world.bearers.switch(replace(made(), policies=PolicySet.build((), (capped,))), ())
            lane = in_lane(entrance, "lane_down4")
            assert await said(process) == "reset"  # past the cap, which the long way knows
            assert in_lane(entrance, "lane_down4") == lane
