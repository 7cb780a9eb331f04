"""What receivers read."""

import json
from dataclasses import replace

import pytest

from nfemu.model import event_kinds
from nfemu.model.errors import InvalidInput
from nfemu.model.timeline import TimelineEvent
from nfemu.model.webhooks import Delivery, RecordedEvent
from nfemu.webhooks.envelope import deliveries
from nfemu.webhooks.signature import signed
from tests.webhooks.making import CARD, CRM, SECRET, START, event

ALL = replace(CRM, events=("*", *event_kinds.CUSTOMER_KINDS, *event_kinds.TOPUP_KINDS))


def made(happened: TimelineEvent, serial: int = 7) -> list[Delivery]:
    return list(deliveries(ALL, RecordedEvent(serial, happened), CARD, "CNY"))


def test_an_event_of_the_timeline() -> None:
    (found,) = made(event("ledger.entry", amount="-59.00"))
    assert (found.webhook, found.kind, found.since, found.attempts) == ("crm", "ledger.entry", event("").at, 0)
    assert json.loads(found.body) == {
        "eventId": found.event,
        "eventTime": "2026-11-01T08:00:01+00:00",
        "eventType": "ledger.entry",
        "correlationId": "cor-1",
        "domain": "nfemu",
        "event": {
            "subscriber": {"number": "8613800138000", "imsi": "460001380013800", "account": "zhang"},
            "businessTime": "2026-11-01T08:00:00+00:00",
            "detail": {"amount": "-59.00"},
        },
    }


def test_of_an_earlier_program_no_business_time_is_known() -> None:
    (found,) = made(replace(event("ledger.entry"), business_at=None))
    assert json.loads(found.body)["event"]["businessTime"] is None


@pytest.mark.parametrize(("kind", "status"), [("stop", "suspended"), ("resume", "active")])
def test_a_customer_whose_state_changed(kind: str, status: str) -> None:
    own, tm_forum = made(event("order.done", kind=kind))
    assert (own.kind, tm_forum.kind) == ("order.done", "CustomerStateChangeEvent")
    assert own.event != tm_forum.event
    assert json.loads(tm_forum.body)["event"]["customer"] == {
        "id": "8613800138000",
        "href": "/tmf-api/customerManagement/v4/customer/8613800138000",
        "status": status,
        "account": [{"id": "zhang", "name": "zhang"}],
    }


def test_another_order_changes_no_state() -> None:
    assert [each.kind for each in made(event("order.done", kind="profile"))] == ["order.done"]


def test_a_topup_that_was_ordered() -> None:
    _, found = made(event("payment.ordered", payment="pay-1", amount="29.90", provider="ExamplePay"))
    assert found.kind == "TopupBalanceCreateEvent"
    assert json.loads(found.body)["event"]["topupBalance"] == {
        "id": "pay-1",
        "href": "/tmf-api/prepayBalanceManagement/v4/topupBalance/pay-1",
        "status": "created",
        "amount": {"amount": 29.9, "units": "CNY"},
        "bucket": {"id": "zhang", "href": "/tmf-api/prepayBalanceManagement/v4/bucket/zhang"},
    }


@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [
        ("payment.cancelled", "TopupBalanceCancelEvent", "cancelled"),
        ("payment.expired", "TopupBalanceCancelEvent", "cancelled"),
        ("payment.refused", "TopupBalanceFailureEvent", "failed"),
    ],
)
def test_a_topup_that_came_to_nothing(name: str, kind: str, status: str) -> None:
    _, found = made(event(name, payment="pay-1", reason="not paid in time"))
    topup = json.loads(found.body)["event"]["topupBalance"]
    assert (found.kind, topup["status"], topup["reason"]) == (kind, status, "not paid in time")
    assert "amount" not in topup


def test_an_event_has_one_id_and_another_event_another() -> None:
    (first,), (again,) = made(event("order.dead")), made(event("order.dead"))
    assert first == again
    others = [made(event("order.dead"), serial=8), made(event("order.dead", 2)), made(event("order.created"))]
    assert len({first.event, *(each[0].event for each in others)}) == 4


def test_what_nobody_wants_is_not_made() -> None:
    assert list(deliveries(CRM, RecordedEvent(7, event("ledger.entry")), CARD, "CNY")) == []


@pytest.mark.parametrize(
    ("patterns", "kind", "is_wanted"),
    [
        (("*",), "order.done", True),
        (("*",), "CustomerStateChangeEvent", False),
        (("order.*",), "order.done", True),
        (("order.*",), "payment.ordered", False),
        (("order.done",), "order.dead", False),
        (("payment.*", "order.done"), "order.done", True),
    ],
)
def test_kinds(patterns: tuple[str, ...], kind: str, is_wanted: bool) -> None:
    assert event_kinds.checked(patterns) == patterns
    assert event_kinds.wanted(patterns, kind) is is_wanted


@pytest.mark.parametrize("patterns", [(), ("order.lost",), ("order",), ("orde*",), ("",), ("*", "customer.*")])
def test_kinds_that_there_are_not(patterns: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput, match=r"name kinds like `order\.done`"):
        event_kinds.checked(patterns)


def test_a_kind_that_is_named_twice_counts_once() -> None:
    assert event_kinds.checked(["order.done", "*", "order.done"]) == ("order.done", "*")


def test_headers_of_an_attempt() -> None:
    (delivery,) = made(event("order.dead"))
    found = signed(replace(delivery, attempts=2), SECRET, START)
    assert found["Nfemu-Event-Id"] == delivery.event
    assert (found["Nfemu-Event-Type"], found["Nfemu-Attempt"]) == ("order.dead", "3")
    assert found["Nfemu-Timestamp"] == "1793520000"
