"""The log of a whole journey, with everything going wrong that is logged: nobody in it, and no way in."""

import os
import re
import signal
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.journeys.carrier import CarrierProcess, until
from tests.journeys.configuring import MANY_ORDERS, ONE_WORKER, own_config
from tests.journeys.phone import Phone
from tests.journeys.test_disk_full import STEPS, full_disk, paid
from tests.web.stack import fields

pytestmark = pytest.mark.once

NUMBER = "13900000000"
NEWS = "http://news.example/"


def test_the_log_names_no_subscriber_and_holds_no_secret(stopped: CarrierProcess, tmp_path: Path) -> None:
    """The account of a number range is called like its number."""
    stopped.config = own_config(tmp_path / "config", ONE_WORKER, MANY_ORDERS)
    (stopped.state.path / "keys").mkdir(parents=True)
    for folder in (stopped.state.path, stopped.state.path / "keys"):
        folder.chmod(0o755)
    stopped.up("--clock", "test")
    with stopped.client() as client:
        client.attach(NUMBER)
        imsi = client.charge(NUMBER, "79.00").imsi
    phone = Phone.on_line(stopped, NUMBER, tmp_path)
    phone.open(NEWS)
    link = phone.ask("http://portal.carrier.example/continue", "--data", form(phone)).head
    ticket = re.findall(r"ticket=([\w-]+)", link)[0]
    pay_unbooked(stopped)
    stopped.nfemu("clock", "advance", "15s")
    until(lambda: stopped.verdict(NUMBER, NEWS) == 200)
    worker = stopped.workers()[0]
    os.kill(worker, signal.SIGKILL)
    until(lambda: worker not in stopped.workers())
    stopped.nfemu("attach", NUMBER)
    log = stopped.state.log_file.read_text()
    for said in ("was open to other users", "861****0000", f"worker {worker} ended"):
        assert said in log
    secrets = [path.read_text().strip() for path in (stopped.state.api_token, stopped.state.path / "link.token")]
    for hidden in (NUMBER, imsi, ticket, "Bearer", *secrets):
        assert hidden not in log
    assert not re.search(r"(?<![0-9.])[0-9]{9,15}(?![0-9A-Za-z])", log)
    for path in (stopped.state.path, stopped.state.path / "keys", stopped.state.log_file, stopped.state.api_token):
        assert path.stat().st_mode & 0o077 == 0, path


def form(phone: Phone) -> str:
    return urlencode(fields(phone.page.text))


def pay_unbooked(carrier: CarrierProcess) -> None:
    """The disk is full after the booking: the carrier warns of this account for as long as it cannot finish."""
    for pages in STEPS:
        with full_disk(carrier, pages):
            carrier.nfemu("pay", NUMBER, "29.00")
            if paid(carrier):
                until(lambda: "is not finished yet" in carrier.state.log_file.read_text())
                return
    raise AssertionError("no payment was cut short")
