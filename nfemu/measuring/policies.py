"""The dunning policies compared: the same people's month under each, in processes of their own, at the same time."""

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from nfemu.bootstrap.conversion import carrier_rules
from nfemu.model.errors import InvalidInput, NfemuError, Unavailable
from nfemu.settings import Configuration
from nfemu.simulation.figures import Comparison, PolicyFigures
from nfemu.simulation.month import Setting, scaled
from nfemu.simulation.population import Numbering

_MONTH = (sys.executable, "-P", "-m", "nfemu.measuring.month")
Worker = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Wanted:
    """`month`: its first day. `policies`: by their names in dunning.yaml, in the order in which they are shown."""

    month: date
    people: int
    seed: int
    policies: tuple[str, ...]


def compare(
    read: Callable[[str], Configuration], wanted: Wanted, begun: Callable[[], None] = lambda: None
) -> Comparison:
    """`read` gives the configuration with that dunning policy; `begun` is called once all of them are on their way.

    Raises ConfigurationError, InvalidInput; Conflict where there are more lines than addresses; Unavailable where a
    process ended without a result.
    """
    settings = {policy: _setting(read(policy), wanted) for policy in wanted.policies}
    found = _months(settings, begun)
    setting = next(iter(settings.values()))
    network = scaled(setting.rules, wanted.people, setting.simulation.province).orders.network
    return Comparison(
        month=wanted.month,
        zone=setting.rules.fees.zone,
        begins=setting.begins,
        people=wanted.people,
        cards=sum(len(person.cards) for person in setting.people()),
        seed=wanted.seed,
        told=setting.simulation.told,
        capacity=60 * network.per_minute,
        policies=tuple(found),
    )


def _setting(configuration: Configuration, wanted: Wanted) -> Setting:
    rules, simulation = carrier_rules(configuration), configuration.simulation
    prices = rules.fees.prices
    _check("plans", simulation.population.plans, prices.plans)
    _check("services", simulation.population.services, prices.services)
    carrier = configuration.carrier
    numbering = Numbering(carrier.plmn, carrier.country_code, carrier.currency)
    return Setting(rules, simulation, numbering, wanted.month, wanted.people, wanted.seed)


def _check(what: str, named: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(named) - set(known))
    if unknown:
        there = ", ".join(sorted(known)) or "none"
        raise InvalidInput(
            f"simulation.yaml: `population.{what}` names `{unknown[0]}`, which plans.yaml does not have; there: {there}"
        )


def _months(settings: dict[str, Setting], begun: Callable[[], None]) -> list[PolicyFigures]:
    with _workers(len(settings)) as workers:
        for worker, asked in zip(workers, settings.items(), strict=True):
            _ask(worker, asked)
        begun()
        return [_answer(worker, policy) for worker, policy in zip(workers, settings, strict=True)]


@contextmanager
def _workers(count: int) -> Iterator[Sequence[Worker]]:
    """In sessions of their own: a Ctrl-C is for the one that ends them."""
    workers: list[Worker] = []
    try:
        for _ in range(count):
            worker = subprocess.Popen(_MONTH, stdin=-1, stdout=-1, start_new_session=True)  # noqa: S603 - a fixed command
            workers.append(worker)
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def _ask(worker: Worker, asked: tuple[str, Setting]) -> None:
    """Its input stays open, by which it knows that somebody waits."""
    assert worker.stdin is not None  # noqa: S101 - a pipe was asked for
    pickle.dump(asked, worker.stdin)
    worker.stdin.flush()


def _answer(worker: Worker, policy: str) -> PolicyFigures:
    assert worker.stdout is not None  # noqa: S101 - a pipe was asked for
    try:
        found: PolicyFigures | NfemuError = pickle.load(worker.stdout)  # noqa: S301 - of a process that we began
    except EOFError:
        raise Unavailable(f"the process that simulated `{policy}` ended without a result; try again") from None
    if isinstance(found, NfemuError):
        raise found
    return found
