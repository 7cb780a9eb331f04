"""The rigs of the attack matrix: each foreign proxy runs, tells the trusted origin the number, and nobody else."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench.peers.page import page
from bench.peers.starting import NUMBER, PEERS, Rig, free_port

pytestmark = pytest.mark.long

_FOREIGN = [name for name in PEERS if name != "nfemu"]


@pytest.mark.parametrize("name", _FOREIGN)
def test_a_peer_enriches(name: str) -> None:
    if name != "mitmproxy" and shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip(f"{name} is not installed: apt-get install {name}")
    # pytest's own folders are closed to the user that squid becomes
    with (
        tempfile.TemporaryDirectory(prefix="nfemu-peer-") as folder,
        PEERS[name](Rig(Path(folder), free_port(), free_port())) as running,
    ):
        command = [sys.executable, "-m", "nfemu.cli.main", "attack", "--number", NUMBER, "--json", "--only", "spoofing"]
        done = subprocess.run([*command, *running.arguments], capture_output=True, text=True, timeout=500, check=False)
    report = json.loads(done.stdout) | {"version": running.version}
    verdicts = {each["case"]: each["verdict"] for each in report["results"] if each["form"] == "proxy"}
    assert verdicts["nothing forged"] == verdicts["the header itself"] == "right"
    assert running.version in page([report])
