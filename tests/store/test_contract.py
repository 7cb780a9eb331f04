"""The one contract, on everything that claims to be a Store."""

from collections.abc import AsyncIterator

import pytest

from nfemu.carrier.ports import Store
from nfemu.store import ScratchStore, SqlStore
from tests.fakes.store import MemoryStore
from tests.store.contract import StoreContract


class TestSqlStore(StoreContract):
    @pytest.fixture
    def store(self, sql_store: SqlStore) -> Store:
        return sql_store


class TestScratchStore(StoreContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        store = ScratchStore()
        await store.open()
        yield store
        await store.close()


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()
