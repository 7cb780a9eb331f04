"""Octets that stay in the kernel, on the real one: counted by line and group, held to the daily cap and to rates."""

import asyncio
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import pytest

from nfemu.gateway.bearer.network.client import Entrance
from nfemu.gateway.ports import GatewayRules
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, Limits, PolicyProfile, Verdict
from nfemu.model.subscriber import Ambr
from nfemu.model.usage import Allowance
from nfemu.policy.rules import PolicySet
from tests.fakes.gateway import line, rules
from tests.gateway.bearer.on_line import OnLine, on_line, until

_POSSIBLE = which("nsenter") and subprocess.run(["unshare", "-Urnm", "true"], check=False).returncode == 0

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not _POSSIBLE, reason="needs util-linux and user namespaces"),
]

OPEN, SLOW = PolicyName("open"), PolicyName("slow")
CAP = 2_000_000
ANYWHERE, OFFICE, OFFICE6, DESK = "198.18.0.9", "198.18.1.9", "2001:2::1:9", "198.18.2.9"
DAY = datetime(2026, 11, 2, tzinfo=UTC)
NUMBER = "13800138001"


def made() -> GatewayRules:
    groups = (
        DestinationGroup(GroupName("office"), networks=("198.18.1.0/24", "2001:2::1:0/112"), ports=(443, 5432)),
        DestinationGroup(GroupName("desk"), networks=("198.18.2.0/24",), ports=(5432,)),
    )
    names = tuple(group.name for group in groups)
    profiles = (
        PolicyProfile(OPEN, Verdict.ALLOW, names, None, Limits(CAP), (GroupName("desk"),)),
        PolicyProfile(SLOW, Verdict.REJECT, names, None, Limits(rate=4_000_000)),
    )
    return replace(rules(), policies=PolicySet.build(groups, profiles))


async def office_ends(world: OnLine, entrance: Entrance, end: str) -> None:
    """Connections to the office soon end like that."""
    async with asyncio.timeout(10):
        while (await world.talk(entrance, OFFICE, 443)).end != end:
            pass


async def test_what_the_kernel_forwards_is_reported_by_group(tmp_path: Path) -> None:
    state = line(NUMBER, OPEN)
    async with on_line(tmp_path, made(), [state]) as world:
        _, entrance = await world.bearers.plug(state.msisdn)
        free = await world.talk(entrance, ANYWHERE, 9999, up=300_000, down=200_000)
        office = await world.talk(entrance, OFFICE, 443, up=100_000, down=300_000)
        office6 = await world.talk(entrance, OFFICE6, 5432, up=200_000, down=100_000)
        assert {free.end, office.end, office6.end} == {"done"}
        await until(lambda: sum(world.used("office")) > 690_000)
        assert world.used() == pytest.approx((free.up, free.down), rel=0.01)
        assert world.used("office") == pytest.approx((office.up + office6.up, office.down + office6.down), rel=0.01)
        assert {each.policy for each in world.reports.usage} == {OPEN}


async def test_past_its_cap_a_line_reaches_what_is_essential_until_the_day_ends(tmp_path: Path) -> None:
    state = line(NUMBER, OPEN)
    async with on_line(tmp_path, made(), [state]) as world:
        bearers = world.bearers
        bearers.day_began(DAY)
        _, entrance = await bearers.plug(state.msisdn)
        await bearers.apply(replace(state, version=2, ambr=Ambr(8_000_000, 8_000_000)))
        cut = await world.talk(entrance, ANYWHERE, 9999, down=20 * CAP)
        assert cut.end == "Connection-reset-by-peer"
        await until(lambda: sum(world.used()) >= CAP)
        assert sum(world.used()) < CAP * 3
        assert (await world.talk(entrance, OFFICE, 443)).end == "Connection-refused"
        assert (await world.talk(entrance, DESK, 5432, down=50_000)).end == "done"
        bearers.day_began(DAY + timedelta(days=1))
        await office_ends(world, entrance, "done")
        await bearers.allowed([Allowance(state.imsi, OPEN, CAP, 1)])
        await office_ends(world, entrance, "Connection-refused")


async def test_both_directions_keep_to_the_slower_of_ambr_and_policy(tmp_path: Path) -> None:
    state = replace(line(NUMBER, SLOW), ambr=Ambr(8_000_000, 2_000_000))
    async with on_line(tmp_path, made(), [state]) as world:
        _, entrance = await world.bearers.plug(state.msisdn)
        up = await world.talk(entrance, OFFICE, 5432, up=500_000)
        down = await world.talk(entrance, OFFICE, 5432, down=500_000)
        assert 0.6 < up.up * 8 / up.seconds / 4_000_000 < 1.3
        assert 0.6 < down.down * 8 / down.seconds / 2_000_000 < 1.3
        await world.bearers.apply(replace(state, version=2, policy=OPEN, ambr=Ambr(0, 20_000_000)))
        up = await world.talk(entrance, OFFICE, 5432, up=500_000)
        down = await world.talk(entrance, DESK, 5432, down=1_000_000)
        assert up.up * 8 / up.seconds > 8_000_000
        assert 0.4 < down.down * 8 / down.seconds / 20_000_000 < 1.3
