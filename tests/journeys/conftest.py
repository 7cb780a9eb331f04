"""Fixtures of the journeys: a carrier in processes of its own, shared by a module's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from tests.journeys.carrier import CarrierProcess


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierProcess]:
    """Running, as shipped. Tests of a module share it, so each takes a subscriber of its own or leaves it as it was."""
    process = CarrierProcess(StateFolder(tmp_path_factory.mktemp("carrier") / "state"))
    process.up()
    yield process
    process.down()


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[CarrierProcess]:
    """Not started yet; whatever a test starts on it is ended."""
    process = CarrierProcess(StateFolder(tmp_path / "state"))
    yield process
    process.down()
