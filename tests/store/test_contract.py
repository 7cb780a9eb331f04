"""The one contract, on everything that claims to be a Store."""

import pytest

from nfemu.carrier.ports import Store
from nfemu.store import SqlStore
from tests.fakes.store import MemoryStore
from tests.store.contract import StoreContract


class TestSqlStore(StoreContract):
    @pytest.fixture
    def store(self, sql_store: SqlStore) -> Store:
        return sql_store


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()
