"""Three kinds of operator (G15): the whole journey under each, with its own names, header, encoding and currency."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nfemu.settings import carriers
from tests.journeys.carrier import CONFIG, CarrierProcess

pytestmark = pytest.mark.once


def test_the_journey_under_every_carrier(tmp_path: Path) -> None:
    """All at once: each has a carrier and ports of its own."""
    environment = {**os.environ, "NFEMU_STATE": str(tmp_path / "state"), "NFEMU_CONFIG": str(CONFIG)}
    command = [sys.executable, "-m", "nfemu.cli.main", "demo", "--carrier"]
    played = {
        name: subprocess.Popen([*command, name], env=environment, stdout=subprocess.PIPE, text=True)
        for name in carriers(CONFIG)
    }
    shown = {name: process.communicate(timeout=240)[0] for name, process in played.items()}
    assert len(shown) == 3
    for name, text in shown.items():
        assert text.splitlines()[-1] == "20 passed, 0 failed", f"{name}:\n{text}"


@pytest.fixture
def euro(stopped: CarrierProcess) -> CarrierProcess:
    stopped.up("--carrier", "rheinfunk")
    return stopped


def test_what_is_shown_is_the_carriers_own(euro: CarrierProcess) -> None:
    assert "carrier          莱茵通信 · Rheinfunk, PLMN 999-30, overlay rheinfunk" in euro.nfemu("status").text
    assert " 1.100,00 €  in credit" in euro.nfemu("subscriber", "list").text
    assert "due        29,00 €" in euro.nfemu("charge", "015112345678", "59.00").text
    assert "Pay 29,00 € and service is back at once" in euro.nfemu("inbox", "015112345678").text
    page = euro.curl("015112345678", "http://konto.rheinfunk.example/").text
    assert "29,00 €" in page
    assert "Emergency calls (112, 110 …) are never affected." in page
    assert euro.nfemu("pay", "015112345678", "10.00").text == (
        "10,00 € paid; the line stays restricted: 19,00 € still due\n"
    )
    with euro.client() as client:
        session = client.subscriber("015112345678").session
    assert session is not None
    assert session.apn == "web.rheinfunk"


def test_a_carrier_that_is_not_there_starts_nothing(stopped: CarrierProcess) -> None:
    for command in (("up",), ("demo",), ("run",), ("config", "check"), ("policy", "lint")):
        refused = stopped.nfemu(*command, "--carrier", "fujmi")
        assert refused.status == 2, refused
        assert "there is no carrier `fujmi`; did you mean `fujimi`?" in refused.errors
    assert not stopped.state.status_file.exists()
