"""Bearers that begin while lines change, as when another core network takes the place of one, on the real kernel."""

import subprocess
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest

from tests.fakes.gateway import OPEN, WALLED, line, rules
from tests.gateway.bearer.on_line import on_line

_POSSIBLE = which("nsenter") and subprocess.run(["unshare", "-Urnm", "true"], check=False).returncode == 0

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not _POSSIBLE, reason="needs util-linux and user namespaces"),
]


async def test_a_line_that_changed_before_they_began_is_as_it_is_by_then(tmp_path: Path) -> None:
    stopped, other = line("13800138001", OPEN), line("13800138002", OPEN)
    changed = replace(stopped, version=2, policy=WALLED)
    async with on_line(tmp_path, rules(), [stopped, other], early=[changed, stopped]) as world:
        ends = []
        for state in (stopped, other):
            held, entrance = await world.bearers.plug(state.msisdn)
            ends.append((held.version, (await world.talk(entrance, "198.18.0.9", 9999, up=10_000)).end))
        assert ends == [(2, "Connection-refused"), (1, "done")]
