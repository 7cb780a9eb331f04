"""The ledger refuses UPDATE and DELETE in the database itself, whoever asks.

Only `wipe` lifts it, inside its own transaction: definitions of triggers are transactional on both databases.
"""

from sqlalchemy import Connection

_REFUSAL = "the ledger is append-only; book a correcting entry instead"

_CREATE = {
    "sqlite": (
        f"CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
        f"CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    ),
    "postgresql": (
        f"""CREATE OR REPLACE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()""",
    ),
}
_DROP = {
    "sqlite": ("DROP TRIGGER ledger_no_update", "DROP TRIGGER ledger_no_delete"),
    "postgresql": ("DROP TRIGGER ledger_append_only ON ledger",),
}


def protect(connection: Connection) -> None:
    """Refuse every later UPDATE, DELETE and TRUNCATE of ledger rows."""
    for statement in _CREATE[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def unprotect(connection: Connection) -> None:
    """Lift the protection; the caller restores it in the same transaction."""
    for statement in _DROP[connection.dialect.name]:
        connection.exec_driver_sql(statement)
