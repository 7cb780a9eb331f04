"""What a team's tests can do with a carrier that runs already, and what a failed one reports."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.chromium import BINARY, CERTUTIL
from tests.journeys.carrier import CONFIG, CarrierProcess
from tests.pytest_plugin.conftest import Project

GOOD = """
import pytest
from nfemu.pytest_plugin import *

def test_first(restricted_subscriber, subscribers):
    assert_redirected(restricted_subscriber.get("http://news.example/"), to="*/green?url=*")
    assert_refused(restricted_subscriber.get("https://news.example/"))
    one, another = subscribers(2)
    assert len({restricted_subscriber.number, one.number, another.number}) == 3
    assert_open(one.get("https://news.example/"))

def test_begins_as_at_first(carrier, subscriber):
    assert (subscriber.inbox, subscriber.timeline, subscriber.line.account.standing) == ([], [], "in credit")
    before = carrier.clock.now
    carrier.clock.advance("3d")
    assert (carrier.clock.now - before).days == 3
    subscriber.order_profile("inflight")
    assert_redirected(subscriber.get("http://news.example/"), to="http://inflight.carrier.example/*")
    subscriber.order_profile("open")
    subscriber.detach()
    subscriber.attach()
    assert_open(subscriber.post("http://news.example/", "a=b"))

@pytest.mark.nfemu(number="13800138011")
def test_header(subscriber):
    assert subscriber.number == "13800138011"
    assert_enriched(subscriber.get("http://echo.example/"))
    assert_not_enriched(subscriber.get("http://news.example/"))

@pytest.mark.nfemu(needs="bearer")
def test_bearer(subscriber):
    raise AssertionError("it is not run")

@pytest.mark.nfemu(carrier="rheinfunk")
def test_another_carrier(subscriber):
    raise AssertionError("it is not run")

@pytest.mark.nfemu(clock="2099-11-02T07:00:00+08:00")
class TestInAClass:
    @pytest.mark.nfemu(state="initial")
    def test_clock(self, carrier):
        assert carrier.clock.now.isoformat() == "2099-11-02T07:00:00+08:00"
"""
WRONG = """
from nfemu.pytest_plugin import *

def test_redirected(restricted_subscriber):
    assert_open(restricted_subscriber.get("http://news.example/"))

def test_not_redirected(subscriber):
    assert_redirected(subscriber.get("http://news.example/"), to="*/green*")

def test_not_refused(subscriber):
    assert_refused(subscriber.get("http://news.example/"))

def test_no_header(subscriber):
    assert_enriched(subscriber.get("http://news.example/"))

def test_header(subscriber):
    assert_not_enriched(subscriber.get("http://echo.example/"))

def test_no_site(subscriber):
    assert_enriched(subscriber.get("http://portal.carrier.example/"))

def test_not_over_quic(subscriber):
    assert_open(subscriber.quic("news.example"))

def test_not_of_a_program(subscriber):
    assert_open(subscriber.run("true"))

def test_nothing_due(subscriber):
    subscriber.pay()

def test_no_message(subscriber):
    subscriber.wait_for_notice("stopped", within_s=0)
"""
TEARDOWN = """
import pytest

@pytest.fixture
def put_back(subscriber):
    yield subscriber
    subscriber.detach()
    raise AssertionError("it is not as it was")

@pytest.mark.parametrize("turn", [1, 2])
def test_it(put_back, turn):
    put_back.restrict()
"""
WORKERS = """
import pytest
from nfemu.pytest_plugin import *

@pytest.mark.parametrize("turn", range(4))
def test_own_line(restricted_subscriber, turn):
    assert_redirected(restricted_subscriber.get("http://news.example/"))
    assert [notice.kind for notice in restricted_subscriber.inbox] == ["stopped"]
    print("line", restricted_subscriber.number)

def test_clock(carrier):
    carrier.clock.advance("1d")

@pytest.mark.nfemu(state="other")
def test_state(carrier):
    raise AssertionError("it is not run")
"""


def test_each_test_begins_as_the_first(project: Project, named: str) -> None:
    run = project.pytest(GOOD, named, "-rs")
    assert (run.status, "4 passed, 2 skipped" in run.text) == (0, True), run.text
    assert "needs lines with an IP interface; access is proxy: " in run.text
    assert "needs an emulator of its own configuration" in run.text


def test_the_example_in_the_documentation(project: Project, named: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "pytest.md").read_text()
    block = re.search("^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    run = project.pytest(block[1], named)
    assert "3 passed" in run.text, run.text


def test_failures_tell_the_rule_and_the_timeline(project: Project, named: str) -> None:
    run = project.pytest(WRONG, named)
    assert (run.status, "10 failed" in run.text) == (1, True), run.text
    for line in (
        "E       AssertionError: GET http://news.example/ on 13800138000",
        "E         expected  200 from the site",
        "E         got       302 to http://portal.carrier.example/green?url=http%3A%2F%2Fnews.example%2F",
        "E         rule      arrears/default: redirect http://news.example:80",
        "- nfemu timeline of 13800138000 -",
        "arrears by order, green in force, ¥29.00 due",
        "ms  ledger.entry  kind charge, amount -59.00",
        "SMS stopped: ",
        "E         expected  a redirect to */green*",
        "E         expected  refused at once",
        "E         got       it receives no X-MSISDN",
        "E         got       it receives X-MSISDN: 8613800138000",
        "E         expected  a site of the emulated Internet, which shows what it received",
        "E         expected  stopped, within 0 s",
        "QUIC needs an IP line, and access is by proxy here; mark the test with `@pytest.mark.nfemu(needs=",
        "E       TypeError: an answer of `get`, `post` or `request` is judged here, and this is what `run` gave",
        "nothing is due on the line of 13800138000; say an amount to pay ahead",
    ):
        assert line in run.text, line


def test_a_failed_teardown_tells_the_timeline_too(project: Project, named: str) -> None:
    """With what happened in it, after the carrier was given back as well."""
    run = project.pytest(TEARDOWN, named)
    assert (run.status, "2 passed, 2 errors" in run.text) == (1, True), run.text
    assert run.text.count("- nfemu timeline of 13800138000 -") == 2, run.text
    assert (run.text.count("ms  hold.changed "), run.text.count("ms  pgw.session_released ")) == (2, 2), run.text


def test_an_emulator_that_is_configured_otherwise(project: Project, named: str) -> None:
    """What the run's own would be started with is not passed over in silence."""
    has, lacks = "carrier.access=proxy", "carrier.timezone=UTC"
    text = "def test_it(carrier):\n    pass\n"
    run = project.pytest(text, named, f"--nfemu-set={has} {lacks}", "--nfemu-carrier=fujimi")
    assert (run.status, "Traceback" in run.text) == (1, False), run.text
    start = f"`nfemu --set {has} --set {lacks} up --clock test --carrier fujimi`"
    assert f"is configured otherwise than its tests want it; start that one with {start}" in run.text
    marked = f"import pytest\n\n@pytest.mark.nfemu(settings=['{has}'])\n{text}"
    run = project.pytest(marked, named, f"--nfemu-set={has}")
    assert "1 passed" in run.text, run.text


def test_workers_have_lines_of_their_own(project: Project, named: str) -> None:
    """And leave the rest of the carrier alone."""
    run = project.pytest(WORKERS, named, "-n2", "-rsP", "--dist=load")
    assert (run.status, "4 passed, 2 skipped" in run.text) == (0, True), run.text
    assert "whose clock they would move for each other" in run.text
    assert "needs the carrier in a state of its own" in run.text


def test_two_runs_do_not_empty_one_carrier(project: Project, named: str, running: CarrierProcess) -> None:
    """The inner ones, of tests and of scenarios, are refused while the outer one has it."""
    scenario = running.command("scenario", "run", str(CONFIG / "scenarios"))
    inner = f"""
import os, subprocess, sys

def test_outer(carrier, pytestconfig):
    if pytestconfig.getoption("--nfemu-url"):
        return
    for command in ([sys.executable, "-m", "pytest", "-q", "--nfemu-url=http://{running.running.api}"], {scenario}):
        done = subprocess.run(command, capture_output=True, text=True)
        said = f"another run is under way (process {{os.getpid()}}) on the carrier of `{running.state.path}`"
        assert said in done.stdout + done.stderr, done
"""
    run = project.pytest(inner, named, NFEMU_STATE=str(running.state.path))
    assert run.status == 0, run.text


def test_an_emulator_elsewhere(project: Project, running: CarrierProcess) -> None:
    """All that is known of it: API, token, proxy, certificate."""
    status = running.running
    where = (f"--nfemu-url=http://{status.api}", f"--nfemu-proxy={status.http_proxy}", f"--nfemu-ca={status.ca}")
    text = """
from nfemu.pytest_plugin import *

def test_it(subscriber):
    assert_open(subscriber.get("https://news.example/"))
    assert subscriber.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "https://news.example/").out == "200"
"""
    without = project.pytest(text, *where)
    assert "the emulator's API needs its token: NFEMU_PYTEST_TOKEN, or --nfemu-token-file" in without.text
    run = project.pytest(text, *where, NFEMU_PYTEST_TOKEN=running.state.api_token.read_text())
    assert run.status == 0, run.text


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        (
            "nosuch=1",
            "unknown argument `nosuch`; possible are `number`, `needs`, `carrier`, `settings`, `state`, `clock`",
        ),
        ("'13800138000'", "`13800138000` is for what? Write number="),
        ("needs='ipv6'", "`ipv6` cannot be needed"),
        ("settings='carrier.access=proxy'", "settings are several"),
        ("settings={'carrier.access': 'proxy'}", 'settings are several; write settings=["carrier.access=proxy"]'),
    ],
)
def test_a_wrong_marker_is_an_error(marker: str, words: str, project: Project, named: str) -> None:
    text = f"import pytest\n\n@pytest.mark.nfemu({marker})\ndef test_it(carrier):\n    pass\n"
    run = project.pytest(text, named)
    assert (run.status, words in run.text) == (1, True), run.text


def test_what_is_not_there_is_said(project: Project) -> None:
    text = "def test_it(carrier):\n    pass\n"
    run = project.pytest(text, "--nfemu-state=/nowhere")
    assert "nfemu is not running; start it with `nfemu up`" in run.text
    run = project.pytest(text, "--nfemu-url=http://127.0.0.1:9")
    assert "no emulator of this machine and user has its API at `http://127.0.0.1:9`" in run.text


@pytest.mark.lab
@pytest.mark.skipif(BINARY is None or CERTUTIL is None, reason="needs Debian's chromium and libnss3-tools")
@pytest.mark.skipif(find_spec("playwright") is not None, reason="it is about Chromium without Playwright")
def test_chromium_without_playwright(project: Project, named: str) -> None:
    """On a line with a listener of its own; else a proxy wants a user name, which Chromium does not give by itself."""
    text = """
import pytest

@pytest.mark.nfemu(number="13800138000")
def test_dumped(subscriber):
    assert "Example News" in subscriber.browser.open("https://news.example/")

@pytest.mark.nfemu(number="13800138011")
def test_no_listener(subscriber):
    subscriber.browser.open("https://news.example/")

def test_no_page(subscriber):
    subscriber.browser.page
"""
    run = project.pytest(text, named, "-rs")
    assert "1 passed, 2 skipped" in run.text, run.text
    assert "Chromium gives a proxy no user name by itself" in run.text
    assert "needs Playwright: `pip install playwright`" in run.text
