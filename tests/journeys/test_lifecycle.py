"""`nfemu up`, `down` and `status`: one carrier per state folder, several beside one another, nothing left behind."""

import os
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from tests.journeys.carrier import NUMBER, CarrierProcess, assert_free, has_ended, status_of, until
from tests.journeys.configuring import ONE_WORKER, own_config

pytestmark = pytest.mark.once

NEWS = "http://news.example/"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[CarrierProcess, CarrierProcess]]:
    """Two carriers with a state folder each."""
    config = own_config(tmp_path / "config", ONE_WORKER)
    both = tuple(CarrierProcess(StateFolder(tmp_path / name), config) for name in ("one", "other"))
    yield both[0], both[1]
    for each in both:
        each.down()


def test_what_lies_in_the_callers_folder_is_not_run(stopped: CarrierProcess, tmp_path: Path) -> None:
    """Programs named as ours and as packages that we use, and a folder `nfemu` of somebody's own."""
    stopped.config = own_config(tmp_path / "config", ONE_WORKER)
    folder = tmp_path / "projects"
    (folder / "nfemu").mkdir(parents=True)
    for name in ("click.py", "yaml.py", "mitmproxy.py", "nfemu/__init__.py"):
        (folder / name).write_text("raise SystemExit(7)\n")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "nfemu.cli.main", "up", "--free-ports"],
        cwd=folder,
        env={**os.environ, "NFEMU_STATE": str(stopped.state.path), "NFEMU_CONFIG": str(stopped.config)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert stopped.verdict(NUMBER, NEWS) == 200


def test_up_and_down_twice_each(stopped: CarrierProcess, tmp_path: Path) -> None:
    stopped.config = own_config(tmp_path / "config", ONE_WORKER)
    assert stopped.nfemu("down").text == "nfemu is not running\n"
    stopped.up()
    running = stopped.running
    workers = stopped.workers()
    assert len(workers) == 1
    again = stopped.nfemu("up", "--free-ports")
    assert again.status == 1
    assert again.errors == (
        f"nfemu: nfemu is already running on `{stopped.state.path}`; see `nfemu status`, or end it with `nfemu down`\n"
    )
    assert stopped.running == running
    assert status_of(stopped.curl(NUMBER, NEWS)) == 200

    down = stopped.nfemu("down")
    assert (down.status, down.text) == (0, "stopped\n")
    assert all(map(has_ended, [running.pid, *workers]))
    for address in (running.api, running.http_proxy, running.socks_proxy, *running.subscriber_proxies.values()):
        assert_free(address)
    left = {path.name for path in stopped.state.path.iterdir()}
    assert not left & {"status.json", "control.sock", "origin.sock"}
    assert stopped.nfemu("status").status == 1
    again = stopped.nfemu("down")
    assert (again.status, again.text) == (0, "nfemu is not running\n")


def test_three_starts_at_the_same_time(stopped: CarrierProcess, tmp_path: Path) -> None:
    """One carrier comes of it, and nobody disturbs it."""
    stopped.config = own_config(tmp_path / "config", ONE_WORKER)
    with ThreadPoolExecutor(3) as pool:
        starts = list(pool.map(lambda _: stopped.nfemu("up", "--free-ports"), range(3)))
    assert sorted(each.status for each in starts) == [0, 1, 1]
    assert all("nfemu is already running on" in each.errors for each in starts if each.status)
    assert status_of(stopped.curl(NUMBER, NEWS)) == 200


def test_ended_while_it_starts(stopped: CarrierProcess, tmp_path: Path) -> None:
    """`nfemu down` does not say that nothing runs, and leave something that soon will."""
    stopped.config = own_config(tmp_path / "config", ONE_WORKER)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(stopped.nfemu, "up", "--free-ports")
        until(lambda: stopped.state.lock_file.exists() and stopped.state.lock_file.read_text() != "")
        down = stopped.nfemu("down")
    assert (down.status, down.text) == (0, "stopped\n")
    told = starting.result()
    assert told.status == 1
    assert "the carrier ended while it started; its last words are in" in told.errors
    assert stopped.nfemu("status").status == 1


def test_what_was_open_ends_with_the_carrier(stopped: CarrierProcess, tmp_path: Path) -> None:
    """A client that never hangs up delays nobody."""
    stopped.config = own_config(tmp_path / "config", ONE_WORKER)
    stopped.up()
    host, _, port = stopped.running.http_proxy.rpartition(":")
    with socket.create_connection((host, int(port))) as client:
        who = b64encode(f"{NUMBER}:x".encode()).decode()
        request = f"GET {NEWS} HTTP/1.1\r\nHost: news.example\r\nProxy-Authorization: Basic {who}\r\n\r\n"
        client.sendall(request.encode())
        assert client.recv(20).startswith(b"HTTP/1.1 200 ")
        assert stopped.nfemu("down").status == 0


def test_two_carriers_side_by_side(pair: tuple[CarrierProcess, CarrierProcess]) -> None:
    one, other = pair
    one.up()
    other.up()
    with one.client() as client:
        client.charge(NUMBER, "59.00")
    assert status_of(one.curl(NUMBER, NEWS)) == 302
    assert status_of(other.curl(NUMBER, NEWS)) == 200
    other.kill()
    assert status_of(one.curl(NUMBER, NEWS)) == 302
    other.up()
    one.down()
    assert status_of(other.curl(NUMBER, NEWS)) == 200
    with other.client() as client:
        assert client.subscriber(NUMBER).account.balance.amount == "30.00"


def test_reset_while_it_runs_and_while_it_does_not(stopped: CarrierProcess, tmp_path: Path) -> None:
    """The shipped state either way, on the same ports."""
    stopped.config = own_config(tmp_path / "config", ONE_WORKER)
    stopped.up()
    ports = stopped.running.http_proxy
    for _ in range(2):
        with stopped.client() as client:
            client.charge(NUMBER, "59.00")
        assert stopped.nfemu("reset").text == "everything is as shipped\n"
        assert stopped.running.http_proxy == ports
        assert status_of(stopped.curl(NUMBER, NEWS)) == 200
        with stopped.client() as client:
            assert client.inbox(NUMBER) == []
            client.charge(NUMBER, "59.00")
    stopped.down()
    assert stopped.nfemu("reset").text == "everything is as shipped\n"
    stopped.up()
    with stopped.client() as client:
        assert client.subscriber(NUMBER).account.balance.amount == "30.00"
