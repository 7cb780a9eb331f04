"""A second way into a store's database, past the store."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.store.database import parse_url


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection in autocommit to the database behind `url`."""
    engine = sa.create_engine(parse_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()
