"""Phones' own checks on real lines: open, restricted, barred, past the cap, in a garden; by proxy and on bearers."""

import json
from collections.abc import Iterator

import pytest

from nfemu.client import StateFolder
from nfemu.client.device import DEVICES, Verdict, look
from nfemu.model.errors import NotFound
from tests.journeys.bearer import NEEDS_BEARERS
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess, until

pytestmark = pytest.mark.once

GARDEN, BARRED = "13800138002", "13800138010"
API = "https://portal.carrier.example/captive-api"


@pytest.fixture(scope="module", params=["proxy", pytest.param("bearer", marks=NEEDS_BEARERS)])
def carrier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierProcess]:
    """With a line of each kind."""
    process = CarrierProcess(StateFolder(tmp_path_factory.mktemp("carrier") / "state"))
    settings = (f"carrier.access={request.param}", "policies.profiles.arrears.daily_cap=20KiB")
    done = process.nfemu(*(part for each in settings for part in ("--set", each)), "up", "--free-ports", timeout=120)
    assert done.status == 0, done.errors
    process.nfemu("charge", NUMBER, "59.00")
    process.nfemu("profile", GARDEN, "inflight")
    process.nfemu("detach", BARRED)
    yield process
    process.down()


@pytest.mark.parametrize("device", list(DEVICES))
def test_sign_in(device: str, carrier: CarrierProcess) -> None:
    with carrier.client() as client:
        found = {number: look(client, carrier.state, number, device) for number in (OTHER, NUMBER, GARDEN, BARRED)}
    assert {number: report.verdict for number, report in found.items()} == {
        OTHER: Verdict.ONLINE,
        NUMBER: Verdict.SIGN_IN,
        GARDEN: Verdict.SIGN_IN,
        BARRED: Verdict.NO_INTERNET,
    }
    assert found[NUMBER].because.endswith("is answered with 302 to http://portal.carrier.example/green")
    assert found[GARDEN].because.endswith("is answered with 302 to http://inflight.carrier.example/")
    assert (found[BARRED].findings, "is detached" in found[BARRED].because) == ((), True)


def test_by_the_api(carrier: CarrierProcess) -> None:
    with carrier.client() as client:
        told = look(client, carrier.state, NUMBER, "android", API)
        untold = look(client, carrier.state, OTHER, "android", API)
        with pytest.raises(NotFound, match="there is no device `symbian`; there are: android, ios"):
            look(client, carrier.state, NUMBER, "symbian")
    assert (told.sign_in, len(told.findings)) == (True, 1)
    assert (untold.verdict, len(untold.findings)) == (Verdict.ONLINE, 3)


def test_the_command(carrier: CarrierProcess) -> None:
    shown = carrier.nfemu("device", "firefox", NUMBER)
    assert (shown.status, shown.text.splitlines()[0].split()) == (0, ["READ", "AS", "PROBE", "ANSWER"])
    assert "would show sign-in: yes, because http://detectportal.firefox.com/canonical.html" in shown.text
    told = json.loads(carrier.nfemu("device", "windows", OTHER, "--json").text)
    assert (told["sign_in"], told["verdict"], told["findings"][0]["sign"]) == (False, "online", "online")
    nothing = carrier.nfemu("device", "ios", BARRED)
    assert (nothing.status, nothing.text.startswith("would show sign-in: no, because there is no network")) == (0, True)


def test_past_the_cap(carrier: CarrierProcess) -> None:
    """The last of the module. The way to the portal stays."""
    with carrier.client() as client:
        for _ in range(4):
            carrier.curl(NUMBER, "-d", "x" * 6000, "http://portal.carrier.example/")
        until(lambda: (cap := client.usage(NUMBER).cap) is not None and cap.reached)
        assert all(look(client, carrier.state, NUMBER, device).sign_in for device in DEVICES)
