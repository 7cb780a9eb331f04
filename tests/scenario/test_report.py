"""What came of scenarios, for people and for programs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from nfemu.client.values import Event, Explanation
from nfemu.scenario.report.junit import junit
from nfemu.scenario.report.page import page
from nfemu.scenario.report.text import failure, headline, summary
from nfemu.scenario.values import Mismatch, Played, Result, Verdict
from tests.scenario.making import scenario

AT = datetime(2026, 11, 1, 8, tzinfo=UTC)
RULE = Explanation("http://a.example:80", "arrears", "redirect", False, "arrears/default", "why", "s", [], "", [], [])


@pytest.fixture
def results(tmp_path: Path) -> Sequence[Result]:
    read = scenario(
        tmp_path, "name: G4 <b>&\nsteps:\n  - {get: http://a.example/, as: 13800138000}\n  - {detach: 13800138000}\n"
    )
    read = replace(read, called="a-one")
    first, second = read.steps
    good = Played(first, "1380", Verdict.PASSED, (), "", 12.0)
    left_out = Played(second, "1380", Verdict.NOT_APPLICABLE, (), "lines have no IP interface", 0)
    bad = Played(first, "1380", Verdict.FAILED, [Mismatch("status", "302", "<script>\x0b 200")], "", 12.0)
    undone = Played(second, None, Verdict.FAILED, (), "there is no way", 1.0)
    cut = Played(second, "1380", Verdict.INTERRUPTED, (), "", 1.0)
    event = Event("order.created", AT, 1.5, "c", {"kind": "stop"})
    return [
        Result(read, Verdict.PASSED, [good, left_out], "", 1500),
        Result(read, Verdict.FAILED, [good, bad], "", 2000, RULE, [event]),
        Result(read, Verdict.FAILED, [undone], "", 10, "arrears by order stop"),
        Result(read, Verdict.FAILED, (), "what is given cannot be: no such number", 10),
        Result(read, Verdict.NOT_APPLICABLE, (), "lines have no IP interface", 0),
        Result(read, Verdict.INTERRUPTED, [good, cut], "", 10),
        Result(read, Verdict.INTERRUPTED, (), "before its first step", 0),
    ]


def test_for_people(results: Sequence[Result]) -> None:
    assert [headline(result) for result in results] == [
        "ok    G4 <b>&  (1.5 s, without 1 of 2 steps: lines have no IP interface)",
        "FAIL  G4 <b>&  (2.0 s)",
        "FAIL  G4 <b>&  (0.0 s)",
        "FAIL  G4 <b>&  (0.0 s)",
        "n/a   G4 <b>&: lines have no IP interface",
        "cut   G4 <b>&  (0.0 s)",
        "cut   G4 <b>&  (0.0 s)",
    ]
    assert summary(results) == "1 passed, 3 failed, 1 not applicable, 2 interrupted"
    file = results[0].scenario.file
    assert list(failure(results[1])) == [
        f"{file}:3: step 1: get http://a.example/",
        "  status",
        "    expected  302",
        "    got       <script>\x0b 200",
        "  rule      arrears/default: redirect http://a.example:80 (why)",
        "  timeline of 1380:",
        "    08:00:00      1.5 ms  order.created  kind stop",
    ]
    assert list(failure(results[2])) == [
        f"{file}:4: step 2: detach 13800138000",
        "  could not be done: there is no way",
        "  rule      arrears by order stop",
    ]
    assert list(failure(results[3])) == [f"{file}: what is given cannot be: no such number"]
    assert list(failure(results[4])) == []
    assert list(failure(results[5])) == [f"{file}:4: interrupted in step 2: detach 13800138000"]
    assert list(failure(results[6])) == [f"{file}: interrupted before its first step"]


def test_for_build_servers(results: Sequence[Result]) -> None:
    document = fromstring(junit(results).partition("?>")[2])
    suite = document.find("testsuite")
    assert suite is not None
    assert (
        suite.get("tests"),
        suite.get("failures"),
        suite.get("errors"),
        suite.get("skipped"),
        suite.get("time"),
    ) == (
        *("7", "3", "2", "1"),
        "3.530",
    )
    cases = suite.findall("testcase")
    assert (cases[0].get("name"), cases[0].get("classname"), len(cases[0])) == ("G4 <b>&", "a-one", 0)
    failed = cases[1].find("failure")
    assert failed is not None
    assert failed.text is not None
    assert (failed.get("message") or "").endswith("one.yaml:3: step 1: get http://a.example/")
    assert "got       <script>\ufffd 200" in failed.text
    skipped = cases[4].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "lines have no IP interface"
    interrupted = cases[5].find("error")
    assert interrupted is not None
    assert (interrupted.get("message") or "").endswith("one.yaml:4: interrupted in step 2: detach 13800138000")


def test_a_page_that_needs_nothing_and_runs_nothing(results: Sequence[Result]) -> None:
    made = page(results, "proxy: for tests", AT)
    assert "default-src 'none'; style-src 'sha256-" in made
    assert "<script" not in made.replace("&lt;script", "")
    assert ("src=" in made, "href=" in made, "url(" in made, " style=" in made) == (False,) * 4
    for text in ("G4 &lt;b&gt;&amp;", "&lt;script&gt;", "arrears/default", "order.created", "not applicable"):
        assert text in made
    assert f"{results[1].scenario.file}:3: step 1: get http://a.example/" in made
    assert f"{results[5].scenario.file}:4: interrupted in step 2: detach" in made
