"""`nfemu compare policies`: a simulated month under each dunning policy, on the same people."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click

from nfemu.cli.context import carrier_option, config_of, settings_of
from nfemu.cli.interrupted import ends_when_asked
from nfemu.cli.output import json_option, show_json, show_table
from nfemu.model.errors import InvalidInput

_POLICIES = ("immediate", "classic", "graded")
_PAGE, _IMAGE = "policies.html", "policies.png"


@click.group()
def compare() -> None:
    """Compare settings on simulated people."""


@compare.command()
@click.option("--subscribers", type=int, default=2000, show_default=True, help="How many people.")
@click.option("--month", metavar="YYYY-MM", required=True, help="Which month.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the people and of all that they do.")
@click.option("--policy", "chosen", multiple=True, metavar="NAME", help="Only this one; repeatable.  [default: all]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help=f"Folder for {_PAGE} and {_IMAGE}.  [default: policies-YYYY-MM]",
)
@carrier_option
@json_option
@click.pass_context
def policies(
    context: click.Context,
    subscribers: int,
    month: str,
    seed: int,
    chosen: tuple[str, ...],
    out: Path | None,
    carrier: str | None,
    as_json: bool,
) -> None:
    """Simulate a month under each dunning policy, on the same people, and show what came of it.

    The rules are the carrier's own, on a test clock; how people respond is told in simulation.yaml, and assumed. No
    carrier needs to run. 2,000 people take about two minutes of processor time, all policies together.
    """
    first, named = _month(month), _named(chosen)
    _check_people(subscribers)
    with ends_when_asked(), _folder(out or Path(f"policies-{month}")) as folder:
        from nfemu.cli.overrides import load_with
        from nfemu.measuring.policies import Wanted
        from nfemu.measuring.policies import compare as compared
        from nfemu.simulation.report.figure import figure
        from nfemu.simulation.report.page import page
        from nfemu.simulation.report.plain import plain
        from nfemu.simulation.report.png import png
        from nfemu.simulation.report.table import rows

        config, settings = config_of(context), settings_of(context)
        found = compared(
            lambda policy: load_with(config, (*settings, f"dunning.policy={policy}"), carrier),
            Wanted(first, subscribers, seed, named),
            lambda: click.echo(f"simulating {first:%B %Y} under {', '.join(named)} ...", err=True),
        )
        (folder / _PAGE).write_text(page(found), encoding="utf-8")
        (folder / _IMAGE).write_bytes(png(figure(found)))
    if as_json:
        show_json(plain(found))
        return
    click.echo(f"{found.people:,} people with {found.cards:,} lines, {first:%B %Y}, seed {seed}\n")
    head = ("", *(name.upper() for name in named))
    show_table(head, rows(found), right=range(1, len(head)))
    click.echo(f"\nhow people respond is assumed (simulation.yaml); {folder / _PAGE} and {_IMAGE} show the month")


def _month(text: str) -> date:
    """Its first day. Raises InvalidInput."""
    match = re.fullmatch(r"(2[0-9]{3})-(0[1-9]|1[0-2])", text, re.ASCII)
    if match is None:
        raise InvalidInput(f"`{text}` is no month; write year and month like `2026-11`, from 2000-01 to 2999-12")
    return date(int(match[1]), int(match[2]), 1)


def _named(chosen: Sequence[str]) -> tuple[str, ...]:
    for name in chosen:
        if name not in _POLICIES:
            raise InvalidInput(f"there is no dunning policy `{name}`; there are {', '.join(_POLICIES)}")
    return tuple(name for name in _POLICIES if name in chosen or not chosen)


def _check_people(count: int) -> None:
    from nfemu.simulation.population import MOST

    if not 1 <= count <= MOST:
        raise InvalidInput(f"a month of `{count}` subscribers cannot be simulated; write 1 to {MOST:,}")


@contextmanager
def _folder(folder: Path) -> Iterator[Path]:
    """One that can be written to, made if need be, and gone again where nothing comes of it. Raises InvalidInput."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InvalidInput(f"cannot write to `{folder}`: {error.strerror}; name another folder by `--out`") from None
    try:
        yield folder
    except BaseException:
        for each in (folder / _PAGE, folder / _IMAGE) if made else ():
            each.unlink(missing_ok=True)
        for each in made:
            each.rmdir()
        raise
