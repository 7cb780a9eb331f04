"""The recipes for CI: valid YAML, and every command of ours in them exists with its options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from nfemu.cli.main import nfemu

_RECIPES = sorted((Path(__file__).parents[2] / "examples" / "ci").glob("*.yml"))


def scripts(value: Any, key: str = "") -> Iterator[str]:
    """Every line that a runner executes: below `run`, `script` and `after_script`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from scripts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from scripts(inner, key)
    elif key in {"run", "script", "after_script"}:
        yield from value.splitlines()


def read(arguments: list[str]) -> None:
    """As the command itself reads them, without running it. Raises UsageError."""
    context, words = click.Context(nfemu), list(arguments)
    command: click.Command | None = nfemu
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))
    assert command is not None, arguments
    command.make_context("nfemu", words, context)


@pytest.mark.parametrize("recipe", _RECIPES, ids=lambda path: path.name)
def test_the_commands_exist(recipe: Path) -> None:
    lines = scripts(yaml.safe_load(recipe.read_text(encoding="utf-8")))
    found = [match[1] for line in lines if (match := re.fullmatch(r"(?:docker exec nfemu )?nfemu (.*)", line))]
    assert len(found) >= 4
    for arguments in found:
        read(shlex.split(arguments))


@pytest.mark.parametrize("recipe", _RECIPES, ids=lambda path: path.name)
def test_the_journeys_are_played_and_reported(recipe: Path) -> None:
    """The report that is handed on is the one that is written."""
    text = recipe.read_text(encoding="utf-8")
    played = [line for line in scripts(yaml.safe_load(text)) if "nfemu scenario run" in line]
    assert len(played) == 1
    written = Path(shlex.split(played[0].partition("--junit ")[2])[0]).name
    assert re.search(rf"^ +(path|junit): {written}$", text, re.MULTILINE)


@pytest.mark.parametrize("wrong", ["polcy lint", "policy lint --stict", "timeline", "restrict 13800138000 now"])
def test_a_command_that_does_not_exist_is_found(wrong: str) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        read(shlex.split(wrong))


def test_both_recipes_are_there() -> None:
    assert [recipe.name for recipe in _RECIPES] == ["github-actions.yml", "gitlab-ci.yml"]
