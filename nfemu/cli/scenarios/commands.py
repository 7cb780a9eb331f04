"""`nfemu scenario run | record | schema`."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from nfemu.cli import control
from nfemu.cli.context import carrier_option, config_of, settings_of, state_of
from nfemu.cli.scenarios.carriers import carrier_of
from nfemu.cli.temporary import temporary_carrier
from nfemu.scenario.loading import load_all
from nfemu.scenario.report.text import failure, headline, summary
from nfemu.scenario.running import Carrier
from nfemu.scenario.shifts import play_all
from nfemu.scenario.values import Result, Verdict


@click.group("scenario")
def scenario() -> None:
    """Journeys of subscribers as files: run them, record one, get their schema."""


@scenario.command("run")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--jobs", type=click.IntRange(1, 64), default=1, help="So many carriers of their own, side by side.")
@click.option("--pcap", type=click.Path(path_type=Path, file_okay=False), help="A capture of each line goes here.")
@carrier_option
@click.pass_context
def run(context: click.Context, paths: Sequence[Path], jobs: int, pcap: Path | None, carrier: str | None) -> None:
    """Play the scenarios of files and folders on real traffic. Exit status 1 where one fails.

    Each starts from a state of the carrier that it names, and leaves its own behind. It is the running carrier, or a
    temporary one with a test clock where none runs; with --jobs always temporary ones.
    """
    scenarios = load_all(paths)
    if pcap is not None:
        pcap.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    with ExitStack() as kept:
        carriers = _carriers(context, kept, min(jobs, len(scenarios)), carrier, pcap)
        for result in play_all(scenarios, carriers):
            results.append(result)
            click.echo(headline(result))
            for line in failure(result):
                click.echo(f"      {line}")
    click.echo(summary(results))
    if any(result.verdict is Verdict.FAILED for result in results):
        context.exit(1)


def _carriers(
    context: click.Context, kept: ExitStack, jobs: int, overlay: str | None, pcap: Path | None
) -> list[Carrier]:
    """One line says which."""
    state = state_of(context)
    if jobs == 1 and control.is_running(state):
        access = state.status().access
        click.echo(f"on the running carrier of `{state.path}`; access is {access}")
        return [carrier_of(state, pcap)]
    own = [
        kept.enter_context(
            temporary_carrier(config_of(context).absolute(), settings_of(context), overlay, "--clock", "test")
        )
        for _ in range(jobs)
    ]
    many = "a temporary carrier" if jobs == 1 else f"{jobs} temporary carriers"
    click.echo(f"on {many}; access is {own[0].state.status().access}")
    return [carrier_of(each.state, pcap) for each in own]


@scenario.command("schema")
def schema() -> None:
    """The JSON Schema of scenario files, for editors."""
    from nfemu.scenario.schema import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))
