"""Durable state on SQLite or PostgreSQL: what must survive `kill -9`."""

from nfemu.store.scratch import ScratchStore
from nfemu.store.seed_types import SeedAccount, SeedRange
from nfemu.store.sql_store import SqlStore

__all__ = ["ScratchStore", "SeedAccount", "SeedRange", "SqlStore"]
