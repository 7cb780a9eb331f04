"""`nfemu demo`: the whole journey in a temporary carrier of its own, as a table of what was expected and seen.

Every row is a command that a user could type; it runs as a process of its own, with real curl on a subscriber's
line. The carrier that it plays on has free ports and a temporary state folder, so it disturbs nobody.
"""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from nfemu.cli.context import config_of
from nfemu.cli.control import SAME_PROGRAM
from nfemu.model.errors import InvalidInput, Unavailable

NUMBER = "13800138000"
OTHER = "13800138001"
_TIMEOUT_S = 30
INTRODUCTION = "A phone runs into arrears, meets the green channel, pays, and is back. Every row is real traffic.\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did: exit status, standard output and error together, and wall milliseconds."""

    status: int
    text: str
    elapsed_ms: float


Check = Callable[[Outcome], str | None]
"""None when all is well, else what was wrong in one line."""


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    command: Sequence[str]
    check: Check


def curl(number: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs curl on a subscriber's line."""
    return ("exec", number, "--", "curl", "-si", "--max-time", "10", *arguments)


def answers(status: int, *wanted: str, absent: Sequence[str] = ()) -> Check:
    """An HTTP answer with this status, these texts and none of those (patterns)."""

    def check(outcome: Outcome) -> str | None:
        heads = re.findall(r"(?m)^HTTP/[0-9.]+ ([0-9]{3})", outcome.text)
        if not heads or heads[-1] != str(status):
            return f"expected HTTP {status}, got {heads[-1] if heads else f'exit status {outcome.status}'}"
        return _texts(outcome, wanted, absent)

    return check


def says(*wanted: str, absent: Sequence[str] = ()) -> Check:
    """Exit status 0, these texts and none of those (patterns)."""

    def check(outcome: Outcome) -> str | None:
        if outcome.status != 0:
            return f"exit status {outcome.status}: {outcome.text.strip().splitlines()[-1:]}"
        return _texts(outcome, wanted, absent)

    return check


def refused(outcome: Outcome) -> str | None:
    """curl's exit status 56 after a 403 to CONNECT: at once, not by time-out (28)."""
    if outcome.status != 56 or "403" not in outcome.text:
        return f"expected a refused CONNECT (curl status 56), got status {outcome.status}"
    return None


def _texts(outcome: Outcome, wanted: Sequence[str], absent: Sequence[str]) -> str | None:
    for pattern in wanted:
        if not re.search(pattern, outcome.text):
            return f"expected `{pattern}` in the output"
    for pattern in absent:
        if re.search(pattern, outcome.text):
            return f"`{pattern}` must not be in the output"
    return None


def journey(upload: Path) -> list[Step]:
    """The rows, in order. `upload` is a file of 1 MiB that no origin may see a byte of."""
    news, portal = "http://news.example/", "http://portal.carrier.example/"
    captive, provider = "https://portal.carrier.example/captive-api", "https://pay.provider.example/static/style.css"
    landing = "Location: http://portal.carrier.example/green"
    identity = r"(?i)x-msisdn|13800138000"
    return [
        Step("the carrier knows its subscribers", ("subscriber", "list"), says(NUMBER, OTHER)),
        Step("open line: a site answers and sees no number", curl(NUMBER, news), answers(200, absent=[identity])),
        Step("the portal knows whose phone it is", curl(NUMBER, portal), answers(200, r"138\*\*\*\*8000")),
        Step(
            "a forged number does not reach the portal",
            curl(NUMBER, "-H", f"X-MSISDN: {OTHER}", "-H", f"X_MSISDN: {OTHER}", portal),
            answers(200, r"138\*\*\*\*8000", absent=[r"138\*\*\*\*8001"]),
        ),
        Step("fees make the account overdue", ("charge", NUMBER, "59.00"), says("overdue")),
        Step(
            "an SMS brings the link to the green channel", ("inbox", NUMBER), says(r"http://portal\.carrier\.example/")
        ),
        Step("plain HTTP is redirected to the green channel", curl(NUMBER, news), answers(302, landing)),
        Step(
            "an upload of 1 MiB stops at the gateway", curl(NUMBER, "--data-binary", f"@{upload}", news), answers(511)
        ),
        Step("HTTPS elsewhere is refused at once", curl(NUMBER, "https://news.example/"), refused),
        Step(
            "explain names the verdict and the rule",
            ("explain", NUMBER, "https://news.example/"),
            says("reject", "arrears/default"),
        ),
        Step("the captive-portal API says so over HTTPS", curl(NUMBER, captive), answers(200, '"captive": true')),
        Step("the payment provider is reachable", curl(NUMBER, provider), answers(200)),
        Step("nobody else is affected", curl(OTHER, news), answers(200)),
        Step("a part payment says what is missing", ("pay", NUMBER, "10.00"), says(r"19\.00")),
        Step("and restores nothing", curl(NUMBER, news), answers(302)),
        Step("the rest is paid: service is restored", ("pay", NUMBER, "19.00"), says("restored")),
        Step("the site answers again", curl(NUMBER, news), answers(200, absent=[identity])),
        Step("HTTPS works again", curl(NUMBER, "https://news.example/"), answers(200)),
        Step("paying is confirmed by message", ("inbox", NUMBER), says(r"19\.00")),
        Step(
            "the timeline has every step with its milliseconds",
            ("timeline", NUMBER),
            says("ledger", r"order\.created", r"hss\.profile_changed", r"enforcement\.acknowledged", "ms"),
        ),
    ]


class Carrier:
    """A temporary carrier: its own state folder and ports, gone at the end."""

    def __init__(self, folder: Path, config: Path) -> None:
        self._config = ("--config", str(config))
        self._environment = {**os.environ, "NFEMU_STATE": str(folder / "state")}

    def nfemu(self, *arguments: str) -> Outcome:
        """Run one command against it."""
        started = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own command line with fixed arguments
            [*SAME_PROGRAM, *self._config, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
        return Outcome(done.returncode, done.stdout + done.stderr, (time.perf_counter() - started) * 1000)


def play(config: Path) -> int:
    """Play the journey and print the table; the number of failed rows."""
    with tempfile.TemporaryDirectory(prefix="nfemu-demo-") as name:
        folder = Path(name)
        upload = folder / "upload"
        upload.write_bytes(b"x" * 2**20)
        carrier = Carrier(folder, config)
        started = carrier.nfemu("up", "--free-ports")
        if started.status != 0:
            kind = InvalidInput if started.status == 2 else Unavailable
            raise kind(f"the temporary carrier did not start:\n{started.text.strip()}")
        try:
            return _play_rows(carrier, journey(upload))
        finally:
            carrier.nfemu("down")


def _play_rows(carrier: Carrier, steps: Sequence[Step]) -> int:
    failed = 0
    for number, step in enumerate(steps, 1):
        outcome = carrier.nfemu(*step.command)
        wrong = step.check(outcome)
        click.echo(f"{number:3}  {'ok  ' if wrong is None else 'FAIL'}  {step.title:52} {outcome.elapsed_ms:6.0f} ms")
        if wrong is not None:
            failed += 1
            click.echo(f"           {wrong}\n           command: nfemu {' '.join(step.command)}")
            click.echo("           " + outcome.text.strip().replace("\n", "\n           ")[:2000])
    click.echo(f"{len(steps) - failed} passed, {failed} failed")
    return failed


@click.command()
@click.pass_context
def demo(context: click.Context) -> None:
    """Play the whole journey in a temporary carrier and print what passed."""
    click.echo(INTRODUCTION)
    if play(config_of(context)):
        context.exit(1)
