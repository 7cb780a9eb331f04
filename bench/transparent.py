"""Enrichment over bearers: our worker behind our table, against stock `mitmdump --mode transparent` behind a redirect.

The same phone, links and origin; processor seconds of the proxy's own process for the same kept-alive requests,
interleaved. The stock one adds one header and decides nothing.
"""

import asyncio
import os
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

from bench.contenders.bulk_receiver import SITE
from bench.contenders.lines import OPEN, line
from bench.contenders.our_worker import TRUSTED
from bench.load import cpu_seconds
from bench.networks import Networks, networks
from bench.ratio import Measure, interleaved
from nfemu.gateway.bearer.network.client import CoreNetwork, Entrance
from nfemu.gateway.bearer.network.messages import Phone, Transport, Where
from nfemu.model.errors import Unavailable
from nfemu.policy.compile.steering import SteeringPlan

_REQUESTS = 2_000
_BUDGET = 1.4
_ENGINE = SteeringPlan().ports.engine
_REDIRECT = f"""
table inet stock {{
	chain arrive {{
		type nat hook prerouting priority dstnat; policy accept;
		iifname "ue0" tcp dport 80 redirect to :{_ENGINE}
	}}
}}
"""
_MITMDUMP = (
    str(Path(sys.executable).with_name("mitmdump")), "-q", "--mode", "transparent", "-p", str(_ENGINE), "--set",
    "connection_strategy=lazy", "-s", str(Path(__file__).parent / "contenders/one_header.py"),
)  # fmt: skip


async def _origin(bench: Networks, core: CoreNetwork) -> int:
    """At every address of the emulated Internet, and at a port of loopback: that port."""
    with await core.listen(Where.INTERNET, Transport.TCP, 4, 80) as site:
        descriptor = site.fileno()
        origin = await bench.started("origin", str(descriptor), pass_fds=[descriptor], stdout=subprocess.PIPE)
    assert origin.stdout is not None
    return int(await origin.stdout.readline())


async def _ours(bench: Networks) -> Measure:
    core = await bench.plain()
    origin = await _origin(bench, core)
    phones = await bench.policed(core, TRUSTED, {"news.example": ip_address(SITE)})
    with await core.listen(Where.CORE, Transport.TCP, 4, _ENGINE) as listener:
        descriptor = listener.fileno()
        worker = await bench.started(
            "our_worker", str(origin), str(descriptor), pass_fds=[descriptor], stdout=subprocess.PIPE,
            env={**os.environ, "BENCH_STATE": str(bench.folder)},
        )  # fmt: skip
    assert worker.stdout is not None
    await worker.stdout.readline()
    return await _measure(bench, await phones.plug(line(OPEN)), worker.pid)


async def _stock(bench: Networks) -> Measure:
    core = await bench.plain()
    await _origin(bench, core)
    await core.nft(_REDIRECT)
    entrance = await core.plug(Phone(0, line(OPEN).ue_ipv4, None))
    mitmdump = await bench.started("in_core", str(entrance.pid), *_MITMDUMP)
    return await _measure(bench, entrance, mitmdump.pid)


async def _measure(bench: Networks, entrance: Entrance, proxy: int) -> Measure:
    place = (str(entrance.pid), str(entrance.network))
    load = await bench.started("load_on_line", *place, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    async def measure() -> float:
        assert load.stdin is not None
        assert load.stdout is not None
        before = cpu_seconds(proxy)
        load.stdin.write(f"{_REQUESTS}\n".encode())
        if not await load.stdout.readline():
            raise RuntimeError("the load on the line has ended; what it said is above")
        return cpu_seconds(proxy) - before

    return measure


async def _compared() -> str:
    async with networks() as bench:
        ratio = await interleaved(await _ours(bench), await _stock(bench))
    per = 10_000 / _REQUESTS
    costs = f"{ratio.ours * per:.2f} s against {ratio.other * per:.2f} s of processor time for 10,000 requests"
    return f"enrichment over bearers, our worker to stock transparent mitmdump: {ratio} (budget {_BUDGET}); {costs}"


def run() -> list[str]:
    """One line."""
    try:
        return [asyncio.run(_compared())]
    except Unavailable as error:
        return [f"enrichment over bearers: not measured, {error}"]
