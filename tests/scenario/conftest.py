"""A running carrier behind its real API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nfemu.client import Client
from tests.client.running import Running, carrier


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with carrier(tmp_path) as its:
        yield its


@pytest.fixture
def nfemu(running: Running) -> Iterator[Client]:
    with Client.find(running.state) as client:
        yield client
