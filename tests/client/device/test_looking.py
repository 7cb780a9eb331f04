"""What is sent, in which order, and by whom it seems to be sent: a far end that stands for all the Internet."""

from pathlib import Path

import pytest

from nfemu.client import Client
from nfemu.client.device.looking import look, look_by
from nfemu.client.device.table import DEVICES
from nfemu.client.device.values import Sign, Verdict
from nfemu.model.errors import InvalidInput
from tests.client.line.far_end import far_end, phone_by_proxy
from tests.client.running import Running

NOT_THERE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
SIGN_IN = b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n"


def targets(heads: list[bytes]) -> list[str]:
    return [head.split()[1].decode() for head in heads]


def test_android_falls_back(tmp_path: Path) -> None:
    with far_end(lambda _: NOT_THERE) as end, phone_by_proxy(tmp_path, end.port) as phone:
        report = look_by(phone, DEVICES["android"])
    assert (report.verdict, report.sign_in) == (Verdict.NO_INTERNET, False)
    assert targets(end.heads) == [
        "www.google.com:443",
        "http://connectivitycheck.gstatic.com/generate_204",
        "http://www.google.com/gen_204",
        "http://play.googleapis.com/generate_204",
    ]
    assert b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36" in end.heads[1]


def test_no_fallback_where_a_portal_is_found(tmp_path: Path) -> None:
    with far_end(lambda _: SIGN_IN) as end, phone_by_proxy(tmp_path, end.port) as phone:
        report = look_by(phone, DEVICES["ios"])
    assert (report.sign_in, targets(end.heads)) == (True, ["http://captive.apple.com/hotspot-detect.html"])
    assert b"User-Agent: CaptiveNetworkSupport" in end.heads[0]


def test_an_api_that_fails_leaves_it_to_the_checks(tmp_path: Path) -> None:
    with far_end(lambda _: SIGN_IN) as end, phone_by_proxy(tmp_path, end.port) as phone:
        report = look_by(phone, DEVICES["ios"], "http://portal.example/api")
    assert [finding.sign for finding in report.findings] == [Sign.FAILED, Sign.PORTAL]
    assert b"Accept: application/captive+json" in end.heads[0]


@pytest.mark.parametrize("device", ["windows", "firefox"])
def test_an_api_is_not_asked_by_who_does_not_know_it(device: str, tmp_path: Path) -> None:
    with far_end(lambda _: SIGN_IN) as end, phone_by_proxy(tmp_path, end.port) as phone:
        report = look_by(phone, DEVICES[device], "http://portal.example/api")
    assert "http://portal.example/api" not in targets(end.heads)
    assert report.sign_in
    unsent = [finding.got for finding in report.findings if finding.sign is Sign.NOT_SENT]
    assert unsent == (["it needs an IP line, and access is by proxy here"] if device == "windows" else [])


@pytest.mark.parametrize("url", ["ftp:", "ftp://portal.example/api", "portal.example/api"])
def test_an_api_that_is_none(url: str, nfemu: Client, running: Running) -> None:
    with pytest.raises(InvalidInput, match=f"`{url}` is not the address of a captive-portal API; write it like https"):
        look(nfemu, running.state, "13800138000", "ios", url)
