"""`nfemu verify`: many URLs under every policy profile, really sent, and held to what `explain` says of each.

Without `--number` a temporary carrier of the same configuration is checked: it has free ports and a state folder of
its own, and its profiles have no caps and no rates to speak of: two thousand answers would stand in the queue of a slow
link, and refusals that find no room there never come. With it, the running carrier is checked, on one line that has no
other use meanwhile and is put back afterwards.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TextIO

import click

from nfemu.cli.context import carrier_option, client_of, config_of, configuration_of, settings_of, state_of
from nfemu.cli.observing.comparing import Difference, compare
from nfemu.cli.observing.observing import observe_all
from nfemu.cli.output import json_option, show_json
from nfemu.cli.temporary import temporary_carrier
from nfemu.client.api import Client
from nfemu.client.line import Phone
from nfemu.client.state import StateFolder
from nfemu.client.values import Subscriber
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.subscriber import OrderedProfile
from nfemu.model.urls import MOST_URL
from nfemu.policy.urls import destination_of
from nfemu.settings import Configuration

_PART = 250
"""URLs that are explained before they are sent."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A policy profile and how all URLs fared under it. `seconds` of wall time."""

    profile: str
    urls: int
    differences: Sequence[Difference]
    seconds: float


@dataclass(frozen=True, slots=True)
class Order:
    """How a line comes under a policy: by the APN profile of that name, None for a stop order."""

    policy: str
    apn_profile: str | None


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@click.option(
    "--profile", "chosen", multiple=True, metavar="NAME", help="A policy profile; repeatable.  [default: all]"
)
@click.option("--number", help="Use this line of the running carrier, instead of a temporary one.")
@carrier_option
@json_option
@click.pass_context
def verify(
    context: click.Context,
    file: TextIO,
    chosen: tuple[str, ...],
    number: str | None,
    as_json: bool,
    carrier: str | None,
) -> None:
    """Send each URL of FILE (`-`: standard input) under every policy profile and compare with what explain says.

    One URL a line; `#` begins a comment. Exit status 1 on any difference.
    """
    urls = read_urls(file)
    configuration = configuration_of(context, carrier)
    orders = orders_of(configuration, chosen)
    checked: list[Checked] = []
    with _place(context, configuration, carrier, number) as (client, state, line):
        for one in _check(client, state, line, orders, urls):
            checked.append(one)
            if not as_json:
                _show(one)
    if as_json:
        show_json([asdict(one) for one in checked])
    if any(one.differences for one in checked):
        context.exit(1)


def read_urls(file: TextIO) -> list[str]:
    """Raises InvalidInput that names the first line which is no destination, or says that it is no text."""
    urls: list[str] = []
    for number, line in enumerate(_read(file).split("\n"), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            destination_of(text)
        except InvalidInput as error:
            raise InvalidInput(f"line {number}: {error}") from None
        if len(text) > MOST_URL:
            raise InvalidInput(f"line {number}: the URL has {len(text)} characters; {MOST_URL} is the most")
        urls.append(text)
    if not urls:
        raise InvalidInput("there is no URL in the list; write one a line, like https://news.example/")
    return urls


def _read(file: TextIO) -> str:
    """Raises InvalidInput."""
    try:
        return file.read()
    except UnicodeDecodeError:
        raise InvalidInput(f"`{file.name}` is not UTF-8 text; give a list of URLs, one a line") from None


def orders_of(configuration: Configuration, chosen: Sequence[str]) -> list[Order]:
    """Every policy that a line can come under, or those that are `chosen`. Raises InvalidInput."""
    catalogue = configuration.catalogue
    found: dict[str, Order] = {}
    stopped = catalogue.ordered[OrderedProfile.ARREARS]
    restricting = {stopped, catalogue.ordered[OrderedProfile.BARRED]}
    for profile in catalogue.profiles.values():
        if not profile.gives_ip:
            continue
        if profile.name not in restricting:
            found.setdefault(profile.policy, Order(profile.policy, profile.name))
        elif profile.name == stopped:
            found.setdefault(profile.policy, Order(profile.policy, None))
    for name in chosen or configuration.policies.compiled.names:
        if name not in found:
            raise InvalidInput(
                f"no line can come under policy profile `{name}`; there are: {', '.join(found)}. Name those to check "
                "with `--profile`, or give it to an APN profile in apns.yaml"
            )
    return [order for name, order in found.items() if not chosen or name in chosen]


@contextmanager
def _place(
    context: click.Context, configuration: Configuration, carrier: str | None, number: str | None
) -> Iterator[tuple[Client, StateFolder, Subscriber]]:
    """The carrier to check, and the line of it that is used."""
    if number is None:
        with _temporary(context, configuration, carrier) as placed:
            yield placed
        return
    client = client_of(context)
    line = client.subscriber(number)
    if line.ordered != OrderedProfile.OPEN.value or line.session is None or line.session.state != "active":
        raise Conflict(f"{line.number} is restricted or detached; take a line that is attached and in order")
    try:
        yield client, state_of(context), line
    finally:
        with Client.find(state_of(context)) as fresh:  # the other may have been interrupted in the middle of a request
            _put_back(fresh, line)


@contextmanager
def _temporary(
    context: click.Context, configuration: Configuration, carrier: str | None
) -> Iterator[tuple[Client, StateFolder, Subscriber]]:
    people = configuration.people.listed
    if not people:
        raise InvalidInput("there is no listed subscriber whose line could be used; add one to subscribers.yaml")
    number = people[0].msisdn.e164
    with (
        temporary_carrier(config_of(context), [*settings_of(context), *_fast(configuration)], carrier) as temporary,
        Client.find(temporary.state) as client,
    ):
        line = client.subscriber(number)
        if line.session is None:
            client.attach(number)
        yield client, temporary.state, line


def _fast(configuration: Configuration) -> Iterator[str]:
    """Settings that leave no profile of either kind a limit."""
    for policy in configuration.policies.profiles:
        if not policy.limits.unlimited:
            yield from (
                f"policies.profiles.{policy.name}.{limit}=0" for limit in ("daily_cap", "rate", "rate_past_cap")
            )
    for profile in configuration.catalogue.profiles.values():
        if profile.ambr is not None:
            yield from (f"apns.profiles.{profile.name}.ambr.{way}=10G" for way in ("uplink", "downlink"))


def _check(
    client: Client, state: StateFolder, line: Subscriber, orders: Sequence[Order], urls: Sequence[str]
) -> Iterator[Checked]:
    with Phone.on_line(client, state, line.e164) as phone:
        for order in orders:
            started = time.perf_counter()
            _give(client, line, order)
            differences = [
                difference
                for first in range(0, len(urls), _PART)
                for difference in _differences(client, phone, line, urls[first : first + _PART])
            ]
            yield Checked(order.policy, len(urls), differences, time.perf_counter() - started)
            _put_back(client, line)


def _differences(client: Client, phone: Phone, line: Subscriber, urls: Sequence[str]) -> Iterator[Difference]:
    explained = [client.explain(line.e164, url) for url in urls]
    for url, found, seen in zip(urls, explained, observe_all(phone, urls), strict=True):
        compared = compare(found.points, seen)
        if not all(one.same for one in compared):
            yield Difference(url, compared)


def _give(client: Client, line: Subscriber, order: Order) -> None:
    """Raises Conflict where the running carrier has another configuration than we have read."""
    if order.apn_profile is None:
        client.restrict(line.e164)
    elif client.subscriber(line.e164).profile != order.apn_profile:
        client.order_profile(line.e164, order.apn_profile)
    session = client.subscriber(line.e164).session
    if session is None or session.policy != order.policy:
        raise Conflict(f"{line.number} does not come under `{order.policy}`: the carrier has another configuration")


def _put_back(client: Client, line: Subscriber) -> None:
    now = client.subscriber(line.e164)
    if now.hold == "restrict":
        client.restore(line.e164)
    if now.profile != line.profile:
        client.order_profile(line.e164, line.profile)


def _show(checked: Checked) -> None:
    click.echo(
        f"{checked.profile}: {checked.urls} URLs, {len(checked.differences)} differences, {checked.seconds:.1f} s"
    )
    for difference in checked.differences:
        click.echo(f"  {difference.url}")
        for one in difference.points:
            mark = " " if one.same else "!"
            click.echo(f"  {mark} {one.place}: expected {one.expected}, observed {one.observed}")
