"""`nfemu bench flip`: how long it takes, and what gets through, on a carrier of its own."""

import asyncio
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from nfemu.cli.context import carrier_option, config_of, settings_of
from nfemu.cli.output import json_option, show_json

if TYPE_CHECKING:
    from nfemu.measuring.flip import FlipFigures


@click.group()
def bench() -> None:
    """Measurements on a temporary carrier. They say little while the machine does other work."""


@bench.command()
@click.option(
    "--rounds", type=click.IntRange(4, 10_000), default=200, show_default=True, help="Payments; half each way."
)
@click.option("--access", type=click.Choice(["auto", "bearer", "proxy"]), help="Instead of the configuration's.")
@carrier_option
@json_option
@click.pass_context
def flip(context: click.Context, as_json: bool, carrier: str | None, access: str | None, rounds: int) -> None:
    """Measure payment notified → first open page, and what gets through after a restriction (exit status 1 if any)."""
    from nfemu.bootstrap.serving import fastest_loop
    from nfemu.cli.demo import plan_of
    from nfemu.cli.overrides import load_with
    from nfemu.measuring.flip import measure
    from nfemu.model.identity import Msisdn

    settings = (*settings_of(context), *([f"carrier.access={access}"] if access else []))
    configuration = load_with(config_of(context), settings, carrier)
    number = Msisdn.parse(plan_of(configuration).number, configuration.carrier.country_code)
    with asyncio.Runner(loop_factory=fastest_loop) as runner:
        figures = runner.run(measure(lambda: configuration, number, rounds))
    if as_json:
        show_json(figures)
    else:
        for line in lines(figures):
            click.echo(line)
    context.exit(1 if figures.leaked else 0)


def lines(figures: "FlipFigures") -> list[str]:
    """As people read it."""
    return [
        f"access {figures.access}",
        f"payment notified → first open page, connected anew   {_quantiles(figures.anew)} (budget 10 and 50)",
        f"payment notified → first open page, as the phone was {_quantiles(figures.kept)} (budget 10 and 50)",
        f"payment notified → next page of a warm Chromium      {_of_browser(figures)}",
        f"charge → restriction acknowledged                    {_quantiles(figures.restricted)}",
        f"octets that got through after it                     {figures.leaked} (budget 0)",
    ]


def _of_browser(figures: "FlipFigures") -> str:
    if not figures.browser:
        return "left out, there is none on PATH"
    return f"{_quantiles(figures.browser)}; {figures.browser_refused} refused when it was acknowledged (budget 0)"


def _quantiles(milliseconds: Sequence[float]) -> str:
    hundredths = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return f"p50 {hundredths[49]:.1f} ms, p99 {hundredths[98]:.1f} ms, {len(milliseconds)} times"
