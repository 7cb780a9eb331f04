"""Configurations of a test's own: the shipped one, with what the test changes."""

import shutil
from pathlib import Path

from tests.journeys.carrier import CONFIG

ONE_WORKER = ("carrier.yaml", "workers: 2", "workers: 1")
"""Starts faster, where the number of workers plays no part."""

MANY_ORDERS = ("dunning.yaml", "open_orders: 10 ", "open_orders: 1000 ")
"""For tests that leave many payments unfinished."""


def own_config(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """A copy of the shipped configuration at `folder`; each edit is a file, a text in it, and what replaces it."""
    shutil.copytree(CONFIG, folder)
    for file, old, new in edits:
        edit(folder / file, old, new)
    return folder


def edit(file: Path, old: str, new: str) -> None:
    """Replace the one place where `old` stands."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"`{old}` stands {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new), encoding="utf-8")
