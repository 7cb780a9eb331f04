"""`kill -9` in the midst of a reload: the next start goes by the files as they are then."""

import contextlib
from pathlib import Path
from threading import Thread

import pytest

from nfemu.model.errors import NfemuError
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess
from tests.journeys.configuring import ONE_WORKER, edit, own_config

pytestmark = pytest.mark.once

THIRD = "13800138002"
NEWS, EVIL = "news.example", "evil.example"


@pytest.mark.parametrize("moment", range(3))
def test_killed_meanwhile_the_next_start_goes_by_the_files(
    stopped: CarrierProcess, tmp_path: Path, moment: int
) -> None:
    """Whatever had been done by then: sessions and standing are what the files of the moment want."""
    stopped.config = own_config(tmp_path / "config", ONE_WORKER)
    stopped.up()
    with stopped.client() as client:
        client.restrict(NUMBER)
        client.charge(THIRD, "25.00")
        client.pay(THIRD, "1.00")
    edit(stopped.config / "apns.yaml", "policy: arrears", "policy: quiet")
    edit(stopped.config / "policies.yaml", "  arrears:\n", "  quiet:\n")
    edit(stopped.config / "policies.yaml", "[pay.provider.example]", f"[pay.provider.example, {NEWS}]")
    edit(stopped.config / "dunning.yaml", "restricted_profile: arrears", "restricted_profile: barred")
    running = stopped.running

    def reload() -> None:
        with stopped.client() as client, contextlib.suppress(NfemuError):  # cut short
            client.reload()

    reloading = Thread(target=reload)
    reloading.start()
    reloading.join(0.03 * (moment + 1))
    stopped.kill()
    reloading.join()
    assert running.pid
    stopped.up()
    with stopped.client() as client:
        lines = {number: client.subscriber(number) for number in (NUMBER, OTHER, THIRD)}
    assert {number: line.ordered for number, line in lines.items()} == {
        NUMBER: "barred",
        OTHER: "open",
        THIRD: "barred",
    }
    assert stopped.verdict(NUMBER, f"http://{EVIL}/") == 403
    assert stopped.verdict(OTHER, f"http://{EVIL}/") == 200
