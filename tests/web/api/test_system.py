"""Clock, status, reload, reset over the API."""

import pytest

from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.money import Money
from nfemu.runtime.clocks import WallClock
from tests.fakes.world import ZHANG
from tests.web.api.conftest import Api


async def test_the_test_clock_moves_when_told(api: Api) -> None:
    shown = (await api("GET", "/clock")).json()
    assert shown == {"now": "2026-11-01T16:00:00+08:00", "kind": "test", "own": [], "happened": []}
    await api.world.service.order_payment(ZHANG, Money(1000), "http://x/")
    moved = (await api("POST", "/clock/advance", {"by": "16m"})).json()
    assert moved["now"] == "2026-11-01T16:16:00+08:00"
    assert len(moved["happened"]) == 1
    assert (await api("PUT", "/clock", {"to": "2026-12-01T00:00:00+08:00"})).json()["now"].startswith("2026-12-01")


async def test_the_clock_of_an_account_moves_alone(api: Api) -> None:
    await api.world.service.order_payment(ZHANG, Money(1000), "http://x/")
    moved = (await api("POST", "/clock/advance", {"by": "16m", "account": "zhang"})).json()
    assert moved["now"] == "2026-11-01T16:00:00+08:00"
    assert moved["own"] == [{"account": "zhang", "now": "2026-11-01T16:16:00+08:00"}]
    assert [each[:25] for each in moved["happened"]] == ["2026-11-01 16:15:00+08:00"]
    moved = (await api("PUT", "/clock", {"to": "2026-12-01T00:00:00+08:00", "account": "zhang"})).json()
    assert moved["own"] == [{"account": "zhang", "now": "2026-12-01T00:00:00+08:00"}]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/clock/advance", {"by": "1s", "account": "nobody"}, 404, "account `nobody` does not exist"),
        ("PUT", "/clock", {"to": "2026-12-01T00:00:00"}, 422, "time `2026-12-01T00:00:00` has no zone"),
        ("PUT", "/clock", {"to": "tomorrow"}, 422, "`body.to`: input should be a valid datetime"),
        ("PUT", "/clock", {"to": "2020-01-01T00:00:00Z"}, 409, "the test clock stands at"),
        ("POST", "/clock/advance", {"by": "soon"}, 422, "`soon` is not a duration; write it like 15m"),
        ("POST", "/clock/advance", {"by": "9999999d"}, 422, "`9999999 days, 0:00:00` leads beyond the year 9999"),
    ],
)
async def test_how_the_clock_is_not_moved(
    api: Api, method: str, path: str, body: object, status: int, said: str
) -> None:
    answer = await api(method, path, body)
    assert (answer.status, answer.json()["detail"][: len(said)]) == (status, said)


async def test_status(api: Api) -> None:
    shown = (await api("GET", "/status")).json()
    assert (shown["healthy"], shown["subscribers"], shown["clock"]["kind"]) == (True, 7, "test")
    assert shown["components"] == [{"name": "gateway", "healthy": True, "detail": "2 workers"}]
    api.program.workers_healthy = False
    assert (await api("GET", "/status")).json()["healthy"] is False


async def test_the_wall_clock_is_called_one(api: Api) -> None:
    api.world.service.clock = WallClock()
    assert (await api("GET", "/clock")).json()["kind"] == "wall"
    assert (await api("POST", "/clock/advance", {"by": "1s"})).status == 409


async def test_reload_and_reset(api: Api) -> None:
    reloaded = (await api("POST", "/reload")).json()
    assert reloaded["dry_run"] is False
    assert [(one["subject"], one["applied"]) for one in reloaded["changes"]] == [
        ("profile arrears", True),
        ("account zhang", False),
    ]
    assert (await api("POST", "/reload?dry_run=true")).json() == {**reloaded, "dry_run": True}
    assert (await api("POST", "/reset")).json() == {"done": ["reset done"]}
    assert api.program.asked == ["reload", "dry run", "reset"]
    api.program.fails_with = InvalidInput("policies.yaml:3: wrong")
    refused = await api("POST", "/reload")
    assert (refused.status, refused.json()["detail"]) == (422, "policies.yaml:3: wrong")
    api.program.fails_with = Conflict("busy")
    assert (await api("POST", "/reset")).status == 409
