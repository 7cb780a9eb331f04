"""The scripts in `examples/traffic`: each finds an open and a restricted line as it says."""

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nfemu.client import StateFolder
from tests.gateway.bearer.ordinary import ordinary
from tests.journeys.arrivals import Arrivals
from tests.journeys.bearer import NEEDS_BEARERS, NEEDS_ROOT, core_of
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess, Done
from tests.journeys.real import as_user

pytestmark = pytest.mark.once

_FOLDER = Path(__file__).parents[2] / "examples" / "traffic"
_TO_THE_PORTAL = "http_crafted"
_SCRIPTS = ("dns_queries", _TO_THE_PORTAL, "quic_initial", "port_scan", "fragments", "tunnels", "spoofed")


def run(carrier: CarrierProcess, script: str, expect: str, number: str = NUMBER) -> Done:
    program = (carrier.python, str(_FOLDER / f"{script}.py"), "--expect", expect)
    return carrier.nfemu("exec", number, "--", *program, timeout=120)


@pytest.mark.lab
@pytest.mark.long
@NEEDS_BEARERS
@NEEDS_ROOT
def test_open_and_restricted(carrier: CarrierProcess) -> None:
    """And nothing leaves a restricted line but what is for the portal. A wrong expectation is a failure."""
    for script in _SCRIPTS:
        done = run(carrier, script, "open")
        assert (done.status, "UNEXPECTED" in done.text) == (0, False), f"{script}\n{done.text}{done.errors}"
    done = run(carrier, "spoofed", "open", OTHER)
    assert done.status == 0, f"the next line's own address is not another's\n{done.text}{done.errors}"
    arrivals = Arrivals(core_of(carrier))
    carrier.nfemu("restrict", NUMBER)
    for script in _SCRIPTS:
        with nullcontext() if script == _TO_THE_PORTAL else arrivals.none():
            done = run(carrier, script, "restricted")
        assert (done.status, "UNEXPECTED" in done.text) == (0, False), f"{script}\n{done.text}{done.errors}"
    wrong = run(carrier, "quic_initial", "open")
    assert (wrong.status, "prohibited  UNEXPECTED: silence or unreachable" in wrong.text) == (1, True)
    carrier.nfemu("restore", NUMBER)


@pytest.mark.lab
@NEEDS_BEARERS
def test_by_an_ordinary_user() -> None:
    """`nfemu exec` lets one send raw packets on the line, and nothing more."""
    user = ordinary()
    if user is None:
        pytest.skip("needs a Python of this version that is open to other users")
    with TemporaryDirectory(prefix="nfemu-") as made:
        folder = Path(made)
        os.chown(folder, user.uid, user.uid)
        carrier = CarrierProcess(StateFolder(folder / "state"), before=as_user(user, folder), python=user.python)
        carrier.up()
        try:
            carrier.nfemu("restrict", NUMBER)
            for script in ("quic_initial", "fragments"):
                done = run(carrier, script, "restricted")
                assert done.status == 0, f"{script}\n{done.text}{done.errors}"
            effective = carrier.nfemu("exec", NUMBER, "--", "grep", "CapEff", "/proc/self/status")
            assert effective.text.split()[1] == f"{1 << 13:016x}", "CAP_NET_RAW alone"
        finally:
            carrier.down()


@pytest.mark.lab
@NEEDS_BEARERS
@pytest.mark.long
def test_the_walk(carrier: CarrierProcess) -> None:
    """Detached at first."""
    carrier.nfemu("detach", NUMBER)
    command = [sys.executable, str(_FOLDER / "walk.py"), NUMBER]
    environment = {**os.environ, "NFEMU_STATE": str(carrier.state.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout.count("restricted:\n")) == (0, 2), done.stdout + done.stderr


def test_where_there_is_no_bearer() -> None:
    """By proxy `nfemu exec` leaves a program in the host's network."""
    program = [sys.executable, str(_FOLDER / "port_scan.py"), "--expect", "open"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, "this needs an IP bearer" in done.stderr) == (2, "", True)
