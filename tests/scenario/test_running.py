"""Playing scenarios step by step on a carrier behind its real API, and what is left out or fails, and how."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from nfemu.client import Client
from nfemu.client.values import Explanation
from nfemu.model.errors import Unavailable
from nfemu.model.subscriber import PdnType
from nfemu.scenario import watching
from nfemu.scenario.running import Carrier, play, seconds
from nfemu.scenario.shifts import Shifts
from nfemu.scenario.values import Needs, Result, Verdict
from nfemu.web.api.backend import NamedState
from tests.client.running import Running
from tests.client.running import carrier as carrier_in
from tests.fakes.world import World, catalogue, rules
from tests.scenario.making import scenario

ATTACHED = "name: x\nas: 13800138000\nsteps:\n  - attach: 13800138000\n"


@pytest.fixture
def carrier(running: Running, monkeypatch: pytest.MonkeyPatch) -> Carrier:
    monkeypatch.setattr(watching, "PATIENCE_S", 0.0)
    running.program.states.saved["initial"] = NamedState("initial")
    return Carrier(running.state)


def played(carrier: Carrier, folder: Path, steps: str, head: str = "") -> Result:
    return play(scenario(folder, f"name: x\nas: 13800138000\n{head}\nsteps:\n{steps}"), carrier)


def test_every_order_and_what_it_comes_to(carrier: Carrier, tmp_path: Path) -> None:
    steps = """
  - {attach: 13800138000, expect: {attached: true, effective: internet}}
  - {profile: inflight, expect: {effective: inflight}}
  - {profile: open, expect: {effective: internet}}
  - {restrict: 13800138000, expect: {effective: green, notices: [stopped]}}
  - {restore: 13800138000, expect: {effective: internet}}
  - {autodeduct: sign, expect: {events: agreement.signed}}
  - {autodeduct: revoke}
  - {charge: 59.00, expect: {standing: overdue}}
  - {pay: {by: api}, expect: {balance: 0.00}}
  - {pay: {by: api, amount: 5.00, as: 13800138000}, expect: {balance: 5.00}}
  - {explain: "http://news.example/", expect: {verdict: allow}}
  - {reload: true, expect: {changes: ""}}
  - {run: "sh -c 'echo $http_proxy'", expect: {exit: 0, prints: "13800138000:x@127.0.0.1:8610"}}
  - {detach: 13800138000, expect: {attached: false, effective: none}}
  - {get: "http://news.example/", expect: {failure: "*is detached*"}}
"""
    result = played(carrier, tmp_path, steps)
    assert (result.verdict, len(result.played)) == (Verdict.PASSED, 15), result.played[-1]


def test_a_failure_has_its_evidence_and_ends_it(carrier: Carrier, tmp_path: Path) -> None:
    steps = "  - attach: 13800138000\n  - {explain: 'http://a.example/', expect: {verdict: reject}}\n  - charge: 1.00\n"
    result = played(carrier, tmp_path, steps)
    failed = result.ended_at
    assert failed is not None
    assert (result.verdict, len(result.played), failed.step.number, failed.step.line) == (Verdict.FAILED, 2, 2, 6)
    assert isinstance(result.rule, Explanation)
    assert (result.rule.verdict, result.timeline[-1].name) == ("allow", "enforcement.acknowledged")


@pytest.mark.parametrize(
    ("steps", "rule"),
    [
        ("{charge: 59.00, expect: {standing: in credit}}", "arrears by order stop (cause: ledger), account overdue"),
        (
            "{restrict: 13800138000, expect: {notices: []}}",
            "arrears by order stop (cause: by hand), hold by hand: rest",
        ),
        ("{run: 'false'}", "open, account in credit"),
    ],
)
def test_a_failure_that_no_policy_decides_has_its_order(
    steps: str, rule: str, carrier: Carrier, tmp_path: Path
) -> None:
    result = played(carrier, tmp_path, f"  - attach: 13800138000\n  - {steps}\n")
    assert result.verdict is Verdict.FAILED
    assert str(result.rule).startswith(rule), result.rule


def test_a_number_that_nobody_has_is_found_before_the_first_step(carrier: Carrier, tmp_path: Path) -> None:
    """Unless it is meant to fail."""
    steps = "  - attach: 13800138000\n  - {charge: 59.00, as: 13999999999}\n"
    result = played(carrier, tmp_path, steps)
    said = "step 2 in line 6: no subscriber has the number `8613999999999`"
    assert (result.verdict, len(result.played), result.reason[: len(said)]) == (Verdict.FAILED, 0, said)
    meant = steps.replace("}", ', expect: {failure: "no subscriber has*"}}')
    assert played(carrier, tmp_path, meant).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{click: sms}", "refused: no message of 13800138000 has a link"),
        (
            "{pay: {by: api}}",
            "refused: nothing is due on the line of 13800138000; write `pay: {by: api, amount: …}` to",
        ),
        ("{dns: news.example}", "refused: a DNS question needs an IP line"),
        ("{expect: {attached: false}}", "true"),
    ],
)
def test_what_cannot_be_done_is_a_failure(step: str, said: str, carrier: Carrier, tmp_path: Path) -> None:
    result = played(carrier, tmp_path, f"  - attach: 13800138000\n  - {step}\n")
    failed = result.ended_at
    assert failed is not None
    assert said in failed.error + "".join(each.got for each in failed.mismatches)


def test_a_failure_on_nobodys_line(carrier: Carrier, tmp_path: Path) -> None:
    """There is no rule to tell, and no timeline."""
    result = play(scenario(tmp_path, "name: x\nsteps:\n  - load: nosuch\n"), carrier)
    assert result.ended_at is not None
    assert "there is no state `nosuch`" in result.ended_at.mismatches[0].got
    assert (result.rule, result.timeline) == (None, [])


def test_what_does_not_apply_is_left_out(carrier: Carrier, tmp_path: Path) -> None:
    whole = played(carrier, tmp_path, "  - charge: 1.00\n", "needs: bearer")
    assert (whole.verdict, whole.reason) == (
        Verdict.NOT_APPLICABLE,
        "lines have no IP interface here (access is by proxy)",
    )
    part = played(carrier, tmp_path, "  - {dns: a.example, needs: bearer}\n  - charge: 1.00\n")
    assert [each.verdict for each in part.played] == [Verdict.NOT_APPLICABLE, Verdict.PASSED]
    assert part.verdict is Verdict.PASSED


@pytest.mark.parametrize(("has", "lacks"), [(PdnType.IPV4, "IPv6"), (PdnType.IPV6, "IPv4")])
def test_what_needs_an_address_that_its_line_has_not_is_left_out(has: PdnType, lacks: str, tmp_path: Path) -> None:
    """As its session is at that step; a line without one fails by itself."""
    whole = catalogue()
    shelves = replace(whole, profiles={name: replace(each, pdn_type=has) for name, each in whole.profiles.items()})
    look = "  - {needs: IPv4, expect: {attached: true}}\n  - {needs: IPv6, expect: {attached: true}}\n"
    with carrier_in(tmp_path, World(rules(shelves=shelves))) as running:
        running.program.states.saved["initial"] = NamedState("initial")
        by_proxy = played(Carrier(running.state), tmp_path, look)
        running.state.publish(replace(running.state.status(), access="bearer: for tests"))
        result = played(Carrier(running.state), tmp_path, f"  - attach: 13800138000\n{look}")
        detached = played(Carrier(running.state), tmp_path, "  - {needs: IPv4, click: sms, as: 13800138001}\n")
    assert [each.verdict for each in by_proxy.played] == [Verdict.NOT_APPLICABLE] * 2
    left_out = [each for each in result.played if each.verdict is Verdict.NOT_APPLICABLE]
    assert [(each.step.written.needs, each.error) for each in left_out] == [(lacks, f"the line has no {lacks} address")]
    assert (result.verdict, detached.verdict) == (Verdict.PASSED, Verdict.FAILED)


def test_what_is_given(carrier: Carrier, nfemu: Client, tmp_path: Path) -> None:
    nfemu.attach("13800138000")
    nfemu.attach("13800138001")
    given = "given: {charged: {13800138000: 59.00}, detached: 13800138001}"
    result = played(carrier, tmp_path, "  - {expect: {standing: overdue}}\n", given)
    assert result.verdict is Verdict.PASSED
    line = nfemu.subscriber("13800138001")
    assert line.session is None or line.session.state == "released"
    wrong = played(carrier, tmp_path, "  - charge: 1.00\n", "given: {restricted: 13999999999}")
    assert wrong.verdict is Verdict.FAILED
    assert wrong.reason.startswith("what is given cannot be: no subscriber has the number `8613999999999`")


def test_a_line_is_captured_from_its_first_use(carrier: Carrier, nfemu: Client, tmp_path: Path) -> None:
    captured: list[object] = []

    @contextmanager
    def capture(number: str, file: Path) -> Iterator[None]:
        captured.append((number, file.name))
        yield
        captured.append("ended")

    nfemu.attach("13800138000")
    step = "  - {get: 'http://news.example/', expect: {refused: true}}\n"
    made = scenario(tmp_path, f"name: x\nas: 13800138000\nsteps:\n{step * 2}")
    play(replace(made, called="a-one"), replace(carrier, capture=capture))
    assert captured == [("8613800138000", "a-one-8613800138000.pcap"), "ended"]


def test_shifts(carrier: Carrier, running: Running, tmp_path: Path) -> None:
    """In order, each on a carrier that fits; a carrier is started once for what needs it."""
    texts = ["", "given: {carrier: other}", "", "given: {carrier: other}"]
    scenarios = [
        scenario(tmp_path, f"name: n{index}\n{given}\nsteps:\n  - {{charge: 1.00, as: 13800138000}}\n", f"{index}.yaml")
        for index, given in enumerate(texts)
    ]
    started: list[Needs] = []

    def start(needs: Needs) -> Carrier:
        started.append(needs)
        return carrier

    results: list[Result] = []
    Shifts([carrier, carrier], start).play_all(scenarios, results.append)
    names = [result.scenario.name for result in results]
    assert (names, started) == (["n0", "n1", "n2", "n3"], [Needs("other", ())])
    assert running.program.states.loaded == ["initial"] * 4

    with pytest.raises(Unavailable, match="no ports"):
        Shifts([carrier], fail).play_all(scenarios, results.append)


@pytest.mark.parametrize("step", ["run: bash -c 'exec 3<>/dev/tcp/$1; sleep 50' - {0}", "get: http://held.example/"])
def test_what_is_under_way_is_interrupted(step: str, carrier: Carrier, running: Running, tmp_path: Path) -> None:
    """A program, and a request to a proxy that says nothing: both hold a connection while they are under way."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        running.state.publish(replace(running.state.status(), http_proxy=place))
        done = "name: done\nas: 13800138001\nsteps:\n  - charge: 1.00\n"
        held = f"name: held\nas: 13800138000\nsteps:\n  - attach: 13800138000\n  - save: mine\n  - {step}\n"
        scenarios = [scenario(tmp_path, done), scenario(tmp_path, held.format(place.replace(":", "/")), "held.yaml")]
        results: list[Result] = []
        connections: list[socket.socket] = []

        def tell(result: Result) -> None:
            results.append(result)
            if not connections:
                connections.append(silent.accept()[0])
                raise SystemExit(143)

        with pytest.raises(SystemExit):
            Shifts([carrier, carrier], fail).play_all(scenarios, tell)
        with connections[0] as connection:
            connection.settimeout(20)
            while connection.recv(1000):
                """Until nobody holds it any more."""
    assert [result.verdict for result in results] == [Verdict.PASSED, Verdict.INTERRUPTED]
    assert [each.verdict for each in results[1].played[1:]] == [Verdict.PASSED, Verdict.INTERRUPTED]
    assert list(running.program.states.saved) == ["initial"], "what it had saved is gone"


def fail(_: Needs) -> Carrier:
    raise Unavailable("no ports")


def test_states(carrier: Carrier, running: Running, tmp_path: Path) -> None:
    """What is given begins with one, at the time that is said; a step saves one, or goes back to it."""
    given = 'given: {state: initial, clock: "2030-01-07T19:30:00+08:00"}'
    result = played(carrier, tmp_path, "  - save: here\n  - load: here\n  - load: nowhere\n", given)
    assert [each.verdict for each in result.played] == [Verdict.PASSED, Verdict.PASSED, Verdict.FAILED]
    assert running.program.states.loaded == ["initial at 2030-01-07T19:30:00+08:00", "scenario--here"]
    assert "there is no state `nowhere`" in result.played[-1].mismatches[0].got


def test_what_is_saved_is_the_scenario_s_own(carrier: Carrier, running: Running, tmp_path: Path) -> None:
    """A state of its user's that has the same name is another one, and stays."""
    mine = running.program.states.saved["here"] = NamedState("here")
    result = played(carrier, tmp_path, "  - load: here\n  - save: here\n  - load: here\n  - save: initial\n")
    assert running.program.states.loaded == ["initial", "here", "scenario--here"]
    assert result.verdict is Verdict.FAILED
    assert running.program.states.saved == {"initial": NamedState("initial"), "here": mine}


def test_spans() -> None:
    assert (seconds("1m30s"), seconds("2h"), seconds(None)) == (90, 7200, 0)
