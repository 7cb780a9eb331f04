"""All receivers together, on real sockets: none holds up another."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from examples.webhooks.receiver import verify
from nfemu.model.errors import Conflict, NotFound
from nfemu.model.identity import EventId, WebhookId
from nfemu.model.webhooks import DeliveryState, Webhook
from nfemu.webhooks.courier import Courier
from nfemu.webhooks.ladder import Ladder
from nfemu.webhooks.register import Register
from nfemu.webhooks.signature import SIGNATURE, TIMESTAMP
from nfemu.webhooks.target import WebhookRules
from tests.fakes.outbox import MemoryOutbox
from tests.webhooks.making import START, Wall, happening, people
from tests.webhooks.receiving import NOTHING, receiver, status, until

RULES = WebhookRules(ladder=Ladder(refusals=1), within=60)


class World:
    def __init__(self, folder: Path) -> None:
        self.outbox = MemoryOutbox()
        self.wall = Wall()
        self.register = Register(folder / "webhooks", {}, RULES)
        self.courier = Courier(self.register, lambda: self.outbox, self.wall, "CNY")

    async def happen(self, name: str = "order.dead", number: int = 1) -> None:
        await self.outbox.commit([happening(name, number)])
        self.courier.wake()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    it = World(tmp_path)
    await it.outbox.commit(people())
    await it.courier.begin()
    it.courier.start()
    yield it
    await it.courier.stop()


async def test_a_receiver_believes_what_is_signed_with_its_secret(world: World) -> None:
    async with receiver() as it:
        _, secret = await world.courier.add(it.url, ["*"])
        await world.happen()
        await until(lambda: len(it.came) == 1, it.heard)
        head, _, body = it.came[0].partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        given = fields[TIMESTAMP], fields[SIGNATURE]
        now = START.timestamp()
        assert verify(secret, *given, body, now + 299)
        assert not verify(secret, *given, body, now + 301)
        assert not verify("another", *given, body, now)
        assert not verify(secret, *given, body + b" ", now)
        assert not verify(secret, str(int(given[0]) + 1), given[1], body, now)


async def test_who_hangs_holds_up_nobody_else(world: World) -> None:
    async with receiver(NOTHING) as hanging, receiver() as well:
        for it in (hanging, well):
            await world.courier.add(it.url, ["order.*"])
        for number in range(1, 4):
            await world.happen(number=number)
        await until(lambda: len(well.came) == 3, well.heard)
        await until(lambda: len(hanging.came) == 1, hanging.heard)
        await world.courier.stop()


async def test_who_is_removed_is_told_nothing_more(world: World) -> None:
    async with receiver() as gone, receiver() as stays:
        webhook, _ = await world.courier.add(gone.url, ["*"])
        await world.courier.add(stays.url, ["*"])
        await world.courier.remove(webhook.id)
        await world.happen()
        await until(lambda: len(stays.came) == 1, stays.heard)
        assert gone.came == []
        with pytest.raises(NotFound):
            await world.courier.deliveries(webhook.id, None, 10)


async def test_what_was_given_up_is_sent_again_when_somebody_says_so(world: World) -> None:
    async with receiver(status(400), status(400), status(204)) as it:
        webhook, _ = await world.courier.add(it.url, ["*"])
        await world.happen(number=1)
        await world.happen(number=2)
        await until(lambda: len(it.came) == 2, it.heard)
        await until(lambda: world.outbox.states(webhook.id) == [DeliveryState.DEAD] * 2, world.outbox.moved)
        again = await world.courier.resend(webhook.id, None)
        assert [each.kind for each in again] == ["order.dead"] * 2
        await until(lambda: world.outbox.states(webhook.id) == [DeliveryState.DELIVERED] * 2, world.outbox.moved)
        (one,) = await world.courier.resend(webhook.id, again[0].event)
        await until(lambda: len(it.came) == 5, it.heard)
        assert one.event.encode() in it.came[4]
        with pytest.raises(NotFound, match="has no event `evt-0`"):
            await world.courier.resend(webhook.id, EventId("evt-0"))


async def test_what_is_on_its_way_is_not_sent_again(world: World) -> None:
    async with receiver(NOTHING) as it:
        webhook, _ = await world.courier.add(it.url, ["*"])
        await world.happen()
        await until(lambda: len(it.came) == 1, it.heard)
        (pending,) = await world.courier.deliveries(webhook.id, None, 10)
        with pytest.raises(Conflict, match="on its way"):
            await world.courier.resend(webhook.id, pending.event)
        await world.courier.stop()


async def test_another_configuration_is_followed(world: World) -> None:
    async with receiver() as before, receiver() as after:
        name = WebhookId("crm")
        for it in (before, after):
            configured = {name: Webhook(name, it.url, ("*",), configured=True)}
            await world.courier.follow_configuration(configured, RULES)
            await world.happen()
            await it.heard.wait()
        assert [each.callback for each in world.courier.all()] == [after.url]


class Said(logging.Handler):
    """`heard` is set by every warning."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []
        self.heard = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())
        self.heard.set()


async def test_a_store_that_fails_is_asked_again(world: World) -> None:
    said = Said()
    logging.getLogger("nfemu.webhooks.courier").addHandler(said)
    async with receiver() as it:
        await world.courier.add(it.url, ["*"])
        world.outbox._faults.fail("store", after=1)
        await world.happen()
        await until(lambda: any("waits for the store" in text for text in said.texts), said.heard)
        world.outbox._faults.heal()
        await until(lambda: len(it.came) == 1, it.heard)
    logging.getLogger("nfemu.webhooks.courier").removeHandler(said)
