"""Router advertisements on the real kernel, as root and as an ordinary user, by a program with `exec`'s rights."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway.bearer.ordinary import User
from tests.gateway.bearer.test_network import folder, user

__all__ = ["folder", "user"]

pytestmark = pytest.mark.lab

_PROGRAM = ("-m", "tests.gateway.bearer.on_router")
_LESS_RIGHTS = ("setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-all")


def test_a_phone_that_asks_is_told_where_the_captive_portal_api_is(user: User, folder: Path) -> None:
    with user.popen(*_PROGRAM, "asking", folder=folder) as process:
        process.communicate(timeout=100)
    assert process.returncode == 0


@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user has every right in a user namespace")
def test_without_raw_sockets_all_else_goes_on(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = (*_LESS_RIGHTS, sys.executable, *_PROGRAM, "without_raw_sockets")
    done = subprocess.run(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    assert "router solicitations of phones stay unanswered: " in done.stdout
    assert "Operation not permitted" in done.stdout
