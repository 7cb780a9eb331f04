"""Core networks with our table or without, and programs in them, for as long as a measurement lasts."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bench.carrier import CONFIG
from bench.contenders.lines import ARREARS, OPEN, line
from nfemu.bootstrap.conversion import rule_source
from nfemu.client.state import StateFolder
from nfemu.gateway.bearer.kernel_policy import KernelPolicy
from nfemu.gateway.bearer.network.client import CoreNetwork
from nfemu.gateway.bearer.phones import Phones
from nfemu.model.destination import IpAddress
from nfemu.model.subscriber import Ambr
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.updates import trust
from nfemu.runtime.keys import private_folder
from nfemu.settings import load

ROOT = Path(__file__).parents[1]


class Networks:
    """All of it ends with the stack."""

    def __init__(self, stack: AsyncExitStack, folder: Path) -> None:
        self.stack = stack
        self.folder = folder

    async def plain(self) -> CoreNetwork:
        """Forwards whatever comes. Raises Unavailable."""
        core = CoreNetwork(self.folder / "core.log")
        await core.start()
        self.stack.push_async_callback(core.stop)
        return core

    async def policed(
        self,
        core: CoreNetwork,
        settings: Mapping[str, object] | None = None,
        trusted: Mapping[str, IpAddress] | None = None,
    ) -> Phones:
        """With our table from now on, and a line under either policy in it; `trusted` names lead to these addresses."""
        state = StateFolder(self.folder / "state")
        private_folder(state.path)
        plan = SteeringPlan()
        policy = KernelPolicy(plan, core.nft, lambda: core.lanes)
        rules = rule_source(load(CONFIG, settings or {}), state).compile()
        await policy.load(policy.compile(rules), [line(OPEN), line(ARREARS)])
        for name, address in (trusted or {}).items():
            await policy.put(trust(rules.policies, plan, name, address, None))
        return Phones(core, policy, plan, lambda _: Ambr(0, 0))

    async def started(self, contender: str, *arguments: str, **options: object) -> asyncio.subprocess.Process:
        """A module of `contenders`."""
        command = (sys.executable, "-m", f"bench.contenders.{contender}", *arguments)
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, **options)  # type: ignore[arg-type] # as given
        self.stack.push_async_callback(_ended, process)
        return process


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


@asynccontextmanager
async def networks() -> AsyncIterator[Networks]:
    with tempfile.TemporaryDirectory(prefix="nfemu-bench-") as name:
        async with AsyncExitStack() as stack:
            yield Networks(stack, Path(name))
