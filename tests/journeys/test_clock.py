"""Business time: the wall's, or a test clock that moves when told, forward only, and stands through a restart."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.journeys.carrier import NUMBER, CarrierProcess, status_of
from tests.journeys.configuring import ONE_WORKER, own_config
from tests.journeys.phone import PIN
from tests.journeys.provider import notification, notify, order

pytestmark = pytest.mark.once

NEWS = "http://news.example/"


@pytest.fixture
def timed(stopped: CarrierProcess, tmp_path: Path) -> CarrierProcess:
    """Running on the test clock, which stands at eight in the morning."""
    stopped.config = own_config(tmp_path / "config", ONE_WORKER)
    stopped.up("--clock", "test")
    done = stopped.nfemu("clock", "set", "2099-11-01T08:00:00+08:00")
    assert (done.status, done.text) == (0, "2099-11-01 08:00:00+08:00 (test clock)\n")
    return stopped


def test_it_moves_when_told_and_only_forward(timed: CarrierProcess) -> None:
    for command, shown in (
        (("show",), "2099-11-01 08:00:00+08:00 (test clock)\n"),
        (("advance", "90s"), "2099-11-01 08:01:30+08:00 (test clock)\n"),
        (("advance", "1d12h"), "2099-11-02 20:01:30+08:00 (test clock)\n"),
        (("advance", "0s"), "2099-11-02 20:01:30+08:00 (test clock)\n"),
        (("set", "2099-11-03T00:00:00+00:00"), "2099-11-03 08:00:00+08:00 (test clock)\n"),
        (("show",), "2099-11-03 08:00:00+08:00 (test clock)\n"),
    ):
        done = timed.nfemu("clock", *command)
        assert (done.status, done.text) == (0, shown)
    for command, status, told in (
        (("set", "2099-11-03T07:59:59+08:00"), 1, "only moves forward; `2099-11-03T07:59:59+08:00` is past"),
        (("advance", "-5m"), 2, "`-5m` is not a duration; write it like 15m, 24h or 1d12h"),
        (("advance", "soon"), 2, "`soon` is not a duration; write it like 15m, 24h or 1d12h"),
        (("advance", "9999999d"), 2, "leads beyond the year 9999; advance by less"),
        (("set", "2100-01-01T00:00:00"), 2, "has no zone; write it like 2026-11-01T08:00:00+08:00"),
        (("set", "tomorrow"), 2, "`tomorrow` is not a moment; write it like 2026-11-01T08:00:00+08:00"),
    ):
        done = timed.nfemu("clock", *command)
        assert (done.status, done.text) == (status, "")
        assert told in done.errors
    assert timed.nfemu("clock", "show").text == "2099-11-03 08:00:00+08:00 (test clock)\n"


def test_it_stands_through_restarts(timed: CarrierProcess) -> None:
    """What happened before is dated by it, and what is due by it waits for it."""
    with timed.client() as client:
        client.charge(NUMBER, "59.00")
        before = client.ledger(NUMBER)
    for restart in (timed.down, timed.kill):
        restart()
        timed.up("--clock", "test")
        assert timed.nfemu("clock", "show").text == "2099-11-01 08:00:00+08:00 (test clock)\n"
        with timed.client() as client:
            assert client.ledger(NUMBER) == before
    assert before.entries[0].at == datetime.fromisoformat("2099-11-01T08:00:00+08:00")


def test_a_payment_order_expires_after_fifteen_minutes(timed: CarrierProcess, tmp_path: Path) -> None:
    """Of business time, over a restart too; money that arrives later all the same is booked (nothing is lost)."""
    with timed.client() as client:
        client.charge(NUMBER, "59.00")
    order_no, phone = order(timed, NUMBER, "29.00", tmp_path)
    pay_page = phone.page.url
    assert timed.nfemu("clock", "advance", "14m59s").text == "2099-11-01 08:14:59+08:00 (test clock)\n"
    timed.kill()
    timed.up("--clock", "test")
    phone = phone.on_line(timed, NUMBER, tmp_path)
    assert "付款 ¥29.00" in phone.open(pay_page).text
    assert timed.nfemu("clock", "advance", "1h").text == (
        f"  2099-11-01 08:15:00+08:00 payment {order_no} expired\n2099-11-01 09:14:59+08:00 (test clock)\n"
    )
    assert "订单已过期" in phone.open(pay_page).text
    phone.open(f"{pay_page}/verify", "--data", f"pin={PIN}")
    assert "订单已过期" in phone.page.text
    assert status_of(timed.curl(NUMBER, NEWS)) == 302
    assert timed.nfemu("clock", "advance", "1h").text == "2099-11-01 10:14:59+08:00 (test clock)\n"

    assert notify(timed, NUMBER, notification(order_no, "late", 2900)) == [(200, "SUCCESS")]
    assert status_of(timed.curl(NUMBER, NEWS)) == 200


def test_an_account_is_put_ahead_of_the_carrier(timed: CarrierProcess, tmp_path: Path) -> None:
    """Its payment order expires, on its own clock, which stands through a restart and is gone with a reset."""
    with timed.client() as client:
        client.charge(NUMBER, "59.00")
        account = client.subscriber(NUMBER).account.id
    order_no, _ = order(timed, NUMBER, "29.00", tmp_path)
    shown = f"2099-11-01 08:00:00+08:00 (test clock)\n2099-11-02 08:00:00+08:00 (account {account})\n"
    done = timed.nfemu("clock", "advance", "1d", "--account", account)
    assert (done.status, done.text) == (0, f"  2099-11-01 08:15:00+08:00 payment {order_no} expired\n{shown}")
    done = timed.nfemu("clock", "set", "2099-11-02T07:00:00+08:00", "--account", account)
    assert (done.status, done.text) == (1, "")
    assert f"the clock of account `{account}` stands at 2099-11-02T08:00:00+08:00 and only moves" in done.errors
    assert "account `nobody` does not exist" in timed.nfemu("clock", "advance", "1s", "--account", "nobody").errors
    timed.kill()
    timed.up("--clock", "test")
    assert timed.nfemu("clock", "show").text == shown
    assert timed.nfemu("reset").status == 0
    assert "account" not in timed.nfemu("clock", "show").text


def test_the_wall_clock_does_not_take_business_time_back(timed: CarrierProcess) -> None:
    timed.down()
    refused = timed.nfemu("up", "--free-ports")
    assert (refused.status, refused.text) == (1, "")
    assert "ahead of the wall clock, and business time never goes back; go on with `nfemu up --cl" in refused.errors
    assert timed.nfemu("reset").text == "everything is as shipped\n"
    timed.up()


def test_the_wall_clock_is_moved_by_nobody(carrier: CarrierProcess) -> None:
    with carrier.client() as client:
        clock = client.clock()
        assert clock.kind == "wall"
        assert abs(datetime.now(clock.now.tzinfo) - clock.now) < timedelta(minutes=1)
    for command in (("advance", "15m"), ("set", "2099-11-01T08:00:00+08:00")):
        done = carrier.nfemu("clock", *command)
        assert (done.status, done.errors) == (
            1,
            "nfemu: business time is the wall clock here; start with `nfemu up --clock test` to move it\n",
        )
