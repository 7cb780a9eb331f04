"""A named state as a file: private, whole or refused, and brought up from an older schema."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from nfemu.model.errors import Conflict, Unavailable
from nfemu.store import SqlStore, state_file
from nfemu.store.content import Part, Value
from nfemu.store.migrate import upgrade
from nfemu.store.schema import HEAD
from nfemu.store.state_file import Header
from tests.store.direct import connected
from tests.store.people import START
from tests.store.test_exchange import filled

HEADER = Header(
    schema=HEAD,
    saved_at=START,
    business_time=START,
    clock="test",
    subscribers=3,
    ids="5e" * 32,
    network={"currency": "CNY"},
    configuration={"apns.yaml": {"pool internet": "1f"}},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "states" / "arrears"


async def test_what_was_written_is_read(path: Path, sqlite_url: str) -> None:
    store = SqlStore(sqlite_url)
    await store.open()
    parts = await filled(store)
    await store.close()
    state_file.write(path, HEADER, parts)
    assert state_file.read(path) == (HEADER, parts)
    assert state_file.read_header(path) == HEADER


def test_a_state_of_nobody_is_private_and_alone(path: Path) -> None:
    state_file.write(path, HEADER, [])
    assert state_file.read(path) == (HEADER, [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "header", "other"])
def test_what_is_damaged_is_no_state(path: Path, damage: str) -> None:
    state_file.write(path, HEADER, [Part("setting", ("key", "value"), [["seed", "x"]])])
    data = path.read_bytes()
    wrong = {
        "cut": data[:-70],
        "changed": data.replace(b'"x"', b'"y"'),
        "empty": b"",
        "header": data.replace(b'"CNY"', b'"EUR"'),
        "other": b"SQLite format 3\0",
    }
    path.write_bytes(wrong[damage])
    with pytest.raises(Unavailable, match="no whole state"):
        state_file.read(path)
    if damage in ("cut", "empty", "other"):
        with pytest.raises(Unavailable, match="no whole state"):
            state_file.read_header(path)


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"format": 1, "schema": "0001"}', '{"format": "x"}'])
def test_a_header_that_is_none(path: Path, line: str) -> None:
    path.parent.mkdir()
    path.write_text(line + "\n")
    with pytest.raises(Unavailable, match="no whole state"):
        state_file.read_header(path)


def test_a_newer_format_is_refused(path: Path) -> None:
    state_file.write(path, replace(HEADER, format=2), [])
    assert json.loads(path.read_text().splitlines()[0])["format"] == 2
    with pytest.raises(Conflict, match="newer nfemu"):
        state_file.read(path)


def test_a_schema_that_is_not_known_is_refused(path: Path) -> None:
    state_file.write(path, replace(HEADER, schema="9999"), [])
    with pytest.raises(Conflict, match=f"schema `9999`, this program knows up to `{HEAD}`"):
        state_file.read(path)


def test_a_state_of_an_older_schema_is_brought_up(path: Path, tmp_path: Path) -> None:
    """As a store of that age would be: columns that came later have what their migration gives them."""
    with connected(f"sqlite:///{tmp_path / 'old.sqlite'}") as connection:
        upgrade(connection, "0002")
        columns = [row.name for row in connection.exec_driver_sql("PRAGMA table_info(subscriber)")]
    assert "profile" not in columns
    card: dict[str, Value] = {
        "imsi": "460001380013800",
        "msisdn": "8613800138000",
        "account_id": "zhang",
        "role": "main",
        "language": "zh",
        "ordered": "open",
        "version": 3,
        "hold": "none",
    }
    row = [card.get(name) for name in columns]
    accounts = Part(
        "account",
        ("id", "kind", "currency", "credit_limit", "level", "balance"),
        [["zhang", "personal", "CNY", 0, 5, 0]],
    )
    state_file.write(path, replace(HEADER, schema="0002"), [accounts, Part("subscriber", tuple(columns), [row])])
    _, parts = state_file.read(path)
    (cards,) = [part for part in parts if part.table == "subscriber"]
    assert dict(zip(cards.columns, cards.rows[0], strict=True)) == {
        **dict(zip(columns, row, strict=True)),
        "profile": "-",
        "segment": None,
        "wechat": None,
        "plan": None,
        "services": None,
    }
