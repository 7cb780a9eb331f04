"""The compiled table on the real kernel: each case in network namespaces of a process of its own (`on_kernel`)."""

import os
import subprocess
import sys
from shutil import which

import pytest

from tests.gateway.bearer.on_kernel import CASES

_POSSIBLE = which("ip") and subprocess.run(["unshare", "-Urnm", "true"], check=False).returncode == 0

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not _POSSIBLE, reason="needs iproute2 and user namespaces"),
]


@pytest.mark.parametrize("case", CASES)
def test_kernel(case: str) -> None:
    run("-Urnm", case)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_kernel_as_root() -> None:
    run("-nm", "equality")


def run(namespaces: str, case: str) -> None:
    command = ["unshare", namespaces, sys.executable, "-m", "tests.gateway.bearer.on_kernel", case]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
