"""Credit control as a person meets it: fees that run a line into arrears, reminders, the stop notice, the stop on the
real line, the green channel, and back (S2, S4, S5, S22, S23, S27)."""

import re
from pathlib import Path

import pytest

from tests.journeys.carrier import NUMBER, CarrierProcess, status_of
from tests.journeys.configuring import ONE_WORKER, edit, own_config

pytestmark = pytest.mark.once

NEWS = "http://news.example/"


@pytest.fixture
def graded(stopped: CarrierProcess, tmp_path: Path) -> CarrierProcess:
    """Running under `graded` at noon of a month's last day. Zhang, who has ¥30.00, WeChat and a low level, and keeps
    that, is on a plan of ¥29.00."""
    stopped.config = own_config(
        tmp_path / "config",
        ONE_WORKER,
        ("dunning.yaml", "min_months: 3 ", "min_months: 1200 "),
        ("subscribers.yaml", "zhang: {balance: 30.00, level: 5}", "zhang: {balance: 30.00, level: 2}"),
        ("subscribers.yaml", "account: zhang, language", "account: zhang, wechat: true, language"),
    )
    stopped.up("--clock", "test")
    moved(stopped, "set", "2099-10-31T12:00:00+08:00")
    edit(stopped.config / "dunning.yaml", "policy: immediate ", "policy: graded ")
    edit(stopped.config / "subscribers.yaml", "wechat: true,", "wechat: true, plan: basic,")
    assert stopped.nfemu("reload").status == 0
    return stopped


def moved(carrier: CarrierProcess, *command: str) -> str:
    """What happens while the clock is moved."""
    done = carrier.nfemu("clock", *command)
    assert done.status == 0, done.errors
    return done.text


def test_from_the_reminder_to_the_resume(graded: CarrierProcess) -> None:
    """Killed between the notice and the stop, and gone on with."""
    assert "plan basic, 2099-11 ¥29.00" in moved(graded, "set", "2099-11-20T12:00:00+08:00")
    reminded = moved(graded, "set", "2099-11-30T23:00:00+08:00")
    assert "138****8000: month end by wechat" in reminded
    assert "138****8000: month end by sms" in reminded, "S4: not opened for a day"
    assert "stop notice" not in moved(graded, "set", "2099-12-01T08:00:00+08:00"), "S22: not at night"
    assert status_of(graded.curl(NUMBER, NEWS)) == 200
    planned = re.findall(r"rule S22, reason no notices now; told (\S+) (\S+)", graded.nfemu("timeline", NUMBER).text)[
        -1
    ]
    happened = moved(graded, "set", "{}T{}:59+08:00".format(*planned))
    assert "138****8000: stop notice by sms; 138****8000: stop notice by wechat" in happened
    inbox = graded.nfemu("inbox", NUMBER).text
    assert [inbox.count(f"{channel}  示例移动  (stop notice)") for channel in ("SMS", "WeChat")] == [1, 1]
    assert "¥28.00" in inbox
    graded.kill()
    graded.up("--clock", "test")
    assert "138****8000: stop order" in moved(graded, "advance", "30m")
    stopped = graded.curl(NUMBER, NEWS)
    assert (status_of(stopped), "location: http://portal.carrier.example/green" in stopped.text.lower()) == (302, True)
    with graded.client() as client:
        (link, *_) = [
            each.link for each in client.inbox(NUMBER) if each.kind == "stop notice" and each.channel == "sms"
        ]
    page = graded.curl(NUMBER, str(link))
    assert (status_of(page), "¥28.00" in page.text) == (200, True)
    assert "(stop notice, opened" in graded.nfemu("inbox", NUMBER).text
    assert graded.nfemu("pay", NUMBER, "28.00").status == 0
    assert status_of(graded.curl(NUMBER, NEWS)) == 200
    timeline = graded.nfemu("timeline", NUMBER).text
    for said in (
        "dunning.reminder          rule S2,",
        "dunning.reminder          rule S4, reason not clicked in WeChat for a day",
        "dunning.stop_notice       rule S22, reason stop at 2099-12-01",
        "dunning.stop              rule S23, reason the time after the notice is over",
    ):
        assert said in timeline
