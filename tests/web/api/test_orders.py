"""The queues of orders over the API."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nfemu.bss.order_queue import Capacity, OrderRules
from nfemu.bss.orders import RetryRules
from nfemu.model.money import Money
from tests.fakes.paying import pay
from tests.fakes.world import STATIC, WANG, ZHANG
from tests.web.api.conftest import Api

NARROW = OrderRules(network=Capacity(60, 1), retry=RetryRules(attempts=1))


@pytest.fixture
async def narrow(api: Api) -> Api:
    """The network elements deal with one order a second; one is done, three wait."""
    service = api.world.service
    async with service.paused():
        service.take_over(await service.plan(replace(api.world.rules, orders=NARROW)))
    for number in (STATIC, ZHANG, WANG):
        await service.charge(number, Money(5000))
    return api


async def test_the_report(narrow: Api) -> None:
    await pay(narrow.world.service, ZHANG, Money(2000))
    await narrow.world.service.advance_clock(timedelta(seconds=1))
    found = (await narrow("GET", "/orders?minutes=1")).json()
    waiting = {(each["stage"], each["kind"]): each["waiting"] for each in found["backlog"] if each["waiting"]}
    assert waiting == {("network", "stop"): 2}
    assert (found["oldest"], found["begun"], found["dead"], found["armed"], found["window"]) == (1.0, 0, 0, 0, 60.0)
    stop, resume, profile = found["done"]
    assert (stop["kind"], stop["done"], stop["per_minute"]) == ("stop", 1, 1.0)
    assert resume["waited"] == {"p50": 1.0, "p95": 1.0, "longest": 1.0}
    assert (profile["done"], profile["took"], found["posting"]["p50"]) == (0, None, 0.0)


async def test_orders_that_wait_are_listed(narrow: Api) -> None:
    found = (await narrow("GET", "/orders/unfinished?state=created&limit=1")).json()["orders"]
    (first,) = found
    shown = {name: first[name] for name in ("number", "kind", "target", "state", "stage", "attempts")}
    assert shown == {
        "number": "13800138000",
        "kind": "stop",
        "target": "arrears",
        "state": "created",
        "stage": "network",
        "attempts": 0,
    }
    assert (await narrow("GET", "/orders/unfinished?state=dead")).json() == {"orders": []}


async def test_faults_make_dead_orders_which_are_resubmitted(narrow: Api) -> None:
    assert (await narrow("PUT", "/orders/faults", {"next": 2})).json()["armed"] == 2
    await narrow.world.service.advance_clock(timedelta(seconds=10))
    one, other = (await narrow("GET", "/orders/unfinished")).json()["orders"]
    assert (one["state"], one["stage"], one["next_attempt_at"]) == ("dead", None, None)
    done = await narrow("POST", f"/orders/{one['id']}/resubmit")
    assert done.json() == {"done": [f"order {one['id']} is tried again"]}
    assert (await narrow("POST", "/orders/resubmit")).json() == {"done": [f"order {other['id']} is tried again"]}


async def test_an_order_between_two_attempts_says_when_the_next_one_is(narrow: Api) -> None:
    service = narrow.world.service
    async with service.paused():
        service.take_over(await service.plan(replace(narrow.world.rules, orders=replace(NARROW, retry=RetryRules()))))
    await narrow("PUT", "/orders/faults", {"next": 1})
    await service.advance_clock(timedelta(seconds=1))
    (tried, *_) = (await narrow("GET", "/orders/unfinished")).json()["orders"]
    assert (tried["attempts"], tried["next_attempt_at"]) == (1, "2026-11-01T16:00:31+08:00")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/orders/ord-nobody/resubmit", None, 404),
        ("PUT", "/orders/faults", {"next": -1}, 422),
        ("PUT", "/orders/faults", {"next": 10_000_000}, 422),
        ("GET", "/orders?minutes=0", None, 422),
        ("GET", "/orders/unfinished?state=lost", None, 422),
    ],
)
async def test_what_is_refused(narrow: Api, method: str, path: str, body: object, status: int) -> None:
    assert (await narrow(method, path, body)).status == status
