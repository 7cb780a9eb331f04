"""Every attack on a real carrier: both lines, four forms. The portal's name leads to a recording origin; everything
else that a worker dials goes through the tap, so that no byte to anybody is missed.
"""

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio

from nfemu.attack.origin import RecordingOrigin
from nfemu.attack.plan import FORGED, Place, Plan
from nfemu.attack.reading import requests_of
from nfemu.attack.report import left_out, wrongs
from nfemu.attack.runner import Runner, families
from nfemu.attack.values import ANOTHER_FORM, NO_SUCH_FORM, Flip, Form, Identity, Line, Result, Verdict
from nfemu.model.errors import Conflict
from nfemu.model.identity import Msisdn
from tests.journeys.inside import Inside, inside

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBER = "13800138000"
PORTAL, NEWS = "portal.carrier.example", "news.example"
_NO_HTTP = b"\x16\x00"
"""First bytes of what tunnels of an open line pass on as it is."""
NAMES = ("spoofing", "smuggling", "authority", "tls", "state", "beyond")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runner(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Runner]:
    origin = RecordingOrigin("trusted")
    await origin.start()
    upstream = {kind: f"{kind}://127.0.0.1:{origin.port}" for kind in ("http", "https")}
    async with inside(tmp_path_factory.mktemp("attack"), {"carrier.portal.upstream": upstream}) as here:
        yield Runner(await plan(here, origin.port), origin, here.tap)
    await origin.stop()


async def plan(here: Inside, recording_port: int) -> Plan:
    ports = {
        Form.PROXY: here.http_port,
        Form.CONNECT: here.http_port,
        Form.SOCKS: here.socks_port,
        Form.LISTENER: here.own_port(NUMBER),
    }
    msisdn = Msisdn.parse(NUMBER, "86")

    async def flip(change: Flip) -> None:
        service = here.emulator.service
        with suppress(Conflict):  # it is so already
            await (service.restrict(msisdn) if change is Flip.RESTRICT else service.restore(msisdn))

    portal, news = [Place(name, 80, (await here.addresses(name))[0]) for name in (PORTAL, NEWS)]
    entries = {form: ("127.0.0.1", port) for form, port in ports.items()}
    identity = Identity("X-MSISDN", msisdn.e164, FORGED)
    return Plan(entries, identity, portal, news, tuple(Line), NUMBER, recording_port, flip)


@pytest.mark.parametrize("family", NAMES)
async def test_every_case_is_right(runner: Runner, family: str) -> None:
    (table,) = [each for each in families(runner.plan) if each.name == family]
    results = [result async for result in runner.run([table])]
    assert wrongs(results) == []
    played = [each for each in results if each.verdict is Verdict.RIGHT]
    assert {each.form for each in played} == (set() if family == "beyond" else _forms(family))
    assert len(left_out(results)) == (len(table.cases) if family == "beyond" else 0)
    assert {each.got for each in results if _left_out(each)} <= {ANOTHER_FORM, "begins on an open line", NO_SUCH_FORM}


def _forms(family: str) -> set[str]:
    """By proxy; what a line does with packets of its own is in test_bearer_attack.py."""
    return {"connect", "socks"} if family == "tls" else {form.value for form in Form if form is not Form.BEARER}


def _left_out(result: Result) -> bool:
    return result.verdict is Verdict.NOT_APPLICABLE and result.family != "beyond"


async def test_all_families_are_played(runner: Runner) -> None:
    assert tuple(family.name for family in families(runner.plan)) == NAMES
    cases = [case.name for family in families(runner.plan) for case in family.cases]
    assert len(set(cases)) == len(cases) > 200


async def test_nothing_harmful_came_late(runner: Runner) -> None:
    """Over all that ever arrived anywhere, whichever case it was from."""
    assert runner.other is not None
    for arrival in (*runner.trusted.connections, *runner.other.connections):
        if arrival.sent and arrival.sent[0] not in _NO_HTTP:
            assert not [request for request in requests_of(bytes(arrival.sent)) if request.says(FORGED.encode())]
