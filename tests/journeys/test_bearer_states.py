"""Named states on IP bearers: the kernel, the DNS and the phones know nobody of the life before."""

import os
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from tests.journeys.bearer import NEEDS_BEARERS, NEEDS_ROOT, OF_NEWS, OnLine, core_of, status, unverified
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess, until

pytestmark = [pytest.mark.once, pytest.mark.lab, NEEDS_BEARERS]

NEWS, EVIL, PORTAL = "news.example", "evil.example", "portal.carrier.example"
LOADS = 10


def elements(core: int) -> dict[str, list[str]]:
    """Set → what is in it, without times and counts; only root may look."""
    command = ["nsenter", "-t", str(core), "-n", "nft", "list", "table", "inet", "nfemu"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    blocks = re.findall(r"(?:set|map) (\w+) \{(.*?)\n\t\}", listed, re.DOTALL)
    found = {name: re.search(r"elements = \{(.*?)\}", inside, re.DOTALL) for name, inside in blocks}
    return {name: sorted(map(bare, each[1].split(","))) for name, each in found.items() if each is not None}


def bare(element: str) -> str:
    return re.sub(r" (timeout|expires|counter) .*", "", " ".join(element.split()))


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_a_phone_stays_plugged_in_and_goes_over_with_its_line(carrier: CarrierProcess) -> None:
    """Open, restricted, detached: what the line is in the state it is by packets, at once, with the phone that was."""
    with carrier.client() as client, OnLine(carrier, NUMBER) as line:
        open_address = line.address(NEWS)
        assert OF_NEWS in line.http(open_address, NEWS)
        client.save_state("open")
        client.charge(NUMBER, "59.00")
        client.save_state("arrears")
        sinkhole = line.address(NEWS)
        assert status(line.http(sinkhole, NEWS)) == 302
        client.load_state("open")
        assert line.address(NEWS) == open_address
        assert OF_NEWS in line.http(open_address, NEWS)
        client.load_state("arrears")
        assert line.https(open_address, NEWS) == b""
        assert line.address(NEWS) == sinkhole
        client.detach(NUMBER)
        client.save_state("detached")
        client.load_state("open")
        client.load_state("detached")
        with pytest.raises(OSError, match=r"unreachable|assign"):
            line.connect(open_address, 80)
        client.load_state("initial")
        assert OF_NEWS in line.http(line.address(NEWS), NEWS)


def test_connections_through_the_gate_end_with_their_life(carrier: CarrierProcess) -> None:
    with carrier.client() as client:
        client.load_state("initial")
        client.charge(OTHER, "500.00")
        client.save_state("arrears")
        with OnLine(carrier, OTHER) as line:
            portal = line.address(PORTAL)
            with unverified().wrap_socket(line.connect(portal, 443), server_hostname=PORTAL) as tls:
                client.load_state("arrears")
                with suppress(ConnectionError):
                    assert tls.recv(1) == b""
            assert status(line.https(line.address(PORTAL), PORTAL)) > 0


@NEEDS_ROOT
def test_loads_leave_nothing_in_the_kernel(carrier: CarrierProcess) -> None:
    """Neither elements nor descriptors, whatever was used in between; and nothing of who is not attached."""
    with carrier.client() as client, OnLine(carrier, NUMBER) as line:
        client.load_state("initial")
        client.charge(NUMBER, "59.00")
        client.detach(OTHER)
        gone = client.subscriber(OTHER).session
        client.save_state("arrears")
        client.load_state("arrears")
        core, control = core_of(carrier), carrier.running.pid
        before = elements(core), descriptors(core), descriptors(control)
        assert gone is not None
        assert not any(str(gone.ue_ipv4) in one for kept in before[0].values() for one in kept)
        for _ in range(LOADS):
            assert status(line.http(line.address(PORTAL), PORTAL)) == 200
            assert elements(core)["bound4"]
            client.load_state("arrears")
        until(lambda: (elements(core), descriptors(core), descriptors(control)) == before)  # origins end a moment later
        assert "bound4" not in before[0]


def test_use_and_caps_of_the_life_before_are_gone(carrier: CarrierProcess) -> None:
    with carrier.client() as client, OnLine(carrier, NUMBER) as line:
        client.load_state("initial")
        client.save_state("unused")
        for _ in range(3):
            assert OF_NEWS in line.http(line.address(NEWS), NEWS)
        client.load_state("unused")
        assert client.usage(NUMBER).used == []


def test_loads_while_another_core_network_is_made(carrier: CarrierProcess) -> None:
    """Whichever of the two comes first, phones that are plugged in afterwards have the lines of the last state."""
    with carrier.client() as client:
        client.load_state("initial")
        client.charge(NUMBER, "59.00")
        client.save_state("arrears")
        doomed = core_of(carrier)
        os.kill(doomed, signal.SIGKILL)
        for state in ("initial", "arrears") * 3:
            client.load_state(state)
        with OnLine(carrier, NUMBER) as line:
            assert core_of(carrier) != doomed
            assert status(line.http(line.address(NEWS), NEWS)) == 302
            client.load_state("initial")
            assert OF_NEWS in line.http(line.address(NEWS), NEWS)


def test_two_instances_do_not_see_each_other(tmp_path: Path) -> None:
    """Of one user, on bearers at once, with the same numbers and addresses."""
    home = {"XDG_STATE_HOME": str(tmp_path), "NFEMU_STATE": ""}
    both = [CarrierProcess(StateFolder(tmp_path / "nfemu" / name), environment=home) for name in ("team-a", "team-b")]
    try:
        for each in both:
            done = each.nfemu("--instance", each.state.path.name, "up")
            assert done.status == 0, done.errors
        with both[0].client() as client:
            client.charge(NUMBER, "59.00")
        ask = (
            "exec",
            NUMBER,
            "--",
            "curl",
            "-4",
            "-s",
            "-o",
            os.devnull,
            "-w",
            "%{http_code} %{local_ip}",
            f"http://{NEWS}/",
        )
        seen = [each.nfemu("--instance", each.state.path.name, *ask).text for each in both]
        assert seen == ["302 10.45.0.2", "200 10.45.0.2"]
    finally:
        for each in both:
            each.nfemu("--instance", each.state.path.name, "down")
