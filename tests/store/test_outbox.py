"""The outbox of webhooks, by the words of `webhooks.outbox`, on everything that claims to be one."""

from dataclasses import replace

import pytest

from nfemu.carrier.ports import AddEvent
from nfemu.model.identity import CorrelationId, EventId, WebhookId
from nfemu.model.timeline import TimelineEvent
from nfemu.model.webhooks import Delivery, DeliveryState
from nfemu.store import SqlStore
from tests.fakes.outbox import MemoryOutbox
from tests.store.people import PHONE, START, after, people

CRM, BI = WebhookId("crm"), WebhookId("bi")
FIRST = Delivery(CRM, EventId("evt-1"), "order.done", '{"eventId": "evt-1"}', START)
SECOND = replace(FIRST, event=EventId("evt-2"), since=after(1))
DEAD = replace(
    FIRST, state=DeliveryState.DEAD, attempts=8, refusals=7, outcome="status 400", settled_at=after(60), since=after(5)
)


def happening(name: str) -> AddEvent:
    return AddEvent(TimelineEvent(PHONE.imsi, CorrelationId("cor-1"), name, START, 1.5, {"order": "1"}, START))


class Contract:
    async def test_who_begins_hears_what_comes_after(self, outbox: SqlStore | MemoryOutbox) -> None:
        await outbox.commit([*people(), happening("one")])
        await outbox.begin_webhooks([CRM])
        await outbox.commit([happening("two"), happening("three")])
        await outbox.begin_webhooks([CRM, BI])
        found = await outbox.events_for(CRM, 10)
        assert [each.event for each in found] == [happening("two").event, happening("three").event]
        assert found[0].serial < found[1].serial
        assert await outbox.events_for(CRM, 1) == found[:1]
        assert await outbox.events_for(BI, 10) == await outbox.events_for(WebhookId("nobody"), 10) == []

    async def test_deliveries_and_position_move_together(self, outbox: SqlStore | MemoryOutbox) -> None:
        await outbox.commit([*people()])
        await outbox.begin_webhooks([CRM, BI])
        await outbox.commit([happening("one"), happening("two")])
        one, two = await outbox.events_for(CRM, 10)
        await outbox.take_events(CRM, one.serial, [FIRST, SECOND])
        assert await outbox.events_for(CRM, 10) == [two]
        assert len(await outbox.events_for(BI, 10)) == 2
        assert await outbox.next_delivery(CRM) == FIRST
        assert await outbox.next_delivery(BI) is None

    async def test_the_first_pending_one_is_next(self, outbox: SqlStore | MemoryOutbox) -> None:
        await outbox.begin_webhooks([CRM])
        await outbox.take_events(CRM, 0, [FIRST, SECOND])
        waiting = replace(FIRST, attempts=1, next_attempt_at=after(5), outcome="status 503")
        await outbox.put_delivery(waiting)
        assert await outbox.next_delivery(CRM) == waiting
        await outbox.put_delivery(DEAD)
        assert await outbox.next_delivery(CRM) == SECOND
        assert await outbox.delivery(CRM, FIRST.event) == DEAD
        assert await outbox.deliveries(CRM) == [SECOND, DEAD]
        assert await outbox.deliveries(CRM, limit=1) == [SECOND]
        assert await outbox.deliveries(CRM, DeliveryState.DEAD) == [DEAD]

    async def test_what_is_settled_is_forgotten_in_time(self, outbox: SqlStore | MemoryOutbox) -> None:
        await outbox.begin_webhooks([CRM])
        await outbox.take_events(CRM, 0, [FIRST, SECOND])
        await outbox.put_delivery(DEAD)
        await outbox.forget_deliveries(after(60))
        assert await outbox.deliveries(CRM) == [SECOND, DEAD]
        await outbox.forget_deliveries(after(61))
        assert await outbox.deliveries(CRM) == [SECOND]
        await outbox.put_delivery(DEAD)
        assert await outbox.delivery(CRM, FIRST.event) is None

    async def test_of_one_that_is_gone_nothing_is_left(self, outbox: SqlStore | MemoryOutbox) -> None:
        await outbox.begin_webhooks([CRM, BI])
        await outbox.take_events(CRM, 0, [FIRST])
        await outbox.begin_webhooks([BI])
        await outbox.take_events(CRM, 0, [SECOND])
        assert await outbox.next_delivery(CRM) is None
        assert await outbox.deliveries(CRM) == []
        await outbox.begin_webhooks([CRM, BI])
        assert await outbox.deliveries(CRM) == []


class TestSqlStore(Contract):
    @pytest.fixture
    def outbox(self, sql_store: SqlStore) -> SqlStore:
        return sql_store


class TestMemoryOutbox(Contract):
    @pytest.fixture
    def outbox(self) -> MemoryOutbox:
        return MemoryOutbox()
