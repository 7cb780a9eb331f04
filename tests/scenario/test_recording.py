"""What has happened on a line, told as a scenario that can be read again."""

from pathlib import Path

import pytest

from nfemu.client import Client
from nfemu.model.errors import Conflict
from nfemu.scenario.recording import record
from tests.scenario.making import scenario

NUMBER = "13800138000"


def test_a_journey_is_told(nfemu: Client, tmp_path: Path) -> None:
    nfemu.attach(NUMBER)
    nfemu.charge(NUMBER, "59.00")
    nfemu.pay(NUMBER, "29.00")
    nfemu.restrict(NUMBER)
    nfemu.restore(NUMBER)
    nfemu.order_profile(NUMBER, "inflight")
    nfemu.sign_auto_deduct(NUMBER)
    nfemu.revoke_auto_deduct(NUMBER)
    nfemu.detach(NUMBER)
    nfemu.attach(NUMBER)
    told = scenario(tmp_path, record(nfemu, f"+86{NUMBER}"))
    assert [step.as_written for step in told.steps] == [
        "charge 59.00",
        "pay amount 29.00, by api",
        f"restrict {NUMBER}",
        f"restore {NUMBER}",
        "profile inflight",
        "autodeduct sign",
        "autodeduct revoke",
        f"detach {NUMBER}",
        f"attach {NUMBER}",
    ]
    charge, pay, *_, detach, attach = (step.written.expect for step in told.steps)
    assert (charge.effective, charge.notices) == ("green", [{"stopped": "*"}])
    assert charge.events is not None
    assert charge.events[:3] == ["ledger.entry", "standing.changed", "order.created"]
    assert (pay.effective, len(pay.notices or [])) == ("internet", 2)
    assert (detach.effective, attach.effective) == (None, "inflight")


def test_nothing_has_happened(nfemu: Client) -> None:
    with pytest.raises(Conflict, match="nothing has happened on the line of 13800138000"):
        record(nfemu, NUMBER)
