"""What has happened on a line, told as a scenario that can be read again."""

from pathlib import Path

import pytest

from nfemu.client import Client
from nfemu.model.errors import Conflict
from nfemu.scenario.recording import record
from tests.client.running import Running
from tests.scenario.making import scenario

NUMBER = "13800138000"
MAIN, SECOND = "13800138002", "13800138003"
"""Of one account, on which is 20.00."""


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


def test_the_clock_and_the_bank_are_told_where_they_were_changed(
    nfemu: Client, running: Running, tmp_path: Path
) -> None:
    """By business time, which attaching has as well as a message; what nothing came of too."""
    nfemu.attach(NUMBER)
    nfemu.advance_clock("1d")
    nfemu.order_profile(NUMBER, "inflight")
    nfemu.advance_clock("90m")
    nfemu.detach(NUMBER)
    nfemu.advance_clock("1s")
    nfemu.attach(NUMBER)
    nfemu.sign_auto_deduct(NUMBER)
    running.world.provider.bank = "decline"
    nfemu.charge(NUMBER, "59.00")
    running.world.provider.bank = "accept"
    nfemu.pay(NUMBER, "29.00")
    nfemu.charge(NUMBER, "10.00")
    nfemu.advance_clock("3d")
    told = scenario(tmp_path, record(nfemu, NUMBER))
    assert [step.as_written for step in told.steps] == [
        "advance 1d",
        "profile inflight",
        "advance 1h30m",
        f"detach {NUMBER}",
        "advance 1s",
        f"attach {NUMBER}",
        "autodeduct sign",
        "bank decline",
        "charge 59.00",
        "pay amount 29.00, by api",
        "bank accept",
        "charge 10.00",
        "advance 3d",
    ]


def test_what_falls_due_comes_of_the_clock(nfemu: Client, running: Running, tmp_path: Path) -> None:
    """Nobody deducts, and nobody charges: time goes by."""
    nfemu.attach(NUMBER)
    nfemu.sign_auto_deduct(NUMBER)
    running.world.faults.fail("provider")
    nfemu.charge(NUMBER, "59.00")
    running.world.faults.heal()
    nfemu.advance_clock("1d")
    told = scenario(tmp_path, record(nfemu, NUMBER))
    acts = [step.act.name for step in told.steps if step.act is not None]
    assert acts[:4] == ["autodeduct", "bank", "charge", "bank"]
    assert set(acts[4:]) == {"advance"}
    assert "deduction.done" in (told.steps[4].written.expect.events or [])


def test_the_account_s_other_cards_have_steps_of_their_own(nfemu: Client, tmp_path: Path) -> None:
    """What one of them pays restores the other too, and neither the clock nor that one's own payment does it."""
    nfemu.attach(SECOND)
    nfemu.attach(MAIN)
    nfemu.charge(MAIN, "35.00")
    nfemu.advance_clock("1h")
    nfemu.pay(SECOND, "20.00")
    nfemu.advance_clock("40d")
    nfemu.detach(MAIN)
    main = scenario(tmp_path, record(nfemu, MAIN), "main.yaml")
    assert [(step.written.line, step.as_written, step.written.expect.effective) for step in main.steps] == [
        (None, "charge 35.00", "green"),
        (None, "advance 1h", None),
        (SECOND, "pay amount 20.00, by api", "internet"),
        (MAIN, "expect", "internet"),
        (None, "advance 40d", None),
        (None, f"detach {MAIN}", None),
    ]
    assert [step.written.expect.events for step in main.steps if step.as_written.startswith("advance")] == [None, None]
    second = scenario(tmp_path, record(nfemu, SECOND), "second.yaml")
    assert [(step.written.line, step.as_written, step.written.expect.effective) for step in second.steps] == [
        (MAIN, "charge 35.00", "green"),
        (SECOND, "expect", "green"),
        (None, "advance 1h", None),
        (None, "pay amount 20.00, by api", "internet"),
        (None, "advance 40d", None),
        (MAIN, f"detach {MAIN}", None),
    ]


def test_what_falls_due_on_another_card_s_turn_is_the_line_s_own(
    nfemu: Client, running: Running, tmp_path: Path
) -> None:
    """Deducted by the clock after the other card's charge: the steps say whose line they look at."""
    for number in (MAIN, SECOND):
        nfemu.attach(number)
    nfemu.sign_auto_deduct(SECOND)
    running.world.faults.fail("provider")
    nfemu.charge(SECOND, "35.00")
    running.world.faults.heal()
    nfemu.advance_clock("1d")
    told = scenario(tmp_path, record(nfemu, MAIN))
    whose = [(step.written.line, step.act.name if step.act is not None else "") for step in told.steps]
    assert whose[:4] == [(SECOND, "autodeduct"), (None, "bank"), (None, "charge"), (MAIN, "")]
    assert "advance" in [name for _, name in whose]


def test_what_no_step_does_is_a_comment(nfemu: Client, tmp_path: Path) -> None:
    nfemu.attach(NUMBER)
    nfemu.advance_clock("1m")
    nfemu.grant_credit(NUMBER, "10.00", "1d")
    nfemu.charge(NUMBER, "1.00")
    text = record(nfemu, NUMBER)
    assert "  # here was what no step does: credit.granted" in text.splitlines()
    assert text.startswith(f"# As the timeline of {NUMBER} tells it: no request that was answered, no program")
    assert [step.as_written for step in scenario(tmp_path, text).steps] == ["advance 1m", "charge 1.00"]


def test_nothing_has_happened(nfemu: Client) -> None:
    with pytest.raises(Conflict, match="nothing has happened on the line of 13800138000"):
        record(nfemu, NUMBER)
