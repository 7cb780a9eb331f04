"""What a database's refusal of a row means to a caller."""

from enum import Enum, auto

from sqlalchemy import exc


class Broken(Enum):
    """Which kind of rule a row broke."""

    UNIQUE = auto()
    REFERENCE = auto()
    CHECK = auto()


_SQLSTATE = {"23505": Broken.UNIQUE, "23503": Broken.REFERENCE, "23514": Broken.CHECK, "23502": Broken.CHECK}
_SQLITE = {
    "SQLITE_CONSTRAINT_UNIQUE": Broken.UNIQUE,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Broken.UNIQUE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": Broken.REFERENCE,
    "SQLITE_CONSTRAINT_CHECK": Broken.CHECK,
    "SQLITE_CONSTRAINT_NOTNULL": Broken.CHECK,
}


def broken_rule(error: exc.IntegrityError) -> Broken | None:
    """The kind of rule by the driver's own code; None for one that no table here has."""
    code = getattr(error.orig, "sqlite_errorname", None)
    return _SQLITE.get(code) if code else _SQLSTATE.get(getattr(error.orig, "sqlstate", ""))
