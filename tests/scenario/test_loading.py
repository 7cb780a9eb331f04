"""What may be written, and what is said of what may not."""

from pathlib import Path

import pytest

from nfemu.files.findings import ConfigurationError
from nfemu.scenario.loading import ACTS, OF_THE_LINE, load_all
from nfemu.scenario.schema import Expect, Step
from nfemu.scenario.values import Act, Needs
from tests.journeys.carrier import CONFIG
from tests.scenario.making import scenario

WHOLE = """\
    name: a journey
    about: for
      readers
    needs: bearer
    given:
      restricted: 13800138000
      settings: {dunning.restricted_profile: barred}
    steps:
      - get: http://news.example/
        as: 13800138000
        headers: {X-A: "1", X-B: [a, b]}
        expect: {status: 302, shows: text, notices: [stopped, {restored: "*¥*"}]}
      - pay: 29.00
      - run: curl -H 'A:b c' http://news.example/
      - expect: {balance: 0.00}
    """


def test_a_scenario(tmp_path: Path) -> None:
    read = scenario(tmp_path, WHOLE)
    assert (read.name, read.about, read.needs_bearer, read.line) == ("a journey", "for readers", True, None)
    assert [step.line for step in read.steps] == [9, 13, 14, 15]
    first, pay, run, look = read.steps
    assert (first.act, first.written.line) == (Act("get", "http://news.example/"), "13800138000")
    assert first.written.headers == {"X-A": ["1"], "X-B": ["a", "b"]}
    assert first.written.expect.notices == [{"stopped": "*"}, {"restored": "*¥*"}]
    assert (pay.written.pay is not None and pay.written.pay.amount, pay.as_written) == ("29.00", "pay amount 29.00")
    assert (run.written.run, run.as_written) == (
        ["curl", "-H", "A:b c", "http://news.example/"],
        "run curl -H A:b c http://news.example/",
    )
    assert (look.act, look.as_written) == (None, "expect")
    assert read.given.restricted == ["13800138000"]
    assert Needs.of(read.given) == Needs(None, ("dunning.restricted_profile=barred",))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{gett: http://a.example/}", "3: unknown key `gett` in `steps[1]`; did you mean `get`?"),
        (
            "{get: 'http://a.example/', post: 'http://a.example/'}",
            "3: a step does one thing, and this one does `get`, `post`; make it two steps",
        ),
        ("{expect: {}}", "3: this step does nothing; write one of `advance`, `attach`"),
        ("{as: 13800138000}", "3: this step does nothing; "),
        (
            "{attach: 13800138000, headers: {a: b}}",
            "3: `headers` says nothing here; it belongs to `get`, `head`",
        ),
        ("{dns: a.example, expect: {status: 200}}", "3: `status` cannot be expected here; possible are `answer`"),
        (
            "{get: 'http://a.example/', expect: {status: ok}}",
            "3: `steps[1].expect.status`: `ok` is not a whole number; write one",
        ),
        (
            "{get: 'http://a.example/', expect: {stats: 1}}",
            "3: unknown key `stats` in `steps[1].expect`; did you mean `status`?",
        ),
        ("{attach: phone}", "3: `steps[1].attach`: `phone` does not have the form that is needed here, for example"),
        ("{pay: {amout: 1}}", "3: unknown key `amout` in `steps[1].pay`; did you mean `amount`?"),
        ("{bank: maybe}", "3: `steps[1].bank`: `maybe` is not possible here; write one of `accept`"),
        ('{run: "curl \'x"}', "3: `steps[1].run`: `curl 'x` has an open quote (No closing quotation); close it"),
        ("{advance: soon}", "3: `steps[1].advance`: `soon` does not have the form"),
        ("{reload: false}", "3: `steps[1].reload`: `false` does nothing; write `true`, or leave the step out"),
        (
            "{dns: a.example, kind: FOO}",
            "3: `steps[1].kind`: records of kind `FOO` cannot be asked for; write a kind like AAAA, or a number",
        ),
        ("{run: 'true', expect: {prints: []}}", "3: `steps[1].expect.prints`: is empty; write at least one"),
        ("{attach: 13800138000, expect: {used: {}}}", "3: `steps[1].expect.used`: is empty; write at least one"),
        ("{attach: 13800138000, expect: {failure: ''}}", "3: `steps[1].expect.failure`: is empty; write a text"),
        ("{tcp: nowhere}", "3: `steps[1].tcp`: `nowhere` names no port; write it like 192.0.2.1:22"),
        ("{tcp: 'a.example:99999'}", "3: `steps[1].tcp`: `a.example:99999` has a port that does not exist; write one"),
        ("[" * 5000, "3: has more than 50 lists and mappings inside each other, which nothing here needs; take some"),
        ("{get: a.example}", "3: `steps[1].get`: `a.example` is no URL that can be asked for; write it like https://"),
        ("{get: 'ftp://a.example/'}", "3: `steps[1].get`: `ftp://a.example/` is no URL that can be asked for"),
        ("{get: 'http://a.example:99999/'}", "3: `steps[1].get`: `http://a.example:99999/` is no URL that can be"),
        ("{attach: 99999}", "3: `steps[1].attach`: `99999` is not a phone number; write it like 13800138000"),
        ("{save: ../x}", "3: `steps[1].save`: `../x` is not the name of a state; write it like after-payment"),
        ("{charge: 1.00}", "3: it is not said whose line `charge` is for; write `as: 13800138000` with the step"),
        ("{reload: true, expect: {attached: true}}", "3: it is not said whose line `reload` is for"),
        ("{expect: {attached: true}}", "3: it is not said whose line this step is for"),
        (
            "{attach: 13800138000, expect: {notices: [stoped]}}",
            "3: `steps[1].expect.notices[1].stoped`: `stoped` is no kind of message; did you mean `stopped`?",
        ),
        (
            "{attach: 13800138000, expect: {events: [hss.permitted, order.dnoe]}}",
            "3: `steps[1].expect.events[2]`: `order.dnoe` is no event; did you mean `order.done`?",
        ),
        (
            "{attach: 13800138000, expect: {events: xyzzy}}",
            "3: `steps[1].expect.events[1]`: `xyzzy` is no event; write one of `agreement.provider_not_told`",
        ),
        ('{get: "http://a.example/", headers: {a b: c}}', "3: `steps[1].headers.a b`: `a b` is not the name of a"),
        (
            '{get: "http://a.example/", headers: {a: "b\\nc"}}',
            "3: `steps[1].headers.a[1]`: `b c` cannot be sent as a header; write one line of Latin letters",
        ),
    ],
)
def test_mistakes(step: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        scenario(tmp_path, f"name: x\nsteps:\n  - {step}\n")
    assert str(refused.value).removeprefix(f"{tmp_path}/one.yaml:").startswith(said), str(refused.value)


@pytest.mark.parametrize("clock", ["yesterday", "2026-13-01"])
def test_a_clock_that_is_no_moment(clock: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"one.yaml:2: `given.clock`: `{clock}` is not a moment; write it lik"):
        scenario(tmp_path, f"name: x\ngiven: {{clock: {clock}}}\nsteps: [{{attach: 13800138000}}]\n")


def test_all_mistakes_of_all_files_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: a\n")
    (tmp_path / "b.yaml").write_text("name: b\nsteps: [\n")
    with pytest.raises(ConfigurationError) as refused:
        load_all([tmp_path])
    lines = str(refused.value).splitlines()
    assert [line.partition("/")[2] and line.split(".yaml")[0][-1] for line in lines] == ["a", "b"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="has no scenario"):
        load_all([tmp_path / "empty"])


def test_files_of_one_name_are_called_otherwise(tmp_path: Path) -> None:
    text = "name: x\nsteps: [{attach: 13800138000}]\n"
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.yaml").write_text(text)
    read = load_all([tmp_path / "a", tmp_path / "b/x.yaml", tmp_path / "a"])
    assert [each.called for each in read] == ["a-x", "b-x", "a-x-2"]


def test_every_key_is_known_to_the_table() -> None:
    """What is done, how, and what can be expected of it."""
    how = frozenset().union(*(how for how, _ in ACTS.values()))
    assert set(Step.model_fields) == set(ACTS) | how | {"line", "needs", "expect"}
    assert frozenset().union(OF_THE_LINE, *(of_it for _, of_it in ACTS.values())) == set(Expect.model_fields)


def test_the_shipped_scenarios_can_be_read() -> None:
    shipped = load_all([CONFIG / "scenarios"])
    assert len({each.name for each in shipped}) == len(shipped) >= 20
    for each in shipped:
        rule = each.name.partition(" ")[0]
        assert each.file.name.replace("0", "").startswith(rule.replace("0", "")), each.file.name
