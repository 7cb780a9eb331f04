"""Files that somebody saves while they are read: half a file may be valid."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nfemu.bootstrap.reload.reading import read_settled
from nfemu.model.errors import Conflict
from nfemu.settings import Configuration, load


async def test_what_changes_meanwhile_is_read_again(folder: Path) -> None:
    """Cut off in the middle, it is valid: the last cards are missing."""
    people = folder / "subscribers.yaml"
    whole = people.read_text(encoding="utf-8")
    people.write_text(whole.partition("# Many")[0], encoding="utf-8")

    def readings() -> Iterator[Configuration]:
        half = load(folder)
        people.write_text(whole, encoding="utf-8")
        yield half
        yield load(folder)

    steps = readings()
    assert len((await read_settled(folder, lambda: next(steps))).people) == 26


async def test_what_never_rests_is_refused(folder: Path) -> None:
    def read() -> Configuration:
        (folder / "policies.yaml").touch()
        os.utime(folder / "policies.yaml")
        return load(folder)

    with pytest.raises(Conflict, match="change while they are read; try again"):
        await read_settled(folder, read)
