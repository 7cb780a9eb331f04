"""`nfemu scenario run | record | schema`."""

import json
import os
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO

import click

from nfemu.cli import control
from nfemu.cli.context import carrier_option, client_of, config_of, settings_of, state_of
from nfemu.cli.interrupted import ends_when_asked
from nfemu.cli.scenarios.carriers import carrier_of, kept
from nfemu.cli.temporary import temporary_carrier
from nfemu.model.errors import InvalidInput
from nfemu.scenario.loading import load_all
from nfemu.scenario.report.junit import junit as as_junit
from nfemu.scenario.report.text import failure, headline, summary
from nfemu.scenario.running import Carrier
from nfemu.scenario.shifts import Shifts
from nfemu.scenario.values import USUAL, Needs, Result, Verdict

FOLDER = "scenarios"
"""Of the configuration."""


@click.group("scenario")
def scenario() -> None:
    """Journeys of subscribers as files: run them, record one, get their schema."""


@scenario.command("run")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--jobs", type=click.IntRange(1, 64), default=1, help="So many carriers of their own, side by side.")
@click.option("--junit", type=click.File("w", encoding="utf-8", lazy=True), help="JUnit XML goes into this file.")
@click.option("--html", type=click.File("w", encoding="utf-8", lazy=True), help="A page for people goes into it.")
@click.option("--pcap", type=click.Path(path_type=Path, file_okay=False), help="A capture of each line goes here.")
@carrier_option
@click.pass_context
def run(
    context: click.Context,
    paths: Sequence[Path],
    jobs: int,
    junit: TextIO | None,
    html: TextIO | None,
    pcap: Path | None,
    carrier: str | None,
) -> None:
    """Play the scenarios of files and folders, else the configuration's own, on real traffic.

    Each starts from a state of the carrier that it names. It is the running carrier, which has what it knows back
    afterwards, or a temporary one with a test clock; with --jobs always temporary ones. Exit status 1 where one fails.
    """
    _check_writable(*(report.name for report in (junit, html) if report is not None))
    scenarios = load_all(paths or [config_of(context) / FOLDER])
    if pcap is not None:
        pcap.mkdir(parents=True, exist_ok=True)
    played = _Run(junit, html)
    with ends_when_asked(), closing(played), ExitStack() as kept:
        own = _Own(context, kept, carrier, pcap)
        usual = own.usual(min(jobs, len(scenarios)))
        played.access = usual[0].state.status().access
        Shifts(usual, own.start).play_all(scenarios, played.add)
    if any(result.verdict is Verdict.FAILED for result in played.results):
        context.exit(1)


@dataclass(slots=True)
class _Run:
    """What was played, told as it is played; its reports are written at its end, also where it was cut short."""

    junit: TextIO | None
    html: TextIO | None
    access: str = ""
    results: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        self.results.append(result)
        click.echo(headline(result))
        for line in failure(result):
            click.echo(f"      {line}")

    def close(self) -> None:
        """Nothing where no carrier was found to play on. The terminal comes last: it may be closed."""
        if not self.access:
            return
        if self.junit is not None:
            self.junit.write(as_junit(self.results))
        if self.html is not None:
            self.html.write(_page(self.results, self.access))
        click.echo(summary(self.results))


def _check_writable(*names: str) -> None:
    """Reports, before anything is played for them. Raises InvalidInput."""
    for path in (Path(name) for name in names if name != "-"):
        if not path.parent.is_dir():
            raise InvalidInput(
                f"the report `{path}` cannot be written: there is no folder `{path.parent}`; make it first"
            )
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise InvalidInput(f"the report `{path}` cannot be written; name a file that can be")


def _page(results: Sequence[Result], access: str) -> str:
    from nfemu.scenario.report.page import page  # much, and most runs do without

    return page(results, access, datetime.now().astimezone())


@dataclass(frozen=True, slots=True)
class _Own:
    """The carriers of one run; the temporary ones end with `kept`."""

    context: click.Context
    kept: ExitStack
    overlay: str | None
    pcap: Path | None

    def usual(self, jobs: int) -> list[Carrier]:
        """One line says which."""
        state = state_of(self.context)
        if jobs == 1 and control.is_running(state):
            click.echo(f"on the running carrier of `{state.path}`; access is {state.status().access}")
            self.kept.enter_context(kept(state))
            return [carrier_of(state, self.pcap)]
        own = [self.start(USUAL) for _ in range(jobs)]
        many = "a temporary carrier" if jobs == 1 else f"{jobs} temporary carriers"
        click.echo(f"on {many}; access is {own[0].state.status().access}")
        return own

    def start(self, needs: Needs) -> Carrier:
        """Raises InvalidInput, Unavailable where it does not start."""
        settings = [*settings_of(self.context), *needs.settings, "carrier.clock=test"]
        overlay = needs.overlay or self.overlay
        made = self.kept.enter_context(temporary_carrier(config_of(self.context), settings, overlay))
        return carrier_of(made.state, self.pcap)


@scenario.command("record")
@click.argument("number")
@click.option("-o", "file", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="Into this file.")
@click.pass_context
def record(context: click.Context, number: str, file: TextIO) -> None:
    """Tell what has happened on NUMBER's line as a scenario."""
    from nfemu.scenario.recording import record as recorded

    file.write(recorded(client_of(context), number))


@scenario.command("schema")
def schema() -> None:
    """The JSON Schema of scenario files, for editors."""
    from nfemu.files.json_schema import json_schema
    from nfemu.scenario.schema import ScenarioFile

    click.echo(json.dumps(json_schema(ScenarioFile), ensure_ascii=False, indent=2))
