"""`nfemu demo`: the whole journey in a temporary carrier of its own, as a table of what was expected and seen.

Every row is a command that a user could type; it runs as a process of its own, with real curl on a subscriber's
line. The carrier that it plays on has free ports and a temporary state folder, so it disturbs nobody.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from nfemu.cli.context import carrier_option, config_of, configuration_of, settings_of
from nfemu.cli.temporary import Outcome, TemporaryCarrier, temporary_carrier
from nfemu.model.account import AccountKind
from nfemu.model.errors import InvalidInput
from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile
from nfemu.settings import Configuration

INTRODUCTION = "A phone runs into arrears, meets the green channel, pays, and is back. Every row is real traffic.\n"


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
    """At once, not by time-out (28): curl's exit status 56 after a 403 to CONNECT, on a bearer 35 after a reset."""
    if outcome.status == 35 or (outcome.status == 56 and "403" in outcome.text):
        return None
    return f"expected a refused CONNECT (curl status 56) or a reset (35), got status {outcome.status}"


def _texts(outcome: Outcome, wanted: Sequence[str], absent: Sequence[str]) -> str | None:
    for pattern in wanted:
        if not re.search(pattern, outcome.text):
            return f"expected `{pattern}` in the output"
    for pattern in absent:
        if re.search(pattern, outcome.text):
            return f"`{pattern}` must not be in the output"
    return None


@dataclass(frozen=True, slots=True)
class Plan:
    """The names and amounts of the journey, from the configuration. Amounts are decimal text."""

    number: str
    other: str
    masked: tuple[str, str]
    """Both numbers as pages show them."""
    header: str
    portal: str
    landing: str
    policy: str
    """Of a line in arrears."""
    charged: str
    due: str
    part: str
    rest: str
    rest_shown: str
    """As people read it."""


def plan_of(configuration: Configuration) -> Plan:
    """Two listed lines with accounts of their own; the first is charged more than it has. Raises InvalidInput."""
    carrier, people = configuration.carrier, configuration.people
    opened = {opening.account.id: opening for opening in people.opened}
    personal = {
        card.account: card
        for card in reversed(people.listed)
        if opened[card.account].account.kind is AccountKind.PERSONAL
    }
    if len(personal) < 2:
        raise InvalidInput(
            "the journey needs two listed subscribers with personal accounts; add them to subscribers.yaml"
        )
    one, other = [card.msisdn for card in list(personal.values())[::-1][:2]]
    account = opened[next(card.account for card in people.listed if card.msisdn == one)]
    owed, part = Money.parse("29", carrier.currency), Money.parse("10", carrier.currency)
    due = account.account.credit_limit + owed
    policy = configuration.catalogue.meaning(OrderedProfile.ARREARS).policy
    landing = configuration.policies.compiled.profile(policy).redirect_to
    return Plan(
        number=one.national(carrier.country_code),
        other=other.national(carrier.country_code),
        masked=(one.masked(carrier.country_code), other.masked(carrier.country_code)),
        header=next((rule.name for rule in configuration.enrichment.headers), "X-MSISDN"),
        portal=carrier.portal.host,
        landing=landing or "",
        policy=policy,
        charged=(account.balance + due).decimal(),
        due=due.decimal(),
        part=part.decimal(),
        rest=(due - part).decimal(),
        rest_shown=str(due - part),
    )


def journey(plan: Plan, upload: Path) -> list[Step]:
    """The rows, in order. `upload` is a file of 1 MiB that no origin may see a byte of."""
    number, other = plan.number, plan.other
    news, portal = "http://news.example/", f"http://{plan.portal}/"
    captive, provider = f"https://{plan.portal}/captive-api", "https://pay.provider.example/static/style.css"
    landing = re.escape(f"Location: {plan.landing}")
    identity = f"(?i){re.escape(plan.header)}|{number}"
    mine, theirs = map(re.escape, plan.masked)
    forged = ("-H", f"{plan.header}: {other}", "-H", f"{plan.header.replace('-', '_')}: {other}")
    return [
        Step("the carrier knows its subscribers", ("subscriber", "list"), says(number, other)),
        Step("open line: a site answers and sees no number", curl(number, news), answers(200, absent=[identity])),
        Step("the portal knows whose phone it is", curl(number, portal), answers(200, mine)),
        Step(
            "a forged number does not reach the portal",
            curl(number, *forged, portal),
            answers(200, mine, absent=[theirs]),
        ),
        Step("fees make the account overdue", ("charge", number, plan.charged), says("overdue")),
        Step("an SMS brings the link to the green channel", ("inbox", number), says(re.escape(plan.landing))),
        Step("plain HTTP is redirected to the green channel", curl(number, news), answers(302, landing)),
        Step(
            "an upload of 1 MiB stops at the gateway", curl(number, "--data-binary", f"@{upload}", news), answers(511)
        ),
        Step("HTTPS elsewhere is refused at once", curl(number, "https://news.example/"), refused),
        Step(
            "explain names the verdict and the rule",
            ("explain", number, "https://news.example/"),
            says("reject", f"{plan.policy}/default"),
        ),
        Step("the captive-portal API says so over HTTPS", curl(number, captive), answers(200, '"captive": true')),
        Step("the payment provider is reachable", curl(number, provider), answers(200)),
        Step("nobody else is affected", curl(other, news), answers(200)),
        Step("a part payment says what is missing", ("pay", number, plan.part), says(re.escape(plan.rest_shown))),
        Step("and restores nothing", curl(number, news), answers(302)),
        Step("the rest is paid: service is restored", ("pay", number, plan.rest), says("restored")),
        Step("the site answers again", curl(number, news), answers(200, absent=[identity])),
        Step("HTTPS works again", curl(number, "https://news.example/"), answers(200)),
        Step("paying is confirmed by message", ("inbox", number), says(re.escape(plan.rest_shown))),
        Step(
            "the timeline has every step with its milliseconds",
            ("timeline", number),
            says("ledger", r"order\.created", r"hss\.profile_changed", r"enforcement\.acknowledged", "ms"),
        ),
    ]


def play(config: Path, settings: Sequence[str], plan: Plan, overlay: str | None) -> int:
    """Play the journey under a carrier's overlay and print how lines have access, and the table; the number of failed
    rows.
    """
    with temporary_carrier(config, settings, overlay) as carrier:
        click.echo(f"access is {carrier.state.status().access}\n")
        upload = carrier.state.path / "upload"
        upload.write_bytes(b"x" * 2**20)
        return _play_rows(carrier, journey(plan, upload))


def _play_rows(carrier: TemporaryCarrier, steps: Sequence[Step]) -> int:
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
@carrier_option
@click.pass_context
def demo(context: click.Context, carrier: str | None) -> None:
    """Play the whole journey in a temporary carrier and print what passed."""
    click.echo(INTRODUCTION)
    plan = plan_of(configuration_of(context, carrier))
    if play(config_of(context), settings_of(context), plan, carrier):
        context.exit(1)
