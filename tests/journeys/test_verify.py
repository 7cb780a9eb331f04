"""Traffic on a subscriber's line fares as `explain` says, at every point, whichever access the machine allows."""

import json
from pathlib import Path

import pytest

from bench.urls import urls
from nfemu.settings import load
from tests.journeys.carrier import CONFIG, NUMBER, OTHER, CarrierProcess

pytestmark = pytest.mark.once

NEWS = "http://news.example/"
MANY = 2_000


def test_explain_shows_every_point(carrier: CarrierProcess) -> None:
    text = carrier.nfemu("explain", NUMBER, NEWS).text
    assert "AT " in text
    assert "answered" in text
    points = json.loads(carrier.nfemu("explain", NUMBER, NEWS, "--json").text)["points"]
    assert points[-2:] == [
        {"place": "HTTP", "verdict": points[-2]["verdict"], "rule": points[-2]["rule"], "sign": "answered"},
        {
            "place": "identity",
            "verdict": points[-1]["verdict"],
            "rule": points[-1]["rule"],
            "sign": "no header inserted",
        },
    ]


def test_what_is_observed_is_what_was_expected(carrier: CarrierProcess) -> None:
    done = carrier.nfemu("explain", "--observe", NUMBER, NEWS)
    assert (done.status, "OBSERVED" in done.text, "DIFFERENT" in done.text) == (0, True, False)
    carrier.nfemu("restrict", NUMBER)
    try:
        for url in (NEWS, "https://news.example/"):
            done = carrier.nfemu("explain", "--observe", NUMBER, url, "--json")
            observed = json.loads(done.text)["observed"]
            assert (done.status, [one["same"] for one in observed]) == (0, [True] * len(observed))
    finally:
        carrier.nfemu("restore", NUMBER)


def test_verify_on_a_line_that_is_put_back(carrier: CarrierProcess) -> None:
    with carrier.client() as client:
        before = client.subscriber(OTHER)
    some = "\n".join(urls(load(CONFIG), 40, seed=7))
    done = carrier.nfemu("verify", "-", "--number", OTHER, "--profile", "arrears", "--profile", "inflight", stdin=some)
    heads = [line.partition(" differences")[0] for line in done.text.splitlines()]
    assert (done.status, heads) == (0, ["arrears: 40 URLs, 0", "inflight: 40 URLs, 0"]), done.text + done.errors
    with carrier.client() as client:
        after = client.subscriber(OTHER)
    assert (after.ordered, after.profile, after.effective) == (before.ordered, before.profile, before.effective)
    carrier.nfemu("restrict", OTHER)
    refused = carrier.nfemu("verify", "-", "--number", OTHER, stdin=NEWS)
    assert (refused.status, "restricted or detached" in refused.errors) == (1, True)
    carrier.nfemu("restore", OTHER)


@pytest.mark.long
def test_two_thousand_urls_under_every_policy(stopped: CarrierProcess, tmp_path: Path) -> None:
    """In a temporary carrier: none runs in the state folder."""
    file = tmp_path / "urls"
    file.write_text("\n".join(urls(load(CONFIG), MANY)))
    done = stopped.nfemu("verify", str(file), "--json", timeout=590)
    assert done.status == 0, done.text[:20_000] + done.errors
    assert {(one["profile"], one["urls"], len(one["differences"])) for one in json.loads(done.text)} == {
        (name, MANY, 0) for name in load(CONFIG).policies.compiled.names
    }
