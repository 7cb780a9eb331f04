"""1,000,000 subscribers in the HSS: seconds until the carrier serves, and resident memory, first and second start."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_CONFIG = Path(__file__).parents[1] / "config"
_PEOPLE = """
ranges:
  - {first_number: "13000000000", first_imsi: "460001000000000", count: 1000000, balance: 50.00}
attach: none
"""

_CHILD = """
import asyncio, sys, time
from pathlib import Path
began = time.monotonic()
from nfemu.bootstrap import BoundPorts, Emulator
from nfemu.client.state import StateFolder
from nfemu.settings import load

async def main():
    configuration = load(Path(sys.argv[1]), {"carrier.proxy.subscriber_listeners": {}})
    ports = BoundPorts.of(configuration).free()
    async with Emulator(StateFolder(Path(sys.argv[2])), lambda: configuration, ports) as emulator:
        seconds = time.monotonic() - began
        known = await emulator.service.find("13000999999")
        assert str(known.imsi) == "460001000999999"
        count = await emulator.service.count_subscribers()
        memory = Path("/proc/self/status").read_text().splitlines()
        peak = next(int(line.split()[1]) // 1024 for line in memory if line.startswith("VmHWM"))
        print(f"{count:,} subscribers: serves after {seconds:.1f} s, control process peak {peak} MiB")

asyncio.run(main())
"""


def run() -> list[str]:
    """Two lines: a start on an empty store, and one on what the first left."""
    with tempfile.TemporaryDirectory(prefix="nfemu-bench-") as name:
        config = Path(name) / "config"
        shutil.copytree(_CONFIG, config)
        (config / "subscribers.yaml").write_text(_PEOPLE)
        lines = []
        for which in ("first", "second"):
            done = subprocess.run(
                [sys.executable, "-c", _CHILD, str(config), str(Path(name) / "state")],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            lines.append(f"{which} start, {done.stdout.strip()} (budget 15 s, 1,024 MiB)")
        return lines
