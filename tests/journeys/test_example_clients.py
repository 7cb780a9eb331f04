"""The examples that use the API from outside, on a running carrier: curl's journey, and Postman's collection."""

import http.client
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from nfemu.client import StateFolder
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess

pytestmark = pytest.mark.once

_EXAMPLES = Path(__file__).parents[2] / "examples"
_DONE = (200, 201)
_NEEDS_BEARERS = "plugIn"
_NEED_WHAT_THERE_IS_NOT = (
    *("resubmitOrder", "removeWebhook", "listDeliveries", "resendEvents", "clickMessage"),
    *("getPayOrder", "actAsPayer", "resendNotification", "debugSignature"),
    *("retrieveTopupBalance", "retrieveBucket", "retrieveAccumulatedBalance"),
    *("unregisterEventListener", "unregisterCustomerListener", "unregisterBalanceListener"),
)


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierProcess]:
    """Its clock moves when told, as the collection asks it to."""
    process = CarrierProcess(StateFolder(tmp_path_factory.mktemp("carrier") / "state"))
    process.up("--clock", "test")
    yield process
    process.down()


def journey(carrier: CarrierProcess, number: str) -> subprocess.CompletedProcess[str]:
    running = carrier.running
    environment = {
        **os.environ,
        "NFEMU_API": f"http://{running.api}",
        "NFEMU_PROXY": f"http://{running.http_proxy}",
        "NFEMU_TOKEN": carrier.state.api_token.read_text().strip(),
    }
    script = _EXAMPLES / "curl" / "journey.sh"
    return subprocess.run([script, number], env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_journey_by_curl(carrier: CarrierProcess) -> None:
    for _ in range(2):
        done = journey(carrier, NUMBER)
        assert (done.returncode, done.stderr) == (0, "")
        assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 5


def test_the_journey_says_where_it_went_wrong(carrier: CarrierProcess) -> None:
    """A line with more credit than is charged is never restricted."""
    done = journey(carrier, OTHER)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "WRONG   charged 59.00: in credit; expected overdue"


def test_every_request_of_the_postman_collection(carrier: CarrierProcess) -> None:
    text = (_EXAMPLES / "postman" / "nfemu.postman_collection.json").read_text(encoding="utf-8")
    collection = json.loads(text)
    variables = {each["key"]: each["value"] for each in collection["variable"]}
    variables |= {"url": f"http://{carrier.running.api}", "token": carrier.state.api_token.read_text().strip()}
    has_bearers = carrier.running.has_bearers
    requests = [item for folder in collection["item"] for item in folder["item"]]
    answers = {item["name"]: send(item["request"], variables) for item in requests}
    assert len(answers) == len(requests) >= 20
    if not has_bearers:
        assert answers.pop(_NEEDS_BEARERS)[0] == 409
    assert {answers.pop(name)[0] for name in _NEED_WHAT_THERE_IS_NOT} == {404}
    assert {name: (status, said) for name, (status, said) in answers.items() if status not in _DONE} == {}


def send(request: Mapping[str, Any], variables: Mapping[str, str]) -> tuple[int, str]:
    """As Postman does it, with the collection's own token. Status and body."""

    def filled(value: str) -> str:
        return re.sub(r"\{\{(\w+)\}\}", lambda match: variables[match[1]], value)

    host, _, path = filled(request["url"]["raw"]).removeprefix("http://").partition("/")
    headers = {each["key"]: filled(each["value"]) for each in request["header"]}
    headers["Authorization"] = filled("Bearer {{token}}")
    body = filled(request["body"]["raw"]).encode() if "body" in request else None
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request(request["method"], f"/{path}", body, headers)
    answer = connection.getresponse()
    status, said = answer.status, answer.read().decode()
    connection.close()
    return status, said
