"""A month's fees on a real carrier: at their own time, once, whatever is killed, and by the rules of the moment."""

from pathlib import Path

import pytest

from tests.journeys.carrier import NUMBER, CarrierProcess
from tests.journeys.configuring import ONE_WORKER, edit, own_config

pytestmark = pytest.mark.once

RANGE = 'first_imsi: "460009000000000", count: 20, balance: 50.00'
PEOPLE = 200
OF_RANGE = "13900000007"


@pytest.fixture
def priced(stopped: CarrierProcess, tmp_path: Path) -> CarrierProcess:
    """Running at noon of the last day of a month; the range and one listed card are on a plan."""
    stopped.config = own_config(tmp_path / "config", ONE_WORKER)
    people = stopped.config / "subscribers.yaml"
    stopped.up("--clock", "test")
    assert stopped.nfemu("clock", "set", "2099-10-31T12:00:00+08:00").text.count("\n") == 1
    edit(people, RANGE, RANGE.replace("count: 20", f"count: {PEOPLE}, plan: basic"))
    edit(people, 'imsi: "460001380013800", ', 'imsi: "460001380013800", plan: standard, ')
    assert "13800138000: plan none → standard" in stopped.nfemu("reload").text
    return stopped


def test_a_month_begins(priced: CarrierProcess) -> None:
    """Killed in the middle of it, and gone on with: each fee is booked once, and who cannot pay is stopped (S1)."""
    assert "¥29.00 for the account, from 2099-11-01" in priced.nfemu("bill", OF_RANGE).text
    early = priced.nfemu("clock", "set", "2099-11-01T01:00:00+08:00").text.splitlines()[:-1]
    assert early == sorted(early)
    assert all("2099-11-01 00:" in line and "139****" in line for line in early if "139****" in line)
    assert any("138****8000 service ringback, 2099-11 ¥5.00" in line for line in early)
    priced.kill()
    priced.up("--clock", "test")
    late = priced.nfemu("clock", "set", "2099-11-01T07:00:00+08:00").text.splitlines()[:-1]
    fees = [line for line in (*early, *late) if "plan basic, 2099-11 ¥29.00" in line]
    assert len(fees) == len(set(fees)) == PEOPLE
    assert {"2099-11-01 00:", "2099-11-01 05:"} <= {line.strip()[:14] for line in fees}
    with priced.client() as client:
        assert str(client.subscriber(OF_RANGE).account.balance) == "¥21.00"
        assert [each.note for each in client.ledger(OF_RANGE).entries] == ["plan basic, 2099-11", "opening balance"]
        stopped = client.subscriber(NUMBER)
        assert (str(stopped.account.balance), stopped.ordered) == ("-¥34.00", "arrears")


def test_use_credit_and_new_prices(priced: CarrierProcess) -> None:
    """By the command line; a reload's prices count from the next fee on."""
    for wrong in ((), ("--bytes", "1", "--seconds", "1")):
        assert priced.nfemu("usage", "post", OF_RANGE, *wrong).status == 2
    assert "balance" in priced.nfemu("usage", "post", OF_RANGE, "--seconds", "6060").text
    shown = priced.nfemu("bill", OF_RANGE).text
    assert "6060 seconds this month, 1 units past the bundle" in shown
    assert "DAY" in priced.nfemu("usage", OF_RANGE).text
    granted = priced.nfemu("grant", OF_RANGE, "10.00", "--for", "12h30m", "--reason", "patience")
    assert "¥10.00" in granted.text
    assert "¥10.00 until 2099-11-01 00:30:00" in priced.nfemu("bill", OF_RANGE).text
    edit(priced.config / "plans.yaml", "fee: 29.00", "fee: 60.00")
    assert "plan basic: fee 29.00 → 60.00" in priced.nfemu("reload").text
    moved = priced.nfemu("clock", "advance", "1d").text
    assert "credit expired: 139****0007 ¥10.00" in moved
    with priced.client() as client:
        assert str(client.subscriber(OF_RANGE).account.balance) == "-¥10.15"
        assert client.subscriber(OF_RANGE).ordered == "arrears"
