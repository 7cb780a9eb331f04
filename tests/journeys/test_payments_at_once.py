"""1,000 payments at once, faults at random, and `kill -9` in the middle: the provider's bill and the ledger agree."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from nfemu.wechat.faults import FaultKind
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess
from tests.journeys.payments import Burst, assert_nothing_differs

pytestmark = [pytest.mark.long, pytest.mark.once]


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[CarrierProcess]:
    process = CarrierProcess(
        StateFolder(tmp_path / "state"),
        environment={"NFEMU_SET": "carrier.portal.payments=wechat carrier.access=proxy"},
    )
    process.up("--clock", "test")
    yield process
    process.down()


def test_a_thousand(carrier: CarrierProcess) -> None:
    carrier.nfemu("charge", NUMBER, "59")
    burst = Burst(carrier, (NUMBER, OTHER), 1000)
    burst.run(seed=7)
    faults = assert_nothing_differs(carrier, 3)
    assert sum(burst.ends.values()) == 1000
    assert len(faults) == len(FaultKind) + 1, "of each fault some were paid, and some had none"
