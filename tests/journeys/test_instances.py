"""Several carriers of one user, by name: own state folders, own ports, the same again after a restart."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from tests.journeys.carrier import NUMBER, CarrierProcess
from tests.journeys.configuring import ONE_WORKER, own_config

pytestmark = pytest.mark.once

NEWS = "http://news.example/"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[CarrierProcess]:
    """`team-a`, named by the environment."""
    config = own_config(tmp_path / "config", ONE_WORKER)
    environment = {"XDG_STATE_HOME": str(tmp_path), "NFEMU_STATE": "", "NFEMU_INSTANCE": "team-a"}
    process = CarrierProcess(StateFolder(tmp_path / "nfemu" / "team-a"), config, environment)
    yield process
    process.down()


def test_an_instance_beside_another(instance: CarrierProcess, carrier: CarrierProcess) -> None:
    started = instance.nfemu("up")
    assert started.status == 0, started.errors
    assert "  instance team-a\n" in started.text
    with instance.client() as client:
        client.restrict(NUMBER)
    assert (instance.verdict(NUMBER, NEWS), carrier.verdict(NUMBER, NEWS)) == (302, 200)
    listed = json.loads(instance.nfemu("instance", "list", "--json").text)
    assert listed == [{"name": "team-a", "running": True, "api": f"http://{instance.running.api}"}]
    before = instance.running
    instance.down()
    assert instance.nfemu("instance", "list").text.splitlines()[1].split() == ["team-a", "not", "running"]
    instance.nfemu("--instance", "team-a", "up")
    after = instance.running
    assert (after.api, after.http_proxy, after.subscriber_proxies) == (
        before.api,
        before.http_proxy,
        before.subscriber_proxies,
    )
    assert instance.verdict(NUMBER, NEWS) == 302
    reset = instance.nfemu("--instance", "team-a", "reset")
    assert reset.status == 0, reset.errors
    assert instance.running.api == before.api
    assert instance.verdict(NUMBER, NEWS) == 200


def test_an_instance_is_a_name_for_a_state_folder(instance: CarrierProcess, tmp_path: Path) -> None:
    both = instance.nfemu("--instance", "team-b", "--state", str(tmp_path / "x"), "status")
    assert (both.status, both.errors) == (
        2,
        "nfemu: `--instance` and `--state` both name a state folder; give one of them\n",
    )
    wrong = instance.nfemu("--instance", "Team B", "status")
    assert wrong.status == 2
    assert wrong.errors.startswith("nfemu: `Team B` is not the name of an instance")
    assert instance.nfemu("instance", "list").text == "INSTANCE  API\n"
