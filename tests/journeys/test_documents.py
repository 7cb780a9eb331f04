"""Every command in the documentation is run, from the text itself, and prints what the text shows."""

import re
import subprocess
import sys
from os import environ, pathsep
from pathlib import Path

import pytest

from tests.journeys.carrier import CarrierProcess
from tests.journeys.console import commands

_ROOT = Path(__file__).parents[2]
_DOCUMENTS = sorted([_ROOT / "README.md", *(_ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: path.name)
def test_console_blocks_show_what_is_printed(document: Path, stopped: CarrierProcess) -> None:
    shown = list(commands(document))
    if not shown:
        return
    stopped.up()
    path = pathsep.join([str(Path(sys.executable).parent), environ["PATH"]])
    for each in shown:
        done = subprocess.run(
            ["/bin/sh", "-c", each.command],
            env={**environ, "PATH": path, "NFEMU_STATE": str(stopped.state.path)},
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert each.agrees_with(done.stdout), f"$ {each.command}\nshown:\n{each.output}\nprinted:\n{done.stdout}"


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


@pytest.mark.parametrize("document", [*_DOCUMENTS, *sorted((_ROOT / "docs" / "decisions").glob("*.md"))])
def test_links_inside_the_project_lead_somewhere(document: Path) -> None:

    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), f"{document.name}: {target}"
