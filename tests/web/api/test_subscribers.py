"""The people over the API: what is shown, what can be done, and how refusals look."""

import pytest

from nfemu.model.errors import Conflict
from tests.web.api.browser import ask
from tests.web.api.conftest import TOKEN, Api


async def test_list_is_paged(api: Api) -> None:
    first = (await api("GET", "/subscribers?limit=3")).json()
    assert [row["number"] for row in first["subscribers"]] == ["13800138000", "13800138001", "13800138002"]
    assert (first["total"], first["next"]) == (7, "13800138002")
    rest = (await api("GET", "/subscribers?after=13800138002")).json()
    assert (len(rest["subscribers"]), rest["next"]) == (4, None)


async def test_one_subscriber_in_any_spelling(api: Api) -> None:
    await api("POST", "/subscribers/13800138000/attach")
    spellings = ("13800138000", "+8613800138000", "008613800138000")
    shown, *same = [(await api("GET", f"/subscribers/{spelling}")).json() for spelling in spellings]
    assert same == [shown, shown]
    assert shown["e164"] == "8613800138000"
    assert shown["account"]["balance"] == {"amount": "30.00", "currency": "CNY"}
    assert shown["account"]["standing"] == "in credit"
    assert (shown["ordered"], shown["effective"], shown["hold"]) == ("open", "internet", "none")
    assert shown["session"]["ue_ipv4"] == "10.45.0.2"
    assert shown["session"]["acknowledged"] is True


async def test_attach_detach(api: Api) -> None:
    attached = await api("POST", "/subscribers/13800138000/attach")
    assert (attached.status, attached.json()["state"]) == (200, "active")
    again = await api("POST", "/subscribers/13800138000/attach")
    assert again.status == 409
    assert again.headers["content-type"] == "application/problem+json"
    assert again.json()["title"] == "Conflict"
    assert "13800138000" in again.json()["detail"]
    detached = await api("POST", "/subscribers/13800138000/detach")
    assert (detached.status, detached.json()["state"]) == (200, "released")
    assert (await api("POST", "/subscribers/13800138000/detach")).status == 409


async def test_charge_restricts_and_payment_restores(api: Api) -> None:
    await api("POST", "/subscribers/13800138000/attach")
    charged = await api("POST", "/subscribers/13800138000/charges", {"amount": "59.00", "note": "fees"})
    shown = charged.json()
    assert (charged.status, shown["ordered"], shown["effective"]) == (200, "arrears", "green")
    assert shown["account"]["amount_due"]["amount"] == "29.00"
    part = (await api("POST", "/subscribers/13800138000/payments", {"amount": "10.00"})).json()
    assert (part["missing"]["amount"], part["paid"]["amount"], part["subscriber"]["ordered"]) == (
        "19.00",
        "10.00",
        "arrears",
    )
    rest = (await api("POST", "/subscribers/13800138000/payments", {"amount": "19.00"})).json()
    assert (rest["missing"]["amount"], rest["subscriber"]["effective"], rest["repeated"]) == ("0.00", "internet", False)
    ledger = (await api("GET", "/subscribers/13800138000/ledger?limit=2")).json()
    assert [entry["amount"]["amount"] for entry in ledger["entries"]] == ["19.00", "10.00"]
    assert ledger["balance"]["amount"] == "0.00"
    inbox = (await api("GET", "/subscribers/13800138000/inbox")).json()["notices"]
    assert {"stopped", "restored", "payment confirmed"} == {notice["kind"] for notice in inbox}
    names = [event["name"] for event in (await api("GET", "/subscribers/13800138000/timeline")).json()["events"]]
    assert "order.created" in names
    assert "enforcement.acknowledged" in names


async def test_one_idempotency_key_is_one_charge(api: Api) -> None:
    key = {"Idempotency-Key": "bill-1"}
    answers = [await api("POST", "/subscribers/13800138000/charges", {"amount": "5"}, headers=key) for _ in range(3)]
    assert [answer.json()["account"]["balance"]["amount"] for answer in answers] == ["25.00"] * 3


async def test_restrict_and_restore_by_hand(api: Api) -> None:
    restricted = (await api("POST", "/subscribers/13800138001/restrict")).json()
    assert (restricted["ordered"], restricted["hold"]) == ("arrears", "restrict")
    restored = (await api("POST", "/subscribers/13800138001/restore")).json()
    assert (restored["ordered"], restored["hold"]) == ("open", "none")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/subscribers/13800139999", None, 404, "no subscriber has the number `8613800139999`"),
        ("GET", "/subscribers/zhang", None, 422, "`zhang` is not a phone number"),
        ("GET", "/subscribers?limit=0", None, 422, "`query.limit`: input should be greater than or equal to 1"),
        ("GET", "/subscribers?after=x", None, 422, "`x` is not a phone number"),
        ("POST", "/subscribers/13800138000/charges", {"amount": "-5"}, 422, "amount `-5` is not a positive CNY amount"),
        (
            "POST",
            "/subscribers/13800138000/charges",
            {"amount": 5.0},
            422,
            "`body.amount`: input should be a valid string",
        ),
        ("POST", "/subscribers/13800138000/charges", {"amount": " 5"}, 422, "amount ` 5` is not a positive CNY amount"),
        ("POST", "/subscribers/13800138000/charges", {}, 422, "`body.amount`: field required"),
        ("POST", "/subscribers/13800138000/charges", {"amount": "5", "x": 1}, 422, "`body.x`: extra inputs are not"),
        ("POST", "/subscribers/13800138000/payments", {"amount": "0"}, 422, "amount `0` is out of range"),
        ("GET", "/subscribers/13800138000/explain?url=ftp://x/", None, 422, "`ftp://x/` is not a destination"),
        ("GET", "/nothing", None, 404, "there is nothing at `/api/v1/nothing`"),
        ("DELETE", "/subscribers", None, 405, "`DELETE` is not possible at `/api/v1/subscribers`"),
    ],
)
async def test_refusals(api: Api, method: str, path: str, body: object, status: int, said: str) -> None:
    answer = await api(method, path, body)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(said)
    assert answer.json()["status"] == status


async def test_a_body_that_is_no_json(api: Api) -> None:
    answer = await api("POST", "/subscribers/13800138000/charges", "not an object")
    assert (answer.status, answer.json()["title"]) == (422, "Unprocessable Content")


async def test_unavailable_is_503(api: Api) -> None:
    api.world.faults.fail("store")
    answer = await api("POST", "/subscribers/13800138000/charges", {"amount": "5"})
    assert (answer.status, answer.json()["detail"]) == (503, "store is unavailable; try again")


@pytest.mark.parametrize(
    ("url", "verdict", "rule", "enrich"),
    [
        ("http://portal.carrier.example/x", "allow", "arrears/allow/portal/portal.carrier.example", True),
        ("https://portal.carrier.example", "allow", "arrears/allow/portal/portal.carrier.example", False),
        ("news.example", "redirect", "arrears/default", False),
        ("https://News.Example./", "reject", "arrears/default", False),
        ("udp://192.0.2.1:443", "reject", "arrears/default", False),
        ("tcp://[2001:db8::1]:25", "reject", "arrears/default", False),
        ("dns://portal.carrier.example", "allow", "arrears/allow/portal/portal.carrier.example", False),
    ],
)
async def test_explain(api: Api, url: str, verdict: str, rule: str, enrich: bool) -> None:
    await api("POST", "/subscribers/13800138000/attach")
    await api("POST", "/subscribers/13800138000/restrict")
    explained = (await api("GET", f"/subscribers/13800138000/explain?url={url}")).json()
    assert (explained["verdict"], explained["rule"], explained["enrich"]) == (verdict, rule, enrich)
    assert explained["profile"] == "arrears"
    assert explained["reason"]


async def test_explain_says_what_is_really_got(api: Api) -> None:
    """The line is open, and its policy allows both."""
    await api("POST", "/subscribers/13800138000/attach")
    explained = (await api("GET", "/subscribers/13800138000/explain?url=https://news.example/")).json()
    assert (explained["addresses"], explained["leads_to"]) == (["198.18.0.7"], "the emulated Internet")
    explained = (await api("GET", "/subscribers/13800138000/explain?url=http://10.0.0.1/")).json()
    assert (explained["verdict"], explained["rule"]) == ("reject", "gateway/private-address")
    assert (explained["reason"], explained["enrich"]) == ("10.0.0.1 is not a public address", False)
    assert (explained["profile"], explained["leads_to"]) == ("open", "")


async def test_explain_of_a_detached_line(api: Api) -> None:
    explained = (await api("GET", "/subscribers/13800138000/explain?url=http://news.example/")).json()
    assert (explained["verdict"], explained["rule"], explained["profile"]) == ("reject", "detached", None)
    assert explained["destination"] == "http://news.example:80"


@pytest.mark.parametrize(
    "url", ["http://", "http://[::1", "tcp://news.example", "http://a:0", "http://a:99999", "http://a b/"]
)
async def test_what_is_no_destination(api: Api, url: str) -> None:
    answer = await api("GET", f"/subscribers/13800138000/explain?url={url.replace(' ', '%20')}")
    assert answer.status == 422


async def test_what_is_not_json_is_named(api: Api) -> None:
    headers = [("Host", "127.0.0.1"), ("Authorization", f"Bearer {TOKEN}"), ("Content-Type", "application/json")]
    answer = await ask(api.app, "POST", "/api/v1/subscribers/13800138000/charges", headers, b'{"amount": ')
    said = "`body.11`: the body is not JSON from this character on; send one JSON object"
    assert (answer.status, answer.json()["detail"]) == (422, said)


async def test_plug(api: Api) -> None:
    await api("POST", "/subscribers/13800138000/attach")
    plugged = await api("POST", "/subscribers/+8613800138000/plug")
    assert plugged.json() == {
        "pid": 4711, "network": 9, "ipv4": "10.45.0.2", "ipv6": None, "resolvers": ["10.45.0.1"],
    }  # fmt: skip
    api.program.fails_with = Conflict("this carrier has no IP bearers")
    assert (await api("POST", "/subscribers/13800138000/plug")).status == 409
    assert (await api("POST", "/subscribers/13912345678/plug")).status == 404
