"""A carrier of its own for a measurement, in a process of its own as `nfemu up` starts it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nfemu.cli import control
from nfemu.client.state import StateFolder

CONFIG = Path(__file__).parents[1] / "config"


@contextmanager
def running(*settings: str) -> Iterator[StateFolder]:
    """With the shipped configuration but for `settings`, as `--set` takes them. Raises what the start raises."""
    with tempfile.TemporaryDirectory(prefix="nfemu-bench-") as name:
        state = StateFolder(Path(name) / "state")
        control.start(control.Options(state, CONFIG, settings, free_ports=True))
        try:
            yield state
        finally:
            control.stop(state)
