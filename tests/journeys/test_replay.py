"""`nfemu replay`: by proxy, and on bearers what `nfemu capture` has written."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.journeys.bearer import NEEDS_BEARERS, hello
from tests.journeys.carrier import NUMBER, CarrierProcess
from tests.replay.captures import connection, written

pytestmark = pytest.mark.once

GET = b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n"


def verdicts(carrier: CarrierProcess, file: Path, *options: str) -> dict[str, str]:
    """By kind and name; all was sent."""
    done = carrier.nfemu("replay", NUMBER, str(file), "--json", *options)
    assert done.status == 0, done.text + done.errors
    flows = json.loads(done.text)["flows"]
    return {f"{each['kind']} {each['name']}": f"{each['verdict']} {each['detail']}".strip() for each in flows}


def test_by_proxy(stopped: CarrierProcess, tmp_path: Path) -> None:
    packets = [*connection(GET, sport=1), *connection(hello("news.example"), 443, sport=2), *connection(b"?", 9)]
    file = written(tmp_path / "a.pcap", packets)
    stopped.nfemu("--set", "carrier.access=proxy", "up", "--free-ports")
    open_line = stopped.nfemu("replay", NUMBER, str(file))
    assert (open_line.status, open_line.text.splitlines()[-1]) == (0, "3 flows: 2 answered, 1 not applicable")
    stopped.nfemu("restrict", NUMBER)
    assert verdicts(stopped, file) == {
        "http news.example": "redirected 302 to http://portal.carrier.example/green?url=http%3A%2F%2Fnews.example%2F",
        "tls news.example": "refused at once 403 to CONNECT",
        "tcp 198.18.0.18": "not applicable by proxy",
    }
    refused = stopped.nfemu("replay", NUMBER, str(file), "--to-address")
    assert (refused.status, "needs an IP line" in refused.errors) == (1, True)
    file.write_bytes(file.read_bytes()[:-1])
    wrong = stopped.nfemu("replay", NUMBER, str(file))
    assert (wrong.status, wrong.text.splitlines()[-1]) == (0, "left out: 1 packets whose end the file does not hold")


@pytest.mark.lab
@NEEDS_BEARERS
def test_what_was_captured_on_a_bearer(carrier: CarrierProcess, tmp_path: Path) -> None:
    """Captured on an open line; sent again on it, and when it is restricted."""
    file = tmp_path / "journey.pcap"
    with subprocess.Popen(
        carrier.command("--state", str(carrier.state.path), "capture", NUMBER, "-w", str(file)),
        stderr=subprocess.PIPE,
        text=True,
    ) as capture:
        assert capture.stderr is not None
        capture.stderr.readline()  # it has begun
        for arguments in (
            ("curl", "-s", "-4", "http://news.example/"),
            ("curl", "-s", "-6", "https://news.example/"),
            ("ping", "-c", "1", "-n", "shop.example"),
        ):
            assert carrier.nfemu("exec", NUMBER, "--", *arguments).status == 0
        capture.send_signal(signal.SIGINT)
        capture.communicate()
    open_line = verdicts(carrier, file)
    assert (open_line["http news.example"], open_line["tls news.example"]) == ("answered 200", "answered TLS")
    assert open_line["icmp shop.example"] == "answered 56 octets"
    assert verdicts(carrier, file, "--to-address") == open_line
    carrier.nfemu("restrict", NUMBER)
    restricted = verdicts(carrier, file)
    assert restricted["http news.example"].startswith("redirected 302 to http://portal.carrier.example/green")
    assert (restricted["tls news.example"], restricted["icmp shop.example"]) == ("reset", "refused at once")
    questions = {verdict for flow, verdict in restricted.items() if flow.startswith("dns ")}
    assert questions == {"answered sinkhole"}
    carrier.nfemu("restore", NUMBER)
