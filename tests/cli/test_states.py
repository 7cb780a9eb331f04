"""`nfemu state`: what it prints and how it ends, against the real API."""

import json

import pytest

from tests.cli.conftest import Nfemu
from tests.client.running import Running

pytestmark = pytest.mark.usefixtures("running")


def test_a_state_is_saved_listed_loaded_and_deleted(nfemu: Nfemu) -> None:
    assert nfemu("state", "save", "arrears").out == "state arrears is saved: 7 subscribers, 2026-11-01 16:10:00+08:00\n"
    assert nfemu("state", "list").out.splitlines() == [
        "STATE    SUBSCRIBERS  BUSINESS TIME              SAVED AT",
        "initial               as configured              as configured",
        "arrears  7            2026-11-01 16:10:00+08:00  2026-11-01 16:00:00+08:00",
    ]
    assert nfemu("state", "load", "arrears").out.splitlines() == [
        "state arrears is loaded",
        "  apns.yaml: pool internet is another one than when the state was saved",
    ]
    assert nfemu("state", "delete", "arrears").out == "state arrears is deleted\n"


def test_at_another_time(nfemu: Nfemu, running: Running) -> None:
    nfemu("state", "save", "arrears")
    assert nfemu("state", "load", "arrears", "--clock", "2027-01-01T00:00:00+08:00").status == 0
    assert running.program.states.loaded == ["arrears at 2027-01-01T00:00:00+08:00"]
    assert nfemu("state", "load", "arrears", "--clock", "tomorrow").status == 2


def test_for_programs(nfemu: Nfemu) -> None:
    nfemu("state", "save", "arrears")
    assert [each["name"] for each in json.loads(nfemu("state", "list", "--json").out)] == ["initial", "arrears"]
    assert json.loads(nfemu("state", "load", "arrears", "--json").out)["name"] == "arrears"


def test_refusals(nfemu: Nfemu) -> None:
    unknown = nfemu("state", "load", "nothing")
    assert (unknown.status, unknown.err) == (1, "nfemu: there is no state `nothing`\n")
    assert nfemu("state", "save", "initial").status == 1
