"""Wrong configuration: every mistake named with its file, its line and what to write; nothing is started, and what
runs goes on as it was."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from nfemu.client import StateFolder
from tests.journeys.carrier import NUMBER, OTHER, CarrierProcess, status_of
from tests.journeys.configuring import ONE_WORKER, edit, own_config
from tests.journeys.traffic import Traffic

pytestmark = pytest.mark.once

NEWS = "http://news.example/"
MISTAKES = [
    ("carrier.yaml", "port: 8611", "port: 8610"),
    ("carrier.yaml", "workers: 2", "wrkrs: 2"),
    ("policies.yaml", "pay.provider.example", '"*.com"'),
]


def told(config: Path) -> str:
    """What is said about `MISTAKES`."""
    return f"""nfemu:
{config}/carrier.yaml:20: port 8610 is already taken by `proxy.http_port`; write another port, or 0
{config}/carrier.yaml:21: unknown key `wrkrs` in `proxy`; did you mean `workers`?
{config}/policies.yaml:9: `groups.payment.hosts[1]`: group `payment`: host pattern `*.com` covers the public suffix \
`com`, where anybody can have a name; write the registered name, like `*.shop.com`, or the exact hosts
"""


def in_use(port: int, setting: str) -> str:
    return (
        f"nfemu: port `{port}` on 127.0.0.1 is in use; stop what listens there, or set another port in carrier.yaml "
        f"(`{setting}`; 0 takes a free one)\n"
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy to spoil."""
    return own_config(tmp_path / "config", ONE_WORKER)


@pytest.fixture
def serving(tmp_path: Path, config: Path) -> Iterator[CarrierProcess]:
    """Running on `config`."""
    process = CarrierProcess(StateFolder(tmp_path / "serving"), config)
    process.up()
    yield process
    process.down()


@pytest.mark.parametrize("command", ["up", "up --foreground", "config check", "policy lint", "reset", "demo", "run"])
def test_every_mistake_is_named_and_nothing_is_started(stopped: CarrierProcess, tmp_path: Path, command: str) -> None:
    stopped.config = own_config(tmp_path / "spoiled", *MISTAKES)
    done = stopped.nfemu(*command.split())
    assert done.status == 2
    assert done.errors.endswith(told(stopped.config))
    assert not stopped.state.status_file.exists()
    assert not stopped.state.database.exists()
    assert stopped.nfemu("status").errors == "nfemu: nfemu is not running; start it with `nfemu up`\n"


def test_a_folder_that_is_none(stopped: CarrierProcess, tmp_path: Path) -> None:
    stopped.config = tmp_path / "nowhere"
    done = stopped.nfemu("up")
    assert done.status == 2
    what_to_do = "name the folder that holds carrier.yaml, for example `--config config`"
    assert done.errors == f"nfemu: {stopped.config}: is not a folder; {what_to_do}\n"


def test_a_bad_reload_changes_nothing(serving: CarrierProcess) -> None:
    """A good change and a mistake in one go: both are left."""
    with serving.client() as client:
        client.restrict(NUMBER)
    running = serving.running
    before = [serving.verdict(number, NEWS) for number in (NUMBER, OTHER)]
    assert before == [302, 200]
    edit(serving.config / "policies.yaml", "pay.provider.example", "pay.provider.example, news.example")
    edit(serving.config / "policies.yaml", "trusted: true", "trusted: maybe")
    done = serving.nfemu("reload")
    assert done.status == 2
    assert done.errors == (
        f"nfemu: {serving.config}/policies.yaml:6: `groups.portal.trusted`: `maybe` is neither `true` nor `false`; "
        "write one of the two without quotes\n"
    )
    assert [serving.verdict(number, NEWS) for number in (NUMBER, OTHER)] == before
    assert "arrears/default" in serving.nfemu("explain", NUMBER, NEWS).text
    assert serving.running == running
    edit(serving.config / "policies.yaml", "trusted: maybe", "trusted: true")
    assert serving.nfemu("reload").status == 0
    assert [serving.verdict(number, NEWS) for number in (NUMBER, OTHER)] == [200, 200]


def test_a_good_reload_is_in_force_when_it_returns(serving: CarrierProcess) -> None:
    """Under traffic of a restricted line: a host is added to the payment group, and taken out again."""
    with serving.client() as client:
        client.restrict(NUMBER)
    policies = serving.config / "policies.yaml"
    for old, new, status in (
        ("pay.provider.example", "pay.provider.example, news.example", 200),
        ("pay.provider.example, news.example", "pay.provider.example", 302),
    ):
        edit(policies, old, new)
        with Traffic(serving, NUMBER, NEWS):
            done = serving.nfemu("reload")
            assert (done.status, done.errors) == (0, "")
            assert serving.verdict(NUMBER, NEWS) == status
        with Traffic(serving, NUMBER, NEWS) as surfing:
            pass
        assert set(surfing.answers) == {status}
        assert ("allow" in serving.nfemu("explain", NUMBER, NEWS).text.split("\n")[0]) == (status == 200)


def test_people_sites_and_headers_follow_a_reload(serving: CarrierProcess) -> None:
    people = serving.config / "subscribers.yaml"
    card = '  - {number: "13812340000", imsi: "460001381234000", balance: 9.00}'
    edit(people, "subscribers:\n", f"subscribers:\n{card}\n")
    edit(serving.config / "internet.yaml", "status: 500", "status: 503")
    edit(serving.config / "enrichment.yaml", "X-MSISDN: {", "X-Number: {")
    edit(people, "zhang: {balance: 30.00", "zhang: {balance: 99.00")
    assert serving.verdict("13812340000", NEWS) == 407
    assert serving.verdict(OTHER, "http://broken.example/") == 500
    done = serving.nfemu("reload")
    assert done.status == 0
    assert "subscribers.yaml: 13812340000: new card, account 8613812340000\n" in done.text
    assert "subscribers.yaml: account zhang: balance 30.00 → 99.00: not applied; an opening balance " in done.text
    assert "¥30.00" in serving.nfemu("subscriber", "show", NUMBER).text
    shown = serving.nfemu("subscriber", "show", "13812340000")
    assert "¥9.00" in shown.text
    assert status_of(serving.curl("13812340000", NEWS)) == 200
    assert serving.verdict(OTHER, "http://broken.example/") == 503
    portal = serving.curl(OTHER, "http://portal.carrier.example/")
    assert "138****8001" in portal.text
    forged = serving.curl(OTHER, "-H", f"X-Number: 86{NUMBER}", "http://portal.carrier.example/")
    assert "138****8001" in forged.text
    serving.kill()
    serving.up()
    assert status_of(serving.curl("13812340000", NEWS)) == 200


def test_a_listener_of_ones_own_follows_a_reload(serving: CarrierProcess) -> None:
    """Nothing else is disturbed while workers change over to it."""
    edit(serving.config / "carrier.yaml", '"13800138001": 8621', '"13800138001": 0\n    "13800138002": 0')
    with serving.client() as client:
        client.restrict("13800138002")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        edit(serving.config / "carrier.yaml", '"13800138002": 0', f'"13800138002": {number}')
        done = serving.nfemu("reload")
        assert (done.status, done.errors) == (1, in_use(number, "proxy.subscriber_listeners, 138****8002"))
        edit(serving.config / "carrier.yaml", f'"13800138002": {number}', '"13800138002": 0')
    with Traffic(serving, OTHER, NEWS) as surfing:
        assert serving.nfemu("reload").status == 0
    assert surfing.answers[200] > 0
    own = serving.running.subscriber_proxies
    shown = serving.nfemu("status").text
    assert all(f"line {number[2:]} {address}, " in shown for number, address in own.items())
    assert set(own) == {"8613800138000", "8613800138001", "8613800138002"}
    assert status_of(serving.curl("13800138002", NEWS)) == 302
    assert status_of(serving.curl(OTHER, NEWS)) == 200


def test_a_port_in_use_is_named_with_its_setting(stopped: CarrierProcess, tmp_path: Path) -> None:
    """Each of them; what was opened before it is closed again."""
    settings = {
        8600: "api.port",
        8610: "proxy.http_port",
        8611: "proxy.socks_port",
        8620: "proxy.subscriber_listeners, 138****8000",
        8621: "proxy.subscriber_listeners, 138****8001",
    }
    for wanted, setting in settings.items():
        with socket.create_server(("127.0.0.1", 0)) as taken:
            number = taken.getsockname()[1]
            changes = [("carrier.yaml", f": {each}", f": {number * (each == wanted)}") for each in settings]
            stopped.config = own_config(tmp_path / setting, ONE_WORKER, *changes)
            done = stopped.nfemu("up")
        assert (done.status, done.errors) == (1, in_use(number, setting))
        assert not stopped.state.status_file.exists()
        assert not [path for path in stopped.state.path.iterdir() if path.is_socket()]
        assert stopped.nfemu("down").text == "nfemu is not running\n"
    assert stopped.nfemu("up").status == 0
    assert len(stopped.workers()) == 1
