"""Hundreds of lines that change at once, in the real kernel."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from nfemu.carrier.ports import LineState
from nfemu.gateway.bearer.kernel_policy import KernelPolicy
from nfemu.gateway.bearer.network.client import CoreNetwork
from nfemu.gateway.bearer.network.messages import Phone
from nfemu.policy.compile.families import FAMILIES
from nfemu.policy.compile.marks import mark_of
from nfemu.policy.compile.steering import SteeringPlan
from tests.fakes.gateway import ARREARS, OPEN, line, rules

_NAMESPACES = subprocess.run(["unshare", "-Urnm", "true"], check=False).returncode == 0

_LIST = """
import os, sys
from pathlib import Path
from nfemu.namespaces.system import Namespace, enter
from nfemu.gateway.bearer.nft import Nft
foreign = Path(f"/proc/{sys.argv[1]}/ns/user").stat().st_ino != Path("/proc/self/ns/user").stat().st_ino
enter(os.pidfd_open(int(sys.argv[1])), Namespace.NETWORK | (Namespace.USER if foreign else Namespace(0)))
print(Nft().run(f"list map inet nfemu {sys.argv[2]}"))
"""

pytestmark = [pytest.mark.lab, pytest.mark.skipif(not _NAMESPACES, reason="needs user namespaces")]


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[CoreNetwork]:
    core = CoreNetwork(tmp_path / "core.log")
    await core.start()
    yield core
    await core.stop()


def policies(core: int) -> dict[str, int]:
    """Address → mark, as the kernel has them."""
    command = [sys.executable, "-c", _LIST, str(core), FAMILIES[0].policies]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.findall(r"([0-9.]+) : (0x[0-9a-f]+|[0-9]+)", listed)
    return {address: int(mark, 0) for address, mark in found}


def wanted(states: Iterable[LineState]) -> dict[str, int]:
    return {str(state.ue_ipv4): mark_of(state.policy) for state in states if state.policy is not None}


async def test_all_are_in_force_and_none_is_another_ones(core: CoreNetwork) -> None:
    transactions: list[str] = []

    async def counted(text: str) -> None:
        transactions.append(text)
        await core.nft(text)

    policy = KernelPolicy(SteeringPlan(), counted)
    lines = [line(f"13800138{place:03}", OPEN) for place in range(2, 252)]
    await policy.load(policy.compile(rules()), [])
    await asyncio.gather(*(policy.change(each) for each in lines))
    phone = await core.plug(Phone(0, None, None))
    assert policies(phone.pid) == wanted(lines)
    restricted = [replace(each, policy=ARREARS, version=2) for each in lines[::2]]
    await asyncio.gather(*(policy.change(each) for each in restricted))
    assert policies(phone.pid) == wanted([*restricted, *lines[1::2]])
    assert len(transactions) == 3
