"""The provider's books, by the words of `web.provider.book`, on everything that claims to keep them."""

from dataclasses import replace

import pytest

from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.model.provider import ProviderOrder, ProviderStage
from nfemu.store import SqlStore
from nfemu.web.provider.book import ProviderRecords
from tests.fakes.store import MemoryStore
from tests.store.people import START, after

TRIED = ProviderOrder(PaymentNo("pay-1"), Money(5900, "JPY"), wrong_pins=1)
PAID = replace(TRIED, stage=ProviderStage.PAID, paid_at=START, attempts=2, notify_at=after(30))


class Contract:
    async def test_what_was_put_last_is_there(self, records: ProviderRecords) -> None:
        assert await records.provider_order(TRIED.no) is None
        for order in (TRIED, PAID):
            await records.put_provider_order(order)
            assert await records.provider_order(TRIED.no) == order

    async def test_who_is_to_be_told_first(self, records: ProviderRecords) -> None:
        sooner = replace(PAID, no=PaymentNo("pay-2"), notify_at=after(15))
        for order in (PAID, sooner, replace(PAID, no=PaymentNo("pay-3"), notify_at=None)):
            await records.put_provider_order(order)
        assert await records.provider_orders_to_notify() == [sooner, PAID]


class TestSqlStore(Contract):
    @pytest.fixture
    def records(self, sql_store: SqlStore) -> ProviderRecords:
        return sql_store

    async def test_a_reset_empties_them(self, sql_store: SqlStore) -> None:
        await sql_store.put_provider_order(PAID)
        await sql_store.wipe()
        assert await sql_store.provider_order(PAID.no) is None


class TestMemoryStore(Contract):
    @pytest.fixture
    def records(self) -> ProviderRecords:
        return MemoryStore()
