"""Every command in the documentation is run, from the text itself, and prints what the text shows."""

import re
import subprocess
import sys
from os import environ
from pathlib import Path

import pytest

from tests.journeys.carrier import CarrierProcess
from tests.journeys.checkout import checkout
from tests.journeys.console import agree, commands

pytestmark = pytest.mark.once

_ROOT = Path(__file__).parents[2]
_DOCUMENTS = sorted([_ROOT / "README.md", *(_ROOT / "docs").glob("*.md")])
_WRITTEN = sorted(
    [*_ROOT.glob("*.md"), *(path for room in ("docs", "examples", "tests") for path in (_ROOT / room).rglob("*.md"))]
)


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.name)
def test_console_blocks_show_what_is_printed(document: Path, stopped: CarrierProcess, tmp_path: Path) -> None:
    shown = list(commands(document))
    if not shown:
        return
    folder = tmp_path / "nfemu"
    folder.mkdir()
    with checkout(folder, stopped) as here:
        here.start()
        for each in shown:
            printed = here.run(each.command)
            expected = here.as_here(each.output)
            agrees = agree(expected, printed)
            assert agrees, f"$ {each.command}\nshown:\n{expected}\nprinted:\n{printed}"


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.name)
def test_python_blocks_run(document: Path, stopped: CarrierProcess) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if not blocks:
        return
    stopped.up()
    for block in blocks:
        environment = {**environ, "NFEMU_STATE": str(stopped.state.path)}
        subprocess.run([sys.executable, "-c", block], env=environment, check=True, timeout=60)


def test_the_readme_has_a_tour() -> None:
    assert len(list(commands(_ROOT / "README.md"))) >= 10


@pytest.mark.parametrize("document", _WRITTEN, ids=lambda path: str(path.relative_to(_ROOT)))
def test_links_inside_the_project_lead_somewhere(document: Path) -> None:
    for place, heading in re.findall(r"\]\((?!https?://)([^)#]*)#?([^)]*)\)", document.read_text(encoding="utf-8")):
        target = document.parent / place if place else document
        assert target.exists(), place
        assert not heading or heading in _headings(target), f"{place}#{heading}"


def _headings(document: Path) -> list[str]:
    """As links name them: small letters, and blanks as hyphens."""
    found = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found]
