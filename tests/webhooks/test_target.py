"""One receiver's events under everything that can happen: none lost, none out of order, one id each."""

import asyncio
import json
from collections.abc import Collection, Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfemu.model.errors import Unavailable
from nfemu.model.webhooks import DeliveryState
from nfemu.webhooks.callback import Callback
from nfemu.webhooks.ladder import Ladder, Outcome, revived
from nfemu.webhooks.signature import EVENT_ID
from nfemu.webhooks.target import KEPT, PORTION, Target, WebhookRules
from tests.fakes.faults import Crash, Faults
from tests.fakes.outbox import MemoryOutbox
from tests.webhooks.making import CRM, SECRET, Wall, happening, people

RULES = WebhookRules(("crm.example",), Ladder(timedelta(seconds=5), timedelta(seconds=60), 3, timedelta(minutes=5)))
ACCEPT, REFUSE, DOWN = Outcome(204), Outcome(400), Outcome(None, "no answer within 10 s")


class World:
    """A store and a receiver that answers as it is told."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.outbox = MemoryOutbox(self.faults)
        self.wall = Wall()
        self.answer = ACCEPT
        self.calls: list[tuple[str, str, Outcome]] = []
        """Id, body, and what was answered."""
        self.happened = 0
        self.target = self._target()

    async def begin(self) -> None:
        await self.outbox.commit(people())
        await self.outbox.begin_webhooks([CRM.id])

    async def happen(self, name: str = "order.dead") -> None:
        self.happened += 1
        await self.outbox.commit([happening(name, self.happened)])

    async def step(self) -> timedelta | None:
        return await self.target.step()

    async def step_into_a_crash(self, point: int) -> None:
        """The process ends at that point of the store, if it gets there, and another one begins."""
        self.faults.crash_at(point)
        try:
            await self.step()
        except Crash:
            pass
        finally:
            self.faults.heal()
        self.target = self._target()

    def order(self) -> list[int]:
        """Which events were accepted, by number, in that order."""
        return [int(json.loads(body)["correlationId"][4:]) for _, body, answer in self.calls if answer is ACCEPT]

    def _target(self) -> Target:
        return Target(CRM, SECRET, lambda: self.outbox, lambda: RULES, self.wall, "CNY", self._send)

    async def _send(
        self, callback: Callback, headers: Mapping[str, str], body: bytes, hosts: Collection[str], within: float
    ) -> Outcome:
        assert (callback.port, hosts, within) == (9000, RULES.hosts, RULES.within)
        self.calls.append((headers[EVENT_ID], body.decode(), self.answer))
        return self.answer


@pytest.fixture
async def world() -> World:
    it = World()
    await it.begin()
    return it


async def test_events_are_told_in_their_order(world: World) -> None:
    for name in ("order.dead", "ledger.entry", "order.created"):
        await world.happen(name)
    assert await world.step() is None
    assert [json.loads(body)["eventType"] for _, body, _ in world.calls] == ["order.dead", "order.created"]
    assert await world.step() is None
    assert len(world.calls) == 2


async def test_who_is_down_is_asked_again_and_the_others_wait(world: World) -> None:
    world.answer = DOWN
    await world.happen()
    assert await world.step() == timedelta(seconds=5)
    await world.happen()
    world.wall.pass_by(timedelta(seconds=4))
    assert await world.step() == timedelta(seconds=1)
    assert len(world.calls) == 1
    world.wall.pass_by(timedelta(seconds=1))
    world.answer = ACCEPT
    assert await world.step() is None
    first, again, second = (event for event, _, _ in world.calls)
    assert first == again != second
    assert world.calls[0][1] == world.calls[1][1]


async def test_an_event_that_is_refused_is_given_up_and_the_next_one_told(world: World) -> None:
    world.answer = REFUSE
    await world.happen()
    await world.happen()
    for _ in range(2):
        pause = await world.step()
        assert pause is not None
        world.wall.pass_by(pause)
    world.answer = REFUSE
    await world.step()
    (dead,) = await world.outbox.deliveries(CRM.id, DeliveryState.DEAD)
    assert (dead.attempts, dead.refusals, dead.outcome) == (3, 3, "status 400")
    assert len({event for event, _, _ in world.calls}) == 2


async def test_many_events_are_read_in_portions(world: World) -> None:
    await world.outbox.commit([happening("ledger.entry", number) for number in range(PORTION)])
    await world.outbox.commit([happening("order.dead", number) for number in range(PORTION + 1)])
    await world.step()
    assert world.order() == list(range(PORTION + 1))


async def test_what_was_delivered_long_ago_is_forgotten(world: World) -> None:
    await world.happen()
    await world.step()
    world.wall.pass_by(KEPT + timedelta(seconds=1))
    await world.happen()
    await world.step()
    assert len(await world.outbox.deliveries(CRM.id)) == 1


async def test_a_card_that_is_gone_stops_nobody(world: World) -> None:
    await world.happen()
    world.outbox._tables.subscribers.clear()
    assert await world.step() is None
    assert world.calls == []


async def test_without_a_store_nothing_is_sent(world: World) -> None:
    await world.happen()
    world.faults.fail("store")
    with pytest.raises(Unavailable):
        await world.step()
    assert world.calls == []


ANSWERS = {"accept": ACCEPT, "refuse": REFUSE, "down": DOWN}
ACTIONS = st.one_of(st.sampled_from(["happen", "other", "step", "wait", "resend", *ANSWERS]), st.integers(0, 8))
"""A number: a step in which the process ends at that point of the store."""


@given(st.lists(ACTIONS, max_size=40))
def test_whatever_happens_no_event_is_lost(actions: list[str | int]) -> None:
    asyncio.run(_whatever_happens(actions))


async def _whatever_happens(actions: list[str | int]) -> None:
    world = World()
    await world.begin()
    for action in actions:
        await _do(world, action)
    world.answer = ACCEPT
    world.wall.pass_by(timedelta(seconds=61))
    assert await world.step() is None
    known = await world.outbox.deliveries(CRM.id, limit=1000)
    assert len(known) == world.happened
    assert {each.state for each in known} <= {DeliveryState.DELIVERED, DeliveryState.DEAD}
    told = {event for event, _, answer in world.calls if answer is ACCEPT}
    assert told >= {each.event for each in known if each.state is DeliveryState.DELIVERED}
    ids, bodies = {event for event, _, _ in world.calls}, {body for _, body, _ in world.calls}
    assert len({(event, body) for event, body, _ in world.calls}) == len(ids) == len(bodies)
    if "resend" not in actions:
        assert world.order() == sorted(world.order())


async def _do(world: World, action: str | int) -> None:
    match action:
        case "happen":
            await world.happen()
        case "other":
            await world.outbox.commit([happening("ledger.entry")])
        case "wait":
            world.wall.pass_by(timedelta(seconds=61))
        case "resend":
            for each in await world.outbox.deliveries(CRM.id, DeliveryState.DEAD):
                await world.outbox.put_delivery(revived(each, world.wall()))
        case "step":
            await world.step()
        case int(point):
            await world.step_into_a_crash(point)
        case _:
            world.answer = ANSWERS[action]
