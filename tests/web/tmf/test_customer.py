"""TMF629 over the subscribers, and the hubs of all."""

import pytest

from nfemu.model.money import Money
from tests.fakes.paying import pay
from tests.fakes.world import ACME_ONE, WANG, ZHANG
from tests.web.api.browser import ask
from tests.web.tmf.conftest import TmForum

API = "/customerManagement/v4"
GOOD = "http://127.0.0.1:9/events"


async def test_a_customer(tm_forum: TmForum) -> None:
    assert (await tm_forum("GET", f"{API}/customer/13800138000")).json() == {
        "id": "8613800138000",
        "href": f"/tmf-api{API}/customer/8613800138000",
        "name": "+8613800138000",
        "status": "active",
        "statusReason": None,
        "engagedParty": {"id": "zhang", "name": "zhang", "role": "Individual"},
        "account": [{"id": "zhang", "href": "/tmf-api/prepayBalanceManagement/v4/bucket/zhang", "name": "zhang"}],
        "contactMedium": [{"mediumType": "phone", "characteristic": {"phoneNumber": "+8613800138000"}}],
        "characteristic": [
            {"name": "creditLevel", "value": "5"},
            {"name": "standing", "value": "in credit"},
            {"name": "role", "value": "main"},
            {"name": "language", "value": "zh"},
        ],
    }


async def test_why_a_customer_is_suspended(tm_forum: TmForum) -> None:
    service = tm_forum.api.world.service
    await service.charge(ZHANG, Money(5900))
    await service.restrict(ACME_ONE)
    shown = [
        (await tm_forum("GET", f"{API}/customer/{number}?fields=status,statusReason")).json()
        for number in (ZHANG, ACME_ONE)
    ]
    assert [(each["status"], each["statusReason"]) for each in shown] == [
        ("suspended", "overdue"),
        ("suspended", "restricted by hand"),
    ]


async def test_a_page_of_customers(tm_forum: TmForum) -> None:
    answer = await tm_forum("GET", f"{API}/customer?offset=5&limit=5&fields=id")
    assert [each["id"] for each in answer.json()] == ["8613800138011", "8613800138020"]
    assert (answer.headers["x-total-count"], answer.headers["x-result-count"]) == ("7", "2")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("status=suspended", ["8613800138002", "8613800138003"]),
        ("status=suspended&offset=1", ["8613800138003"]),
        ("status=active&engagedParty.id=wang", []),
        ("engagedParty.id=acme", ["8613800138010", "8613800138011"]),
    ],
)
async def test_customers_of_what_is_asked_for(tm_forum: TmForum, asked: str, found: list[str]) -> None:
    await tm_forum.api.world.service.charge(WANG, Money(5900))
    answer = await tm_forum("GET", f"{API}/customer?{asked}")
    assert [each["id"] for each in answer.json()] == found
    assert answer.headers["x-result-count"] == str(len(found))


async def test_a_customer_is_suspended_and_activated(tm_forum: TmForum) -> None:
    service = tm_forum.api.world.service
    path = f"{API}/customer/008613800138000?fields=status,statusReason"
    for _ in range(2):
        shown = (await tm_forum("PATCH", path, {"status": "suspended"})).json()
        assert (shown["status"], shown["statusReason"]) == ("suspended", "restricted by hand")
    assert (await service.status(ZHANG)).ordered.value == "arrears"
    assert (await tm_forum("PATCH", path, {})).json()["status"] == "suspended"
    for _ in range(2):
        shown = (await tm_forum("PATCH", path, {"status": "active"})).json()
        assert (shown["status"], shown["statusReason"]) == ("active", None)
    assert (await service.status(ZHANG)).ordered.value == "open"


async def test_who_is_suspended_for_arrears_is_not_held_by_saying_so_again(tm_forum: TmForum) -> None:
    """A system that writes back what it has read must not keep a line closed that its owner pays for."""
    service = tm_forum.api.world.service
    await service.charge(ZHANG, Money(5900))
    await tm_forum("PATCH", f"{API}/customer/13800138000", {"status": "suspended"})
    await pay(service, ZHANG, Money(2900))
    assert (await service.status(ZHANG)).ordered.value == "open"


@pytest.mark.parametrize(
    ("number", "patch", "status"),
    [
        ("13800138000", {"status": "terminated"}, 400),
        ("13800138000", {"status": "active", "name": "Zhang"}, 400),
        ("13800138000", {"statusReason": "fraud"}, 400),
        ("13800138000", [{"op": "replace", "path": "/status", "value": "suspended"}], 400),
        ("13800138000", {"status": 1}, 400),
        ("13999999999", {"status": "active"}, 404),
        ("nobody", {"status": "active"}, 400),
    ],
)
async def test_what_no_patch_can_do(tm_forum: TmForum, number: str, patch: object, status: int) -> None:
    answer = await tm_forum("PATCH", f"{API}/customer/{number}", patch)
    assert (answer.status, answer.json()["code"]) == (status, str(status))
    assert (await tm_forum("DELETE", f"{API}/customer/13800138000")).status == 405


@pytest.mark.parametrize(
    ("of", "query", "events"),
    [
        ("customerManagement", "", ["CustomerStateChangeEvent"]),
        ("prepayBalanceManagement", "eventType=TopupBalanceCreateEvent", ["TopupBalanceCreateEvent"]),
        ("eventManagement", "", ["*"]),
        (
            "eventManagement",
            "eventType=order.done,CustomerStateChangeEvent",
            ["order.done", "CustomerStateChangeEvent"],
        ),
    ],
)
async def test_listeners_come_and_go(tm_forum: TmForum, of: str, query: str, events: list[str]) -> None:
    hub = f"/{of}/v4/hub"
    before = (await tm_forum("GET", hub)).json()
    answer = await tm_forum("POST", hub, {"callback": GOOD, "query": query})
    added = answer.json()
    assert (answer.status, added["callback"], added["query"]) == (201, GOOD, f"eventType={','.join(events)}")
    assert len(added.pop("secret")) == 43
    assert (await tm_forum("GET", hub)).json() == [*before, added]
    assert (await tm_forum("DELETE", f"{hub}/{added['id']}")).status == 204
    assert (await tm_forum("GET", hub)).json() == before


@pytest.mark.parametrize(
    ("of", "body", "status"),
    [
        ("customerManagement", {"callback": GOOD, "query": "eventType=order.done"}, 400),
        ("customerManagement", {"callback": GOOD, "query": "status=active"}, 400),
        ("eventManagement", {"callback": GOOD, "query": "eventType=order.lost"}, 400),
        ("eventManagement", {"callback": "http://10.0.0.1/"}, 400),
        ("eventManagement", {"query": ""}, 400),
    ],
)
async def test_what_no_hub_takes(tm_forum: TmForum, of: str, body: object, status: int) -> None:
    answer = await tm_forum("POST", f"/{of}/v4/hub", body)
    assert (answer.status, answer.json()["code"]) == (status, str(status))


async def test_who_is_not_there_is_not_removed(tm_forum: TmForum) -> None:
    assert (await tm_forum("DELETE", "/eventManagement/v4/hub/nobody")).status == 404
    assert (await tm_forum("DELETE", "/eventManagement/v4/hub/crm")).status == 409


async def test_without_the_token_the_refusal_is_tm_forum_s_too(tm_forum: TmForum) -> None:
    answer = await ask(tm_forum.api.app, "GET", f"/tmf-api{API}/customer", [("Host", "127.0.0.1:8600")])
    assert (answer.status, answer.json()["reason"]) == (401, "Unauthorized")
    assert "api.token" in answer.json()["message"]
