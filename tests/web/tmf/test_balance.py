"""TMF654 over the ledger."""

import asyncio
from typing import Any

import pytest

from nfemu.model.money import Money
from tests.fakes.world import WANG, ZHANG
from tests.web.tmf.conftest import TmForum

API = "/prepayBalanceManagement/v4"


def topup(amount: Any = 29.9, number: str = "13800138000", **more: Any) -> dict[str, Any]:
    return {"amount": {"amount": amount, "units": "CNY"}, "logicalResource": [{"id": number}], **more}


async def test_a_topup_restores_service(tm_forum: TmForum) -> None:
    service = tm_forum.api.world.service
    await service.charge(ZHANG, Money(5990))
    assert (await tm_forum("GET", f"{API}/bucket/zhang?fields=status")).json()["status"] == "suspended"
    answer = await tm_forum("POST", f"{API}/topupBalance", topup())
    found = answer.json()
    assert answer.status == 201
    assert found == {
        "id": found["id"],
        "href": f"/tmf-api{API}/topupBalance/{found['id']}",
        "amount": {"amount": 29.9, "units": "CNY"},
        "bucket": {"id": "zhang", "href": f"/tmf-api{API}/bucket/zhang"},
        "partyAccount": {"id": "zhang", "name": "zhang"},
        "logicalResource": [{"id": "8613800138000"}],
        "paymentMethod": {"id": "sandbox", "name": "sandbox"},
        "requestedDate": "2026-11-01T16:00:00+08:00",
        "confirmationDate": "2026-11-01T16:00:00+08:00",
        "status": "completed",
        "usageType": "monetary",
    }
    status = await service.status(ZHANG)
    assert (status.balance, status.ordered.value) == (Money(0), "open")
    assert (await tm_forum("GET", f"{API}/topupBalance/{found['id']}")).json() == found


async def test_with_a_key_it_is_paid_once(tm_forum: TmForum) -> None:
    first, again = [await tm_forum("POST", f"{API}/topupBalance", topup("10.00"), key="k-1") for _ in range(2)]
    assert (first.status, again.status) == (201, 201)
    assert first.json() == again.json()
    other = await tm_forum("POST", f"{API}/topupBalance", topup("10.00"), key="k-2")
    assert other.json()["id"] != first.json()["id"]
    for wanted in (topup("11.00"), topup("10.00", "13800138001")):
        refused = await tm_forum("POST", f"{API}/topupBalance", wanted, key="k-1")
        assert (refused.status, refused.json()["code"]) == (409, "409")
        assert "use a new idempotency key" in refused.json()["message"]
    assert (await tm_forum.api.world.service.status(ZHANG)).balance == Money(5000)


@pytest.mark.parametrize(("amount", "minor"), [(0.01, 1), (0.29, 29), (1.1, 110), (4.35, 435), (999999.99, 99999999)])
async def test_amounts_are_exact(tm_forum: TmForum, amount: float, minor: int) -> None:
    await tm_forum("POST", f"{API}/topupBalance", topup(amount))
    assert (await tm_forum.api.world.service.status(ZHANG)).balance == Money(3000 + minor)
    bucket = (await tm_forum("GET", f"{API}/bucket/zhang")).json()
    assert bucket["remainingValue"] == {"amount": (3000 + minor) / 100, "units": "CNY"}


async def test_by_account(tm_forum: TmForum) -> None:
    wanted = {"amount": {"amount": 5}, "bucket": {"id": "acme"}, "partyAccount": {"id": "acme"}}
    found = (await tm_forum("POST", f"{API}/topupBalance", wanted)).json()
    assert (found["partyAccount"]["id"], found["logicalResource"][0]["id"]) == ("acme", "8613800138010")
    bucket = (await tm_forum("GET", f"{API}/bucket/acme")).json()
    assert (bucket["isShared"], bucket["remainingValueName"], bucket["status"]) == (True, "¥505.00", "active")
    assert [each["id"] for each in bucket["logicalResource"]] == ["8613800138010", "8613800138011"]
    assert bucket["relatedParty"][0]["href"] == "/tmf-api/customerManagement/v4/customer/8613800138010"
    total = (await tm_forum("GET", f"{API}/accumulatedBalance/acme")).json()
    assert (total["totalBalance"]["amount"], total["bucket"][0]["id"]) == (505.0, "acme")


@pytest.mark.parametrize("resource", ["bucket", "accumulatedBalance"])
async def test_pages(tm_forum: TmForum, resource: str) -> None:
    answer = await tm_forum("GET", f"{API}/{resource}?offset=1&limit=2&fields=name")
    assert answer.json() == [
        {"id": name, "href": f"/tmf-api{API}/{resource}/{name}", "name": name} for name in ("li", "static")
    ]
    assert (answer.headers["x-total-count"], answer.headers["x-result-count"]) == ("5", "2")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("bucket?status=suspended", ["wang"]),
        ("bucket?status=active&limit=2", ["acme", "li"]),
        ("bucket?logicalResource.id=%2B8613800138010", ["acme"]),
        ("bucket?logicalResource.id=13800138010&partyAccount.id=li", []),
        ("bucket?logicalResource.id=13999999999", []),
        ("bucket?status=active&partyAccount.id=wang", []),
        ("accumulatedBalance?partyAccount.id=li", ["li"]),
        ("accumulatedBalance?partyAccount.id=nobody", []),
    ],
)
async def test_lists_of_what_is_asked_for(tm_forum: TmForum, asked: str, found: list[str]) -> None:
    await tm_forum.api.world.service.charge(WANG, Money(5900))
    answer = await tm_forum("GET", f"{API}/{asked}&fields=none")
    assert [each["id"] for each in answer.json()] == found
    assert all(set(each) == {"id", "href"} for each in answer.json())
    assert int(answer.headers["x-total-count"]) >= len(found)


async def test_topups_of_what_is_asked_for(tm_forum: TmForum) -> None:
    for number in ("13800138000", "13800138001"):
        await tm_forum("POST", f"{API}/topupBalance", topup(1, number))
    await tm_forum.api.world.service.order_payment(ZHANG, Money(400), "http://portal.carrier.example/done")
    for asked, total in (
        ("status=completed", 2),
        ("status=created&logicalResource.id=13800138000", 1),
        ("logicalResource.id=13800138001", 1),
        ("partyAccount.id=zhang", 2),
        ("status=cancelled", 0),
        ("logicalResource.id=13999999999", 0),
    ):
        assert (await tm_forum("GET", f"{API}/topupBalance?{asked}")).headers["x-total-count"] == str(total), asked


async def test_two_at_once_with_one_key_pay_once(tm_forum: TmForum) -> None:
    both = await asyncio.gather(*(tm_forum("POST", f"{API}/topupBalance", topup("10.00"), key="k-1") for _ in range(2)))
    assert [each.status for each in both] == [201, 201]
    assert both[0].json()["id"] == both[1].json()["id"]
    assert (await tm_forum.api.world.service.status(ZHANG)).balance == Money(4000)


async def test_topups_are_listed_newest_first(tm_forum: TmForum) -> None:
    for amount in (1, 2, 3):
        await tm_forum("POST", f"{API}/topupBalance", topup(amount))
    await tm_forum.api.world.service.order_payment(ZHANG, Money(400), "http://portal.carrier.example/done")
    answer = await tm_forum("GET", f"{API}/topupBalance?limit=2&fields=amount,status,confirmationDate")
    found = answer.json()
    assert [(each["amount"]["amount"], each["status"]) for each in found] == [(4.0, "created"), (3.0, "completed")]
    assert found[0]["confirmationDate"] is None
    assert answer.headers["x-total-count"] == "4"


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        (topup(0), 400),
        (topup(-1), 400),
        (topup(0.001), 400),
        (topup(0.1 + 0.2), 400),
        (topup("1e3"), 201),
        (topup("NaN"), 400),
        (topup("much"), 400),
        ({**topup(), "amount": {"amount": 1, "units": "EUR"}}, 400),
        (topup(number="13999999999"), 404),
        (topup(number="nobody"), 400),
        (topup(bucket={"id": "li"}), 400),
        (topup(voucher="1234"), 400),
        (topup(isAutoTopup=True), 400),
        (topup(usageType="data"), 400),
        ({"amount": {"amount": 1}}, 400),
        ({"amount": {"amount": 1}, "bucket": {"id": "nobody"}}, 404),
        ({"amount": {"amount": 1}, "bucket": {"id": "li"}, "partyAccount": {"id": "acme"}}, 400),
        ({"logicalResource": [{"id": "13800138000"}]}, 400),
    ],
)
async def test_what_is_refused(tm_forum: TmForum, wanted: Any, status: int) -> None:
    answer = await tm_forum("POST", f"{API}/topupBalance", wanted)
    assert answer.status == status, answer.json()
    if status >= 400:
        found = answer.json()
        assert set(found) == {"code", "reason", "message", "status"}
        assert found["status"] == found["code"] == str(status)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/bucket/nobody", 404),
        ("/topupBalance/pay-nobody", 404),
        ("/bucket?fields=colour", 400),
        ("/bucket?limit=0", 400),
        ("/bucket?limit=501", 400),
        ("/bucket?offset=-1", 400),
        ("/bucket?status=terminated", 400),
        ("/bucket?colour=red", 400),
        ("/bucket/zhang?status=active", 400),
        ("/bucket?logicalResource.id=nobody", 400),
        ("/topupBalance?sort=-amount", 400),
        ("/nothing", 404),
    ],
)
async def test_what_there_is_not(tm_forum: TmForum, path: str, status: int) -> None:
    answer = await tm_forum("GET", f"{API}{path}")
    assert (answer.status, answer.json()["status"]) == (status, str(status))
