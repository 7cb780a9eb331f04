"""Back to an empty store, for `nfemu reset`."""

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.store.append_only import protect, unprotect
from nfemu.store.schema import metadata


def everything(connection: Connection) -> None:
    """Delete every row, children before parents; the ledger is protected again before anybody sees it."""
    unprotect(connection)
    for table in reversed(metadata.sorted_tables):
        connection.execute(sa.delete(table))
    protect(connection)
