"""The pytest plugin: a carrier, subscribers' lines and assertions for tests of portals, apps and policies.

def test_paying_restores(restricted_subscriber):
    assert_redirected(restricted_subscriber.get("http://news.example/"), to="*/green*")

pytest loads this module in every run, also where nobody uses it: so what it needs is imported where it is needed.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest

from nfemu.pytest_plugin.checks import (
    assert_enriched,
    assert_not_enriched,
    assert_open,
    assert_redirected,
    assert_refused,
)

if TYPE_CHECKING:
    from nfemu.pytest_plugin.carrier import Carrier
    from nfemu.pytest_plugin.emulators import Emulators
    from nfemu.pytest_plugin.line import SubscriberLine

__all__ = ["assert_enriched", "assert_not_enriched", "assert_open", "assert_redirected", "assert_refused"]

_Evidence = Callable[[], Iterable[tuple[str, str]]]
_EVIDENCE = pytest.StashKey[_Evidence]()
"""Of a test that uses a carrier: gives what its reports tell beside a failure."""


def pytest_addoption(parser: pytest.Parser) -> None:
    from nfemu.pytest_plugin.options import add_options

    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    from nfemu.pytest_plugin.wanted import MARKER

    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    evidence = item.stash.get(_EVIDENCE, None)
    if evidence is not None and report.failed:
        report.sections.extend(evidence())
    if evidence is not None and report.when == "teardown":
        del item.stash[_EVIDENCE]
    return report


@pytest.fixture(scope="session")
def nfemu_emulators(request: pytest.FixtureRequest) -> "Iterator[Emulators]":
    """Those of the session; each worker of pytest-xdist is a session."""
    from nfemu.pytest_plugin.emulators import Emulators
    from nfemu.pytest_plugin.options import Options

    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    emulators = Emulators(Options.of(request.config), worker)
    yield emulators
    emulators.close()


@pytest.fixture
def carrier(request: pytest.FixtureRequest, nfemu_emulators: "Emulators") -> "Iterator[Carrier]":
    """The carrier, in the state in which each test finds it."""
    from nfemu.model.errors import NfemuError
    from nfemu.pytest_plugin.carrier import Carrier
    from nfemu.pytest_plugin.evidence import sections

    item = cast("pytest.Item", request.node)
    wanted = _wanted(request)
    try:
        place = nfemu_emulators.place(wanted)
        carrier = Carrier.at(place)
    except NfemuError as error:
        pytest.fail(str(error), pytrace=False)
    with closing(carrier):
        carrier.begin(wanted)
        evidence: _Evidence = partial(sections, carrier)
        item.stash[_EVIDENCE] = evidence
        yield carrier
        left = list(evidence())  # when the teardown is reported, an emulator of the run's own may have ended
        item.stash[_EVIDENCE] = lambda: left


@pytest.fixture
def subscriber(request: pytest.FixtureRequest, carrier: "Carrier") -> "SubscriberLine":
    """An attached line in good order."""
    return carrier.subscriber(_wanted(request).number or None)


@pytest.fixture
def restricted_subscriber(carrier: "Carrier") -> "SubscriberLine":
    """A line in arrears: 29 are due, the stop message is sent, the green channel is in force."""
    line = carrier.subscriber()
    line.fall_into_arrears()
    return line


@pytest.fixture
def subscribers(carrier: "Carrier") -> "Callable[[int], list[SubscriberLine]]":
    """`subscribers(3)`: so many further lines, each on an account of its own."""
    return lambda count: [carrier.subscriber() for _ in range(count)]


def _wanted(request: pytest.FixtureRequest) -> Any:
    from nfemu.pytest_plugin.wanted import Wanted

    return Wanted.of(cast("pytest.Item", request.node))
