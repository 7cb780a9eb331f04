"""A named state as a file: one format whatever the database, whole or not there at all.

Lines of UTF-8: the header (a JSON object), parts of the content (one JSON object each, see `content.Part`), and at the
end the SHA-256 of all lines before it, so that what was cut off or has changed on the disk is never taken for a state.
A state of an older schema is brought up by the migrations that a store of that age would see.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from nfemu.model.errors import Conflict, Unavailable
from nfemu.runtime.keys import read_private, write_private
from nfemu.store import content
from nfemu.store.content import Part
from nfemu.store.database import Database, parse_url
from nfemu.store.migrate import upgrade
from nfemu.store.schema import HEAD

FORMAT = 1
_END = 66
_ENDING = re.compile(rb"\n[0-9a-f]{64}\n")
"""A line's end and the digest."""
Facts = dict[str, dict[str, str]]
"""File of the configuration → what it is about → a digest of what it says there."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a state without its content."""

    schema: str
    """The newest migration that its content has seen."""
    saved_at: datetime
    """Wall time."""
    business_time: datetime
    clock: str
    """By which it was: `wall` or `test`."""
    subscribers: int
    ids: str = field(repr=False)
    """From which identifiers are made after it, in hexadecimal digits: unguessable, and always the same."""
    network: dict[str, str]
    """PLMN, country code and currency of the carrier, without which its cards and accounts mean nothing."""
    configuration: Facts
    format: int = FORMAT

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        """Raises KeyError, TypeError, ValueError."""
        moments = {name: datetime.fromisoformat(data[name]) for name in ("saved_at", "business_time")}
        return cls(**{**data, **moments})


def write(path: Path, header: Header, parts: Iterable[Part]) -> None:
    """Replace the file in one step; only its owner can read it. Raises OSError."""
    lines = [json.dumps(asdict(header), default=datetime.isoformat, ensure_ascii=False)]
    lines += (_line(part) for part in parts)
    body = "".join(f"{line}\n" for line in lines).encode()
    write_private(path, body + f"{_digest(body)}\n".encode())


def read_header(path: Path) -> Header:
    """Of a file that has its end. Raises FileNotFoundError; Unavailable where it is no state, Conflict where a newer
    program wrote it."""
    _check_regular(path)
    with path.open("rb") as file:
        header = _header(path, file.readline())
        file.seek(-min(_END, path.stat().st_size), os.SEEK_END)
        if not _ENDING.fullmatch(file.read()):
            raise _damaged(path)
        return header


def read(path: Path) -> tuple[Header, list[Part]]:
    """The content as the present schema has it. Raises as `read_header`; Unavailable for what is damaged."""
    _check_regular(path)
    data = read_private(path)
    body, _, digest = data[:-1].rpartition(b"\n")
    if _digest(body + b"\n").encode() != digest:
        raise _damaged(path)
    first, *others = body.split(b"\n")
    header = _header(path, first)
    try:
        parts = [_part(json.loads(line)) for line in others]
    except (ValueError, KeyError, TypeError):
        raise _damaged(path) from None
    return header, parts if header.schema == HEAD else _brought_up(path, header.schema, parts)


def _check_regular(path: Path) -> None:
    """To read from a pipe may last for ever."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise Unavailable(f"`{path}` is no file, and so no state; remove it")


def _header(path: Path, line: bytes) -> Header:
    try:
        data = json.loads(line)
        if data["format"] > FORMAT:
            raise Conflict(f"`{path}` was written by a newer nfemu; load it with that one, or save the state anew")
        return Header.of(data)
    except (ValueError, KeyError, TypeError):
        raise _damaged(path) from None


def _line(part: Part) -> str:
    data = {"table": part.table, "columns": part.columns, "rows": part.rows}
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def _part(data: dict[str, Any]) -> Part:
    return Part(data["table"], tuple(data["columns"]), data["rows"])


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _damaged(path: Path) -> Unavailable:
    return Unavailable(f"`{path}` is no whole state: it was cut off or has been changed; delete it and save it anew")


def _brought_up(path: Path, schema: str, parts: Sequence[Part]) -> list[Part]:
    """Through a database of its age. Raises Conflict for a schema that is not known here."""
    with TemporaryDirectory(prefix="nfemu-state-") as folder:
        database = Database(parse_url(f"sqlite:///{folder}/state.sqlite"))
        try:
            database.write(lambda connection: upgrade(connection, schema))
            database.write(lambda connection: content.fill(connection, parts))
            database.write(upgrade)
            return database.read(lambda connection: list(content.read(connection)))
        except Conflict:
            raise Conflict(
                f"`{path}` has schema `{schema}`, this program knows up to `{HEAD}`; load it with the program that "
                "saved it, or save the state anew"
            ) from None
        finally:
            database.close()
