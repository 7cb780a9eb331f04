"""What was expected beside what came, for every kind of expectation: it fits, and it can fail."""

import json
from typing import Any

import pytest

from nfemu.client.line import Heard, Ran, Stage, Told
from nfemu.client.line.values import Record
from nfemu.client.values import Explanation
from nfemu.scenario.acting import Outcome
from nfemu.scenario.expecting import compare
from nfemu.scenario.matching import contains, matches
from nfemu.scenario.schema import Expect
from tests.scenario.making import answer, failed

SITE = answer(
    body=json.dumps({"headers": [["Host", "news.example"], ["x-msisdn", "8613800138000"], ["X_Other", "1"]]}),
    content_type="application/json",
)
TWICE = answer(
    body=json.dumps({"headers": [["X-Twice", "1"], ["x-twice", "12"]]}),
    content_type="application/json",
)
REDIRECT = answer(302, location="http://portal.example/green?url=x")
REFUSED = Outcome(answer=failed("CONNECT answered with 403", Stage.TUNNEL, 403))
EXPLAINED = Explanation("d", "p", "reject", False, "arrears/default", "r", "s", [], "", [], [])


def told(*addresses: str, rcode: str = "NOERROR") -> Outcome:
    return Outcome(told=Told(rcode, tuple(Record("A", 5, each) for each in addresses), ""))


def heard(data: bytes = b"", failure: str = "") -> Outcome:
    return Outcome(heard=Heard(data, Stage.ANSWER, 0, (), failure, "192.0.2.1"))


@pytest.mark.parametrize(
    ("expect", "outcome", "fits"),
    [
        ({"status": 302}, Outcome(answer=REDIRECT), True),
        ({"status": 200}, Outcome(answer=REDIRECT), False),
        ({"status": 200}, Outcome(answer=failed("reset")), False),
        ({"redirect": "http://portal.example/*"}, Outcome(answer=REDIRECT), True),
        ({"redirect": "http://portal.example/green"}, Outcome(answer=REDIRECT), False),
        ({"redirect": "*"}, Outcome(answer=answer()), False),
        ({"arrives": "http://news.*"}, Outcome(answer=answer()), True),
        ({"arrives": "http://portal*"}, Outcome(answer=answer()), False),
        ({"arrives": "*", "refused": True}, REFUSED, False),
        ({"arrives": "*"}, Outcome(), False),
        ({"refused": True}, REFUSED, True),
        ({"refused": True}, Outcome(answer=failed("reset", Stage.TLS)), True),
        ({"refused": True}, Outcome(answer=failed("no answer in time")), False),
        ({"refused": False}, Outcome(answer=answer()), True),
        ({"refused": False}, REFUSED, False),
        ({"refused": True}, heard(failure="refused"), True),
        ({"refused": True}, heard(), False),
        ({"failure": "no such *"}, Outcome(answer=failed("no such name", Stage.NAME)), True),
        ({"failure": "*"}, Outcome(refusal="it is detached"), True),
        ({"failure": "refused"}, Outcome(answer=answer()), False),
        ({"failure": "*"}, Outcome(answer=answer()), False),
        ({"failure": "*"}, Outcome(), False),
        ({"failure": "*"}, told("198.18.0.16"), False),
        ({"failure": "exit 3: *"}, Outcome(ran=Ran(3, "", "err")), True),
        ({"failure": "*"}, Outcome(ran=Ran(0, "", "err")), False),
        ({"shows": ["a*c", "d"]}, Outcome(answer=answer(body="xabcd")), True),
        ({"shows": ["e"]}, Outcome(answer=answer(body="xabcd")), False),
        ({"hides": ["e"]}, Outcome(answer=answer(body="xabcd")), True),
        ({"hides": ["a*d"]}, Outcome(answer=answer(body="xabcd")), False),
        ({"shows": ["pong"]}, heard(b"pong"), True),
        ({"headers": {"X-A": "1*"}}, Outcome(answer=answer(X_A="12")), True),
        ({"headers": {"X-A": "2"}}, Outcome(answer=answer(X_A="12")), False),
        ({"headers": {"X-A": "*"}}, Outcome(answer=answer(X_A="")), True),
        ({"headers": {"X-Nope": "*"}}, Outcome(answer=answer(X_A="12")), False),
        ({"received": {"X-MSISDN": "86*"}}, Outcome(answer=SITE), True),
        ({"received": {"X-MSISDN": "85*"}}, Outcome(answer=SITE), False),
        ({"received": {"X-Other": "1"}}, Outcome(answer=SITE), False),
        ({"received": {"X-Twice": "*"}}, Outcome(answer=TWICE), True),
        ({"received": {"X-Twice": "1*"}}, Outcome(answer=TWICE), False),
        ({"received": {"X-Nothing": "*"}}, Outcome(answer=SITE), False),
        ({"received": {"Host": "*"}}, Outcome(answer=answer(body="none")), False),
        ({"not_received": ["X-ACR", "8613800138001"]}, Outcome(answer=SITE), True),
        ({"not_received": ["x_msisdn"]}, Outcome(answer=SITE), False),
        ({"not_received": ["x-other"]}, Outcome(answer=SITE), False),
        ({"not_received": ["13800138000"]}, Outcome(answer=SITE), False),
        ({"not_received": ["X-A"]}, Outcome(answer=answer(body="{", content_type="application/json")), False),
        ({"answer": ["real"]}, told("198.18.0.16"), True),
        ({"answer": ["198.18.0.16"]}, told("198.18.0.16"), True),
        ({"answer": ["198.18.0.17"]}, told("198.18.0.16"), False),
        ({"answer": ["sinkhole"]}, told("100.100.0.16"), True),
        ({"answer": ["real"]}, told("100.100.0.16"), False),
        ({"answer": ["no data"]}, told(), True),
        ({"answer": ["no such name"]}, told(rcode="NXDOMAIN"), True),
        ({"answer": ["real"]}, Outcome(), False),
        ({"exit": 3, "prints": ["out", "err"]}, Outcome(ran=Ran(3, "out", "err")), True),
        ({"exit": 0}, Outcome(ran=Ran(3, "out", "err")), False),
        ({"prints": ["else"]}, Outcome(ran=Ran(0, "out", "err")), False),
        ({"prints": ["out"]}, Outcome(ran=Ran(3, "out", "err")), False),
        ({}, Outcome(ran=Ran(127, "", "`nope` is not a program on PATH")), False),
        ({}, Outcome(ran=Ran(0, "", "")), True),
        ({"verdict": "reject", "rule": "arrears/*"}, Outcome(explanation=EXPLAINED), True),
        ({"verdict": "allow"}, Outcome(explanation=EXPLAINED), False),
        ({"rule": "open/*"}, Outcome(explanation=EXPLAINED), False),
        ({"changes": ["profile*arrears"]}, Outcome(changes=("policies.yaml: profile arrears: x",)), True),
        ({"changes": ["group"]}, Outcome(), False),
        ({"changes": []}, Outcome(), True),
        ({"changes": []}, Outcome(changes=("policies.yaml: profile arrears: x",)), False),
        ({}, Outcome(refusal="it is barred"), False),
        ({}, Outcome(answer=failed("reset")), False),
        ({"hides": ["a"]}, Outcome(answer=failed("reset")), False),
        ({}, heard(failure="refused"), False),
        ({}, Outcome(told=Told("", (), "silence")), False),
        ({}, Outcome(answer=answer(500)), True),
    ],
)
def test_expectations(expect: dict[str, Any], outcome: Outcome, fits: bool) -> None:
    found = compare(Expect.model_validate(expect), outcome)
    assert (not found) == fits, found
    assert all(each.what in {*expect, "done"} and each.expected and each.got for each in found)


@pytest.mark.parametrize(
    ("pattern", "text", "whole", "part"),
    [
        ("abc", "abc", True, True),
        ("b", "abc", False, True),
        ("a*c.", "abbbc.", True, True),
        ("a*c.", "abbbcd", False, False),
        ("a*", "ab", True, True),
        ("*b", "ab", True, True),
        ("*", "", True, True),
        ("**", "a", True, True),
        ("a*a", "a", False, False),
        ("a*b*c", "a1b2c", True, True),
        ("a*b*c", "acb", False, False),
        ("b*\nd", "abc\nde", False, True),
        ("b.", "abc", False, False),
    ],
)
def test_patterns(pattern: str, text: str, whole: bool, part: bool) -> None:
    assert (matches(pattern, text), contains(pattern, text)) == (whole, part)


def test_patterns_go_through_a_text_once() -> None:
    """With a regular expression this would take for ever."""
    assert not contains("138" + "*" * 9 + "8001", "138****8000" * 10_000)
