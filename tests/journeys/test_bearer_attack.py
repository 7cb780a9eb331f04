"""Every attack by packets of the line itself: raw bytes to the sites' addresses, with sockets made on the line.

The portal's name leads to a recording origin; of the other site the page shows what arrived there.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from nfemu.attack.origin import RecordingOrigin
from nfemu.attack.plan import FORGED, Place, Plan
from nfemu.attack.report import Score, wrongs
from nfemu.attack.runner import Runner, families
from nfemu.attack.values import ANOTHER_FORM, Flip, Form, Identity, Line, Result, Verdict
from nfemu.client import StateFolder
from nfemu.client.errors import ClientError
from tests.journeys.bearer import NEEDS_BEARERS, OnLine
from tests.journeys.carrier import NUMBER, CarrierProcess
from tests.journeys.configuring import own_config

pytestmark = [pytest.mark.lab, NEEDS_BEARERS, pytest.mark.asyncio(loop_scope="module")]

PORTAL, NEWS = "portal.carrier.example", "news.example"
_SO_ALREADY = 409
_UNHURRIED = (
    ("policies.yaml", "daily_cap: 20MiB", "daily_cap: 0"),
    ("policies.yaml", "    rate: 1M ", "    rate: 0 "),
)
"""What is sent here is about verdicts."""


def _upstream(port: int) -> tuple[str, str, str]:
    places = f"http: 'http://127.0.0.1:{port}', https: 'https://127.0.0.1:{port}'"
    return "carrier.yaml", "  host: portal.carrier.example", f"  host: {PORTAL}\n  upstream: {{{places}}}"


def _by_api(carrier: CarrierProcess) -> Callable[[Flip], Awaitable[None]]:
    def call(change: Flip) -> None:
        with carrier.client() as client:
            try:
                (client.restrict if change is Flip.RESTRICT else client.restore)(NUMBER)
            except ClientError as error:
                if error.status != _SO_ALREADY:
                    raise

    async def flip(change: Flip) -> None:
        await asyncio.to_thread(call, change)

    return flip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runner(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Runner]:
    origin = RecordingOrigin("trusted")
    await origin.start()
    config = own_config(tmp_path_factory.mktemp("attack") / "config", _upstream(origin.port), *_UNHURRIED)
    carrier = CarrierProcess(StateFolder(tmp_path_factory.mktemp("attack") / "state"), config)
    await asyncio.to_thread(carrier.up)
    with OnLine(carrier, NUMBER) as line:
        portal, news = [Place(name, 80, line.address(name)) for name in (PORTAL, NEWS)]
        identity = Identity("X-MSISDN", f"86{NUMBER}", FORGED)
        plan = Plan(
            {},
            identity,
            portal,
            news,
            tuple(Line),
            None,
            origin.port,
            _by_api(carrier),
            other_recorded=False,
            line=line.sockets,
        )
        yield Runner(plan, origin)
    carrier.down()
    await origin.stop()


@pytest.mark.parametrize("family", ["spoofing", "smuggling", "authority", "tls", "state"])
async def test_every_case_is_right(runner: Runner, family: str) -> None:
    results = await _played(runner, family)
    assert wrongs(results) == []
    assert Score.of(results).right > 0


async def _played(runner: Runner, family: str) -> list[Result]:
    """Without what has no meaning on a bearer."""
    (table,) = [each for each in families(runner.plan) if each.name == family]
    played = [each async for each in runner.run([table]) if each.form == Form.BEARER.value]
    return [each for each in played if each.got != ANOTHER_FORM]


async def test_what_is_untouched_is_what_an_open_line_says_to_strangers(runner: Runner) -> None:
    untouched = [each for each in await _played(runner, "spoofing") if each.verdict is Verdict.UNTOUCHED]
    assert {each.line for each in untouched} == {Line.OPEN.value}
    assert "to a destination that is not trusted" in {each.case for each in untouched}
