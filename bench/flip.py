"""Payment notified → first open page, by proxy and over bearers: what `nfemu bench flip` measures."""

import asyncio

from bench.carrier import CONFIG
from nfemu.bootstrap.serving import fastest_loop
from nfemu.cli.bench import lines
from nfemu.measuring.flip import measure
from nfemu.model.errors import Unavailable
from nfemu.model.identity import Msisdn
from nfemu.settings import load

_ROUNDS = 200
_NUMBER = Msisdn("8613800138000")


def run() -> list[str]:
    """A few lines for each access."""
    return [line for access in ("proxy", "bearer") for line in _by(access)]


def _by(access: str) -> list[str]:
    configuration = load(CONFIG, {"carrier.access": access})
    try:
        with asyncio.Runner(loop_factory=fastest_loop) as runner:
            return lines(runner.run(measure(lambda: configuration, _NUMBER, _ROUNDS)))
    except Unavailable as error:
        return [f"flip by {access}: not measured, {error}"]
