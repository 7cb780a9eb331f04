"""Durable state on SQLite or PostgreSQL: what must survive `kill -9`."""

from nfemu.store.seed import SeedAccount
from nfemu.store.sql_store import SqlStore

__all__ = ["SeedAccount", "SqlStore"]
