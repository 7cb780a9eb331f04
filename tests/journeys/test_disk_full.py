"""The store's disk is full while a payment settles: not acknowledged, tried again, one effect (fail closed meanwhile).

The size of files that the control process may write is limited (setrlimit(2), RLIMIT_FSIZE), which needs no rights;
a file system that is really full is in the lab. The limit moves on page by page, so that every commit of a payment
fails once: the order, the provider's own books, the carrier's booking with the changes in HSS and PGW, the
acknowledgement, the messages.
"""

import os
import re
import resource
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from tests.journeys.carrier import CarrierProcess, until
from tests.journeys.configuring import MANY_ORDERS, ONE_WORKER, own_config
from tests.journeys.phone import PIN, Phone
from tests.journeys.provider import order

pytestmark = pytest.mark.once

NEWS = "http://news.example/"
NUMBER = "13900000000"
WAL_PAGE = 4096 + 24
"""Octets that a changed page takes in SQLite's log (file format, section 4.2)."""
STEPS = range(0, 60, 2)
"""Pages; no commit of a payment changes fewer than two."""
NOTHING_WRITTEN = "cannot do this now, nothing was written: "
KEEPS_NOTIFYING = "is made but not settled yet; the provider keeps notifying, do not pay again\n"


@pytest.fixture
def overdue(stopped: CarrierProcess, tmp_path: Path) -> CarrierProcess:
    """On the test clock; one line owes 29.00."""
    stopped.config = own_config(tmp_path / "config", ONE_WORKER, MANY_ORDERS)
    begin(stopped)
    return stopped


def begin(carrier: CarrierProcess) -> None:
    carrier.up("--clock", "test")
    with carrier.client() as client:
        client.attach(NUMBER)
        client.charge(NUMBER, "79.00")


@contextmanager
def full_disk(carrier: CarrierProcess, pages: int) -> Iterator[None]:
    """So many pages can be written to the store's log, which begins anew, and nothing else beyond that size."""
    with closing(sqlite3.connect(carrier.state.database)) as store:
        assert store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    pid = carrier.running.pid
    limit_file_size(pid, pages * WAL_PAGE)
    yield
    with suppress(ProcessLookupError):
        limit_file_size(pid, resource.RLIM_INFINITY)


def limit_file_size(pid: int, octets: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))


def paid(carrier: CarrierProcess) -> int:
    """How many payments the ledger has."""
    with carrier.client() as client:
        return sum(entry.amount.amount == "29.00" for entry in client.ledger(NUMBER).entries)


def check_restored(carrier: CarrierProcess, payments: int) -> None:
    """One effect of each payment: in the ledger, on the line, in the inbox."""
    assert paid(carrier) == payments
    assert carrier.verdict(NUMBER, NEWS) == 200
    with carrier.client() as client:
        line, inbox = client.subscriber(NUMBER), client.inbox(NUMBER, 500)
    assert (line.account.balance.amount, line.ordered, line.effective) == ("0.00", "open", "internet")
    kinds = Counter(notice.kind for notice in inbox)
    assert kinds == Counter({"stopped": payments, "restored": payments, "payment confirmed": payments})


def is_finished(carrier: CarrierProcess, payments: int) -> bool:
    """Open, and every message sent: each payment had one before it and has brought two."""
    with carrier.client() as client:
        return client.subscriber(NUMBER).effective == "internet" and len(client.inbox(NUMBER, 500)) == 3 * payments


def test_no_commit_of_a_payment_is_lost_or_doubled(overdue: CarrierProcess) -> None:
    """The provider repeats what was not acknowledged, fifteen seconds of business time later."""
    stages = Counter[str]()
    for step in STEPS:
        before = paid(overdue)
        with full_disk(overdue, step):
            done = overdue.nfemu("pay", NUMBER, "29.00")
            if done.status == 0:
                break
            booked = paid(overdue) > before
            assert booked or overdue.verdict(NUMBER, NEWS) == 302
        if NOTHING_WRITTEN in done.errors:
            stages["not ordered"] += 1
            assert not booked
            assert overdue.nfemu("pay", NUMBER, "29.00").status == 0
        else:
            stages["booked" if booked else "ordered"] += 1
            assert done.errors.endswith(KEEPS_NOTIFYING)
            assert overdue.nfemu("clock", "advance", "15s").status == 0
            until(lambda: is_finished(overdue, before + 1))  # noqa: B023 - called in this turn of the loop
        check_restored(overdue, before + 1)
        with overdue.client() as client:
            assert client.charge(NUMBER, "29.00").effective == "green"
    else:
        pytest.fail("no payment went through")
    assert set(stages) == {"not ordered", "ordered", "booked"}, stages
    check_restored(overdue, paid(overdue))


@pytest.mark.parametrize("booked", [False, True])
def test_a_start_finishes_what_a_full_disk_cut_short(overdue: CarrierProcess, booked: bool) -> None:
    """Killed with its disk full: the provider has the money of one or more payments, the carrier of none or one."""
    taken = 0
    for step in STEPS:
        with full_disk(overdue, step):
            done = overdue.nfemu("pay", NUMBER, "29.00")
            taken += NOTHING_WRITTEN not in done.errors
            if taken and bool(paid(overdue)) == booked:
                with overdue.client() as client:
                    assert client.subscriber(NUMBER).ordered == ("open" if booked else "arrears")
                assert booked or overdue.verdict(NUMBER, NEWS) == 302
                overdue.kill()
                break
    else:
        pytest.fail("the disk was never full at that moment")
    overdue.up("--clock", "test")
    assert overdue.nfemu("clock", "advance", "15s").status == 0
    until(lambda: overdue.verdict(NUMBER, NEWS) == 200)
    with overdue.client() as client:
        until(lambda: len(client.inbox(NUMBER, 500)) == 2 + taken)
        kinds = Counter(notice.kind for notice in client.inbox(NUMBER, 500))
        assert client.subscriber(NUMBER).account.balance.amount == f"{29 * (taken - 1)}.00"
    assert kinds == Counter({"stopped": 1, "restored": 1, "payment confirmed": taken})
    assert paid(overdue) == taken


def test_the_payer_is_told_and_pays_once(overdue: CarrierProcess, tmp_path: Path) -> None:
    """On the pages: PIN entered, disk full so that not even the provider can take it, carrier killed, started."""
    _, phone = order(overdue, NUMBER, "29.00", tmp_path)
    pay_page = phone.page.url
    phone.click("¥")
    with full_disk(overdue, 0):
        assert "服务暂时不可用" in phone.submit(pin=PIN).text
        assert overdue.verdict(NUMBER, NEWS) == 302
        assert paid(overdue) == 0
        overdue.kill()
    overdue.up("--clock", "test")
    assert overdue.verdict(NUMBER, NEWS) == 302
    again = Phone.on_line(overdue, NUMBER, tmp_path)
    again.open(pay_page)
    again.click("¥")
    assert "服务已恢复" in again.submit(pin=PIN).text
    check_restored(overdue, 1)


@pytest.mark.lab
@pytest.mark.skipif(os.getuid() != 0, reason="mounts a file system, which needs root")
@pytest.mark.long
def test_a_file_system_that_is_really_full(tmp_path: Path) -> None:
    """ENOSPC, freed again: the provider's next notification settles."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=True, timeout=10)
    carrier = CarrierProcess(StateFolder(disk / "state"), own_config(tmp_path / "config", ONE_WORKER, MANY_ORDERS))
    filling = disk / "filling"
    try:
        fill(filling, 0)
        refused = carrier.nfemu("up", "--free-ports")
        assert (refused.status, refused.text) == (1, "")
        assert refused.errors.endswith(": No space left on device; the state folder must be writable and have room\n")
        filling.unlink()
        begin(carrier)
        for free, told in ((0, NOTHING_WRITTEN), (32 * 1024, KEEPS_NOTIFYING)):
            fill(filling, free)
            done = carrier.nfemu("pay", NUMBER, "29.00")
            assert done.status == 1
            assert told in done.errors
            assert carrier.verdict(NUMBER, NEWS) == 302
            assert paid(carrier) == 0
        refused = carrier.nfemu("exec", NUMBER, "--", "true")
        assert (refused.status, "No space left on device" in refused.errors) == (1, True)
        filling.unlink()
        assert carrier.nfemu("clock", "advance", "15s").status == 0
        until(lambda: is_finished(carrier, 1))
        check_restored(carrier, 1)
        fill(filling, 0)
        for told in ("the carrier has ended, since its store could not be emptied and is as it was: ", ""):
            refused = carrier.nfemu("reset")
            assert (refused.status, refused.text) == (1, "")
            assert re.fullmatch(f"nfemu: {told}the store `.*` cannot do .*: database or disk is full\n", refused.errors)
        refused = carrier.nfemu("up", "--foreground", "--free-ports", "--clock", "test")
        assert (refused.status, refused.text) == (1, "")
        assert re.fullmatch(r"nfemu: .*No space left on device.*\n", refused.errors)
        filling.unlink()
        assert carrier.nfemu("reset").text == "everything is as shipped\n"
    finally:
        carrier.down()
        subprocess.run(["umount", disk], check=True, timeout=10)


def fill(file: Path, free: int) -> None:
    """Take all space but `free` octets."""
    with file.open("ab", buffering=0) as filling:
        try:
            while True:
                filling.write(b"x" * 4096)
        except OSError:
            pass
        filling.truncate(filling.tell() - free)
