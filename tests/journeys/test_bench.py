"""`nfemu bench flip` on a carrier of its own, whatever the figures are: nothing gets through."""

import json
import subprocess
import sys

import pytest

from nfemu.measuring.browser import BINARY

pytestmark = pytest.mark.once

_NAMESPACES = subprocess.run(["unshare", "-Urnm", "true"], check=False).returncode == 0
_FLIP = (sys.executable, "-P", "-m", "nfemu.cli.main", "bench", "flip", "--rounds", "8", "--json")


_BEARER = (pytest.mark.lab, pytest.mark.skipif(not _NAMESPACES, reason="needs user namespaces"))


@pytest.mark.parametrize("access", ["proxy", pytest.param("bearer", marks=_BEARER)])
def test_flip(access: str) -> None:
    done = subprocess.run([*_FLIP, "--access", access], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["access"].startswith(access)
    assert figures["leaked"] == 0
    assert [len(figures[name]) for name in ("anew", "kept", "restricted")] == [4, 4, 8]
    assert (len(figures["browser"]), figures["browser_refused"]) == (0 if BINARY is None else 2, 0)
