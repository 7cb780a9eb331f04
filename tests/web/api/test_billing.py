"""What a line costs, credit and posted use over the API."""

from dataclasses import replace

import pytest

from nfemu.carrier.ports import PutSubscriber
from nfemu.model.identity import PlanName
from tests.fakes.world import ZHANG
from tests.web.api.conftest import Api

LINE = "/subscribers/13800138000"


async def test_the_bill_says_what_was_used_and_granted(api: Api) -> None:
    card = await api.world.service.find(ZHANG.e164)
    await api.world.store.commit([PutSubscriber(replace(card, plan=PlanName("basic")))])
    await api("POST", f"{LINE}/credit", {"amount": "5.00", "lasts": "1d12h"})
    await api("POST", f"{LINE}/usage", {"measured": "data", "amount": 4096})
    assert (await api("GET", f"{LINE}/bill")).json() == {
        "plan": "basic",
        "services": [],
        "consumption": [
            {"measured": "data", "used": 4096, "units": 0},
            {"measured": "voice", "used": 0, "units": 0},
        ],
        "next_fees": None,
        "grants": [
            {
                "amount": {"amount": "5.00", "currency": "CNY"},
                "reason": "",
                "expires_at": "2026-11-03T04:00:00+08:00",
            }
        ],
    }


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("credit", {"amount": "0", "lasts": "1d"}, "amount `0` is out of range"),
        ("credit", {"amount": "1.00", "lasts": "soon"}, "`soon` is not a duration"),
        ("credit", {"amount": "1.00", "lasts": "9999999d"}, "`9999999d` leads beyond the year 9999"),
        ("credit", {"amount": "1.00", "lasts": "0s"}, "credit until `2026-11-01T"),
        ("usage", {"measured": "data", "amount": 0}, "`body.amount`"),
        ("usage", {"measured": "data", "amount": 1 << 60}, f"`{1 << 60}` is not an amount that can be used"),
        ("usage", {"measured": "sms", "amount": 1}, "`body.measured`"),
    ],
)
async def test_what_is_refused(api: Api, path: str, body: object, said: str) -> None:
    answer = await api("POST", f"{LINE}/{path}", body)
    assert (answer.status, answer.json()["detail"][: len(said)]) == (422, said)


async def test_use_that_is_posted_under_a_key_counts_once(api: Api) -> None:
    for amount, status in ((4096, 200), (4096, 200), (4097, 409)):
        answer = await api(
            "POST", f"{LINE}/usage", {"measured": "data", "amount": amount}, headers={"Idempotency-Key": "k-1"}
        )
        assert answer.status == status
    assert (await api("GET", f"{LINE}/bill")).json()["consumption"][0]["used"] == 4096
