"""A copy of the shipped configuration that tests can damage."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nfemu.settings import ConfigurationError, load

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped files, in a folder of their own."""
    copy = tmp_path / "config"
    shutil.copytree(SHIPPED, copy)
    return copy


Change = Callable[[str, str, str], None]


@pytest.fixture
def change(folder: Path) -> Change:
    """`change(file, old, new)`: replace a text that must be there."""

    def replace(file: str, old: str, new: str) -> None:
        path = folder / f"{file}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}.yaml any more"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace


def findings(folder: Path) -> list[str]:
    """What `load` says, a line each, without the folder's own path."""
    with pytest.raises(ConfigurationError) as refused:
        load(folder)
    return str(refused.value).replace(f"{folder}/", "").splitlines()
