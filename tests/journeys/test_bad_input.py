"""Whatever is wrong in what a user or a provider sends: a clear refusal, and no effect."""

import re
from pathlib import Path

import pytest

from tests.journeys.carrier import NUMBER, CarrierProcess, status_of
from tests.journeys.configuring import ONE_WORKER, own_config
from tests.journeys.provider import notification, notify, order

pytestmark = pytest.mark.once

NEWS = "http://news.example/"
UNKNOWN = "13811112222"
NOBODY = f"no subscriber has the number `86{UNKNOWN}`; `nfemu subscriber list` shows all"
NO_NUMBER = "is not a phone number; write it like 13800138000 or +8613800138000"
NO_AMOUNT = "is not a positive CNY amount such as 59.00"
RANGE = "is out of range; give more than zero and at most ¥10,000,000,000.00"

REFUSED = [
    ("subscriber show", UNKNOWN, 1, NOBODY),
    ("attach", UNKNOWN, 1, NOBODY),
    ("detach", UNKNOWN, 1, NOBODY),
    ("restrict", UNKNOWN, 1, NOBODY),
    ("restore", UNKNOWN, 1, NOBODY),
    ("inbox", UNKNOWN, 1, NOBODY),
    ("inbox --open", UNKNOWN, 1, NOBODY),
    ("timeline", UNKNOWN, 1, NOBODY),
    ("ledger", UNKNOWN, 1, NOBODY),
    ("explain", f"{UNKNOWN} {NEWS}", 1, NOBODY),
    ("exec", f"{UNKNOWN} -- true", 1, NOBODY),
    ("charge", f"{UNKNOWN} 5.00", 1, NOBODY),
    ("pay", f"{UNKNOWN} 5.00", 1, NOBODY),
    ("charge", "abc 5.00", 2, f"`abc` {NO_NUMBER}"),
    ("pay", "138/0013/8000 5.00", 2, f"`138/0013/8000` {NO_NUMBER}"),
    ("subscriber show", "12345", 2, f"`12345` {NO_NUMBER}"),
    ("subscriber show", "138001380001380013800", 2, f"`138001380001380013800` {NO_NUMBER}"),
    ("charge", f"{NUMBER} 0", 2, f"amount `0` {RANGE}"),
    ("charge", f"{NUMBER} -5.00", 2, f"amount `-5.00` {NO_AMOUNT}"),
    ("charge", f"{NUMBER} 1e3", 2, f"amount `1e3` {NO_AMOUNT}"),
    ("charge", f"{NUMBER} ５９", 2, f"amount `５９` {NO_AMOUNT}"),
    ("charge", f"{NUMBER} 59.005", 2, f"amount `59.005` {NO_AMOUNT}"),
    ("charge", f"{NUMBER} 10000000000.01", 2, f"amount `10000000000.01` {RANGE}"),
    ("pay", f"{NUMBER} 0.00", 2, f"amount `0.00` {RANGE}"),
    ("pay", f"{NUMBER} -1", 2, f"amount `-1` {NO_AMOUNT}"),
    ("pay", f"{NUMBER} 59,00", 2, f"amount `59,00` {NO_AMOUNT}"),
    ("pay", f"{NUMBER} {10**30}", 2, f"amount `{10**30}` {NO_AMOUNT}"),
    ("restore", NUMBER, 1, "the line is open (hold: none); `restore` would change nothing"),
    ("exec", f"{NUMBER} -- no-such-program", 127, "`no-such-program` is not a program on PATH"),
    ("explain", f"{NUMBER} gopher://x/", 2, "`gopher://x/` is not a destination; write it like https://news.example/"),
]


@pytest.mark.parametrize(("command", "arguments", "status", "text"), REFUSED)
def test_refused_with_what_where_and_what_to_do(
    carrier: CarrierProcess, command: str, arguments: str, status: int, text: str
) -> None:
    done = carrier.nfemu(*command.split(), *arguments.split())
    assert (done.status, done.text) == (status, "")
    assert done.errors.startswith(f"nfemu: {text}")
    assert done.errors.count("\n") == 1


def test_refusals_change_nothing(carrier: CarrierProcess) -> None:
    with carrier.client() as client:
        before = client.subscribers(limit=500)
    for command, arguments, _, _ in REFUSED[-13:]:
        carrier.nfemu(*command.split(), *arguments.split())
    with carrier.client() as client:
        assert client.subscribers(limit=500) == before


@pytest.mark.parametrize("spelling", ["+8613800138001", "008613800138001", "138-0013-8001", "8613800138001"])
def test_a_number_is_one_in_every_spelling(carrier: CarrierProcess, spelling: str) -> None:
    assert carrier.nfemu("subscriber", "show", spelling).text.startswith("number     13800138001 (+8613800138001)\n")


def test_attached_and_detached_twice(carrier: CarrierProcess) -> None:
    number = "13900000000"
    assert (
        carrier.nfemu("detach", number).errors
        == f"nfemu: `86{number}` is not attached, so there is nothing to detach\n"
    )
    assert carrier.nfemu("attach", number).status == 0
    with carrier.client() as client:
        session = client.subscriber(number).session
    again = carrier.nfemu("attach", number)
    assert again.status == 1
    assert re.fullmatch(
        rf"nfemu: `86{number}` is attached already \(session `ses-[0-9a-f]+`\); detach it first\n", again.errors
    )
    with carrier.client() as client:
        assert client.subscriber(number).session == session
    assert carrier.verdict(number, NEWS) == 200

    assert carrier.nfemu("detach", number).status == 0
    again = carrier.nfemu("detach", number)
    assert (again.status, again.errors) == (1, f"nfemu: `86{number}` is not attached, so there is nothing to detach\n")
    refused = carrier.nfemu("exec", number, "--", "true")
    assert refused.status == 1
    assert refused.errors == (
        f"nfemu: {number} is detached, so nothing runs on its line; `nfemu attach {number}` first\n"
    )
    assert carrier.verdict(number, NEWS) not in (200, 302)


def test_a_pool_that_is_exhausted(stopped: CarrierProcess, tmp_path: Path) -> None:
    """Five addresses for six listed people; one that is released stays on hold for ten minutes of business time."""
    stopped.config = own_config(
        tmp_path / "config",
        ONE_WORKER,
        ("apns.yaml", "10.45.0.0/16", "10.45.0.0/29"),
        ("subscribers.yaml", "attach: listed", "attach: none"),
    )
    stopped.up("--clock", "test")
    with stopped.client() as client:
        listed = client.subscribers().subscribers[:6]
        for each in listed[:5]:
            client.attach(each.number)
    left_out, leaving = listed[5].number, listed[0].number
    exhausted = (
        "nfemu: address pool `internet` is exhausted: no free address in `10.45.0.0/29`; "
        "detach lines, shorten its hold time (0:10:00), or give it a larger network\n"
    )
    refused = stopped.nfemu("attach", left_out)
    assert (refused.status, refused.errors) == (1, exhausted)
    assert stopped.nfemu("detach", leaving).status == 0
    assert stopped.nfemu("clock", "advance", "9m59s").status == 0
    assert stopped.nfemu("attach", left_out).errors == exhausted
    assert stopped.nfemu("clock", "advance", "1s").status == 0
    assert stopped.nfemu("attach", left_out).status == 0
    assert stopped.nfemu("attach", leaving).errors == exhausted
    assert stopped.verdict(left_out, NEWS) == 200
    assert stopped.verdict(listed[1].number, NEWS) == 200


def test_a_part_payment_restores_nothing_and_says_what_is_missing(carrier: CarrierProcess) -> None:
    """S27. What is paid too much is credit."""
    number = "13900000001"
    with carrier.client() as client:
        client.attach(number)
        client.charge(number, "79.00")
    part = carrier.nfemu("pay", number, "10.00")
    assert (part.status, part.text) == (0, "¥10.00 paid; the line stays restricted: ¥19.00 still due\n")
    assert status_of(carrier.curl(number, NEWS)) == 302
    rest = carrier.nfemu("pay", number, "20")
    assert (rest.status, rest.text) == (0, "¥20.00 paid; service is restored: profile internet is in force\n")
    assert status_of(carrier.curl(number, NEWS)) == 200
    assert carrier.nfemu("pay", number, "5").text == "¥5.00 paid; balance ¥6.00\n"


def test_notifications_that_are_wrong(carrier: CarrierProcess, tmp_path: Path) -> None:
    """For nobody's order, of another amount, forged, without fields, in plain text: refused, and nothing is booked."""
    number = "13900000002"
    with carrier.client() as client:
        client.attach(number)
        client.charge(number, "79.00")
        before = client.ledger(number)
    order_no, _ = order(carrier, number, "29.00", tmp_path)
    for body, answer in (
        (notification("pay-000000000000000000000000", "t1", 2900), (404, "NOTFOUND")),
        (notification(order_no, "t1", 2899), (409, "CONFLICT")),
        (notification(order_no, "t1", 0), (422, "PARAM_ERROR")),
        (notification(order_no, "t1", -2900), (422, "PARAM_ERROR")),
        (notification(order_no, "", 2900), (422, "PARAM_ERROR")),
        (b"{}", (422, "PARAM_ERROR")),
        (b"nonsense", (422, "PARAM_ERROR")),
    ):
        assert notify(carrier, number, body) == [answer]
    forged = notify(carrier, number, notification(order_no, "t1", 2900), key=b"another")
    assert forged == [(401, "SIGN_ERROR")]
    with carrier.client() as client:
        assert client.ledger(number) == before
    assert carrier.verdict(number, NEWS) == 302
    assert notify(carrier, number, notification(order_no, "t1", 2900)) == [(200, "SUCCESS")]
    assert carrier.verdict(number, NEWS) == 200
