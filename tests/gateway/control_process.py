"""A control process to kill: a gateway with echo engines. Prints the HTTP listener's port and the workers' pids."""

import asyncio
import sys
from pathlib import Path

from nfemu.gateway.gateway import Gateway
from tests.gateway.samples import NOBODY, RULES, line
from tests.gateway.test_gateway import NoNames, config, pids


async def main(folder: Path) -> None:
    gateway = Gateway(config(folder), RULES, NoNames(), lambda: [line()], NOBODY)
    await gateway.start()
    sys.stdout.write(f"{gateway.status().addresses.http[1]} {' '.join(map(str, pids(gateway)))}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
