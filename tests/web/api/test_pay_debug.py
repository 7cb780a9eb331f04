"""The signature debugger by the API: what it lists, what it is asked, and that nothing hostile breaks it."""

import base64

from tests.web.api.conftest import Api
from tests.web.wechat.asking import H5_ORDER, ORDER_H5, asked
from tests.web.wechat.provider import MCHID, Provider


async def test_what_was_refused_is_listed_and_looked_into(pay_api: Api, provider: Provider) -> None:
    request = asked(provider, "POST", ORDER_H5, H5_ORDER)
    request.headers["user-agent"] = "\x1b[31m"
    request.body = request.body.replace(b": ", b":")
    await request.to(provider)
    (listed,) = (await pay_api("GET", f"/pay/refused?mchid={MCHID}")).json()["refused"]
    assert (listed["id"], listed["kind"], listed["code"]) == ("1", "request", "SIGN_ERROR")
    assert (await pay_api("GET", "/pay/refused?mchid=1900000110")).json()["refused"] == []
    found = (await pay_api("POST", "/pay/debug", {"id": "1"})).json()
    assert (found["refused"], found["mistakes"], found["other_is"]) == (listed, ["body-written-again"], "found")
    assert found["headers"]["user-agent"] == "␛[31m"
    right, signed = (base64.b64decode(found[name]["octets"]) for name in ("expected", "other"))
    assert right[: found["first_difference"]] == signed[: found["first_difference"]]
    assert right[found["first_difference"]] != signed[found["first_difference"]]
    assert {piece["text"] for piece in found["other"]["pieces"] if piece["differs"]} == {" "}
    assert (found["sealed"], [check["name"] for check in found["checks"] if not check["holds"]]) == (
        None,
        ["signature"],
    )


async def test_a_notification_is_looked_into(pay_api: Api, provider: Provider) -> None:
    await asked(provider, "POST", ORDER_H5, {**H5_ORDER, "attach": "<b>"}).to(provider)
    provider.server.answers = [500]
    await provider.desk.pay(await provider.desk.trade(MCHID, H5_ORDER["out_trade_no"]), "o1")
    found = (await pay_api("POST", "/pay/debug", {})).json()
    assert (found["kind"], found["method"], found["target"]) == ("delivery", "", H5_ORDER["notify_url"])
    assert (found["sealed"]["fault"], '"attach":"<b>"' in found["sealed"]["plain"]) == (None, True)
    assert (found["other"], found["other_is"], found["first_difference"]) == (None, None, None)


async def test_what_cannot_be_looked_into(pay_api: Api) -> None:
    def shown(text: bytes) -> dict[str, str]:
        return {"request": base64.b64encode(text).decode()}

    for body, status in (
        ({}, 404),
        ({"id": "9"}, 404),
        (shown(b""), 422),
        (shown(b"\xff" * 1000), 422),
        ({"request": "é"}, 422),
        (shown(b"x" * 60_000), 413),
    ):
        assert (await pay_api("POST", "/pay/debug", body)).status == status, body
    found = (await pay_api("POST", "/pay/debug", shown(b"GET /\xff\nAuthorization: \xff\n\n\xff"))).json()
    assert (found["expected"], found["target"]) == (None, "/�")
