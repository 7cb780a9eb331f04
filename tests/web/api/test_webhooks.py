"""Webhooks over the API, with a receiver on a real socket."""

import json

import pytest

from nfemu.model.money import Money
from nfemu.model.webhooks import DeliveryState
from tests.fakes.world import ZHANG
from tests.web.api.conftest import Api
from tests.webhooks.receiving import receiver, status, until

BAD = "http://10.0.0.1/events"
GOOD = "http://127.0.0.1:9/events"


async def test_events_of_the_carrier_reach_a_receiver(api: Api) -> None:
    async with receiver() as it:
        added = (await api("POST", "/webhooks", {"callback": it.url, "events": ["ledger.entry"]})).json()
        webhook = added["webhook"]
        assert (webhook["callback"], webhook["events"], webhook["configured"]) == (it.url, ["ledger.entry"], False)
        assert len(added["secret"]) == 43
        await api.world.service.charge(ZHANG, Money(5900))
        await until(lambda: api.world.store.states(webhook["id"]) == [DeliveryState.DELIVERED], api.world.store.moved)
    told = json.loads(it.came[0].partition(b"\r\n\r\n")[2])
    assert told["event"]["subscriber"]["number"] == "8613800138000"
    assert (told["event"]["detail"]["amount"], told["event"]["detail"]["balance"]) == ("-59.00", "-29.00")
    (delivery,) = (await api("GET", f"/webhooks/{webhook['id']}/deliveries")).json()["deliveries"]
    assert delivery == {
        "event": told["eventId"],
        "kind": "ledger.entry",
        "state": "delivered",
        "attempts": 1,
        "since": delivery["since"],
        "next_attempt_at": None,
        "settled_at": "2026-11-01T16:00:00+08:00",
        "outcome": "status 204",
    }
    assert delivery["since"].endswith("+08:00")


async def test_those_of_the_configuration_stand_in_front(api: Api) -> None:
    added = (await api("POST", "/webhooks", {"callback": GOOD, "events": ["*"]})).json()["webhook"]
    listed = (await api("GET", "/webhooks")).json()["webhooks"]
    assert [each["id"] for each in listed] == ["crm", added["id"]]
    assert listed[0]["configured"] is True
    assert "secret" not in json.dumps(listed)
    assert (await api("DELETE", f"/webhooks/{added['id']}")).json() == {"done": [f"webhook {added['id']} is removed"]}
    assert len((await api("GET", "/webhooks")).json()["webhooks"]) == 1


async def test_a_dead_event_is_sent_again(api: Api) -> None:
    async with receiver(*[status(400)] * 8, status(204)) as it:
        added = (await api("POST", "/webhooks", {"callback": it.url, "events": ["order.done"]})).json()["webhook"]
        await api.world.service.charge(ZHANG, Money(5900))
        await until(lambda: len(it.came) == 1, it.heard)
        path = f"/webhooks/{added['id']}"
        (waiting,) = (await api("GET", f"{path}/deliveries?state=pending")).json()["deliveries"]
        assert (await api("GET", f"{path}/deliveries?state=dead")).json() == {"deliveries": []}
        assert (await api("POST", f"{path}/resend", {})).json() == {"done": []}
        refused = await api("POST", f"{path}/resend", {"event": waiting["event"]})
        assert refused.status == 409


@pytest.mark.parametrize(
    ("method", "path", "body", "refusal"),
    [
        ("POST", "/webhooks", {"callback": BAD, "events": ["*"]}, 422),
        ("POST", "/webhooks", {"callback": "ftp://x", "events": ["*"]}, 422),
        ("POST", "/webhooks", {"callback": GOOD, "events": []}, 422),
        ("POST", "/webhooks", {"callback": GOOD, "events": ["order.lost"]}, 422),
        ("POST", "/webhooks", {"callback": GOOD}, 422),
        ("DELETE", "/webhooks/crm", None, 409),
        ("DELETE", "/webhooks/nobody", None, 404),
        ("GET", "/webhooks/nobody/deliveries", None, 404),
        ("GET", "/webhooks/crm/deliveries?state=lost", None, 422),
        ("POST", "/webhooks/nobody/resend", {}, 404),
        ("POST", "/webhooks/crm/resend", {"event": "evt-0"}, 404),
    ],
)
async def test_what_is_refused(api: Api, method: str, path: str, body: object, refusal: int) -> None:
    assert (await api(method, path, body)).status == refusal


async def test_there_are_only_so_many(api: Api) -> None:
    for _ in range(31):
        assert (await api("POST", "/webhooks", {"callback": GOOD, "events": ["order.dead"]})).status == 200
    refused = await api("POST", "/webhooks", {"callback": GOOD, "events": ["*"]})
    assert (refused.status, "32 webhooks already" in refused.json()["detail"]) == (409, True)
