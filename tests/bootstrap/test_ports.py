"""Any free ports, and the same again where nobody has them meanwhile."""

import socket
import stat
from pathlib import Path

import pytest

from nfemu.bootstrap.ports import BoundPorts
from nfemu.model.identity import Msisdn
from nfemu.settings import Configuration, load
from tests.journeys.carrier import CONFIG

LINE = Msisdn("8613800138000")


@pytest.fixture
def configuration() -> Configuration:
    return load(CONFIG)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def test_what_was_taken_is_taken_again(configuration: Configuration, tmp_path: Path) -> None:
    file, wanted = tmp_path / "ports.json", BoundPorts.of(configuration)
    assert wanted.again(file, configuration.carrier) == wanted.free()
    taken = BoundPorts(free_port(), free_port(), free_port(), {line: free_port() for line in wanted.lines})
    taken.remember(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert wanted.again(file, configuration.carrier) == taken


def test_what_somebody_else_has_is_another_one(configuration: Configuration, tmp_path: Path) -> None:
    """Each by itself; and a listener that the files have had since then gets any."""
    file = tmp_path / "ports.json"
    with socket.create_server(("127.0.0.1", 0)) as held:
        taken = BoundPorts(free_port(), held.getsockname()[1], free_port(), {})
        taken.remember(file)
        again = BoundPorts(8600, 8610, 8611, {LINE: 8620}).again(file, configuration.carrier)
    assert again == BoundPorts(taken.api, 0, taken.socks, {LINE: 0})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"api": "x", "http": 1, "socks": 1, "lines": {}}', '{"api": 1}'])
def test_a_file_that_is_damaged_counts_for_nothing(configuration: Configuration, tmp_path: Path, text: str) -> None:
    (tmp_path / "ports.json").write_text(text)
    wanted = BoundPorts.of(configuration)
    assert wanted.again(tmp_path / "ports.json", configuration.carrier) == wanted.free()
