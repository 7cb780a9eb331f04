"""Bringing a database to the schema of this program, in one transaction."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from nfemu.model.errors import Conflict
from nfemu.store.schema import HEAD

_SCRIPTS = Path(__file__).parent / "migrations"


def version(connection: Connection) -> str | None:
    """The schema version of the database; None for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    return found


def upgrade(connection: Connection, wanted: str = HEAD) -> None:
    """Run the migrations that are missing up to `wanted`; the caller's transaction holds them all.

    Raises Conflict for a database that a newer program has written. The migration machinery is loaded here only:
    it takes longer to load than a store that is up to date takes to open.
    """
    found = version(connection)
    if found == wanted:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, wanted)
    except CommandError as error:
        raise Conflict(
            f"the store's schema is `{found}`, this program knows up to `{HEAD}`; "
            "use the program that wrote it, or name another store"
        ) from error
