"""A program in a core network: `python -m bench.contenders.in_core CORE COMMAND…` becomes it."""

import os
import sys
from pathlib import Path

from nfemu.namespaces.system import Namespace, enter


def main(core: int, command: list[str]) -> None:
    foreign = Path(f"/proc/{core}/ns/user").stat().st_ino != Path("/proc/self/ns/user").stat().st_ino
    enter(os.pidfd_open(core), Namespace.NETWORK | (Namespace.USER if foreign else Namespace(0)))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
