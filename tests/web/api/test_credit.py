"""The credit level over the API."""

from tests.web.api.conftest import Api

LINE = "/subscribers/13800138000"


async def test_the_level_is_explained(api: Api) -> None:
    await api("POST", f"{LINE}/charges", {"amount": "36.50"})
    told = (await api("GET", f"{LINE}/credit")).json()
    assert told.pop("next_at") == "2026-12-01T10:50:58+08:00"
    assert told == {
        "level": 5,
        "earned": 5,
        "kept": True,
        "score": 50,
        "base": 50,
        "contributions": [
            {"input": "spend", "value": 36, "points": 5},
            {"input": "stops", "value": 1, "points": 0},
            {"input": "stopped_days", "value": 0, "points": 5},
            {"input": "paid_ahead", "value": 0, "points": -10},
            {"input": "payment", "value": 0, "points": 0},
            {"input": "months", "value": 0, "points": 0},
        ],
        "tags": [],
    }


async def test_nobody_s_level_is_not_found(api: Api) -> None:
    assert (await api("GET", "/subscribers/13800139999/credit")).status == 404
