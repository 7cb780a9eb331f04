"""One policy's month in a process of its own: `python -P -m nfemu.measuring.month`.

Its setting comes by standard input, and the figures, or why there are none, go by standard output. It ends when whoever
began it is gone.
"""

import asyncio
import os
import pickle
import sys
import threading

from nfemu.model.errors import NfemuError
from nfemu.simulation.figures import PolicyFigures, figures
from nfemu.simulation.month import Setting, live
from nfemu.store.scratch import ScratchStore


async def month(policy: str, setting: Setting) -> PolicyFigures:
    """Raises what the carrier raises."""
    store = ScratchStore()
    await store.open()
    try:
        return figures(policy, setting, await live(setting, store))
    finally:
        await store.close()


def main() -> None:
    policy, setting = pickle.load(sys.stdin.buffer)  # noqa: S301 - of the process that began this one
    threading.Thread(target=_end_with_the_other, daemon=True).start()
    found: PolicyFigures | NfemuError
    try:
        found = asyncio.run(month(policy, setting))
    except NfemuError as error:
        found = error
    pickle.dump(found, sys.stdout.buffer)


def _end_with_the_other() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
