"""Reading answers as an operating system does. No I/O: one answer at a time, then all that came together."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from nfemu.client.device.values import Check, Device, Expected, Finding, Question, Role, Sign, Verdict
from nfemu.client.line import Answer, Told

API_MOST = 4096
"""Octets of the captive-portal API's answer that Android reads."""
_SHOWN = 40


def read_check(device: Device, check: Check, answer: Answer) -> Finding:
    return Finding(check.url, check.role, str(check.expected), _came(answer), _sign(device, check.expected, answer))


def read_question(question: Question, told: Told) -> Finding:
    fits = question.address in map(str, told.addresses)
    got = ", ".join(map(str, told.addresses)) or told.sign
    return Finding(_asked(question), question.role, question.address, got, Sign.ONLINE if fits else Sign.FAILED)


def read_api(url: str, answer: Answer) -> Finding:
    """RFC 8908 section 5."""
    expected = "captive: false"
    said = _said_by_api(answer)
    captive = said.get("captive")
    if not isinstance(captive, bool):
        return Finding(url, Role.DECIDES, expected, f"{_came(answer)}, which is no answer of that API", Sign.FAILED)
    got = f"captive: {str(captive).lower()}"
    if captive and (page := said.get("user-portal-url")):
        got = f"{got}, {str(page).partition('?')[0]}"
    return Finding(url, Role.DECIDES, expected, got, Sign.PORTAL if captive else Sign.ONLINE)


def not_sent(probe: Check | Question, why: str) -> Finding:
    if isinstance(probe, Check):
        return Finding(probe.url, probe.role, str(probe.expected), why, Sign.NOT_SENT)
    return Finding(_asked(probe), probe.role, probe.address, why, Sign.NOT_SENT)


def needs_fallback(findings: Sequence[Finding]) -> bool:
    """Whether those that decide have found no portal, and not everything that they asked for."""
    deciding = [each for each in findings if each.role is Role.DECIDES]
    return not any(each.sign is Sign.PORTAL for each in deciding) and any(each.sign is Sign.FAILED for each in deciding)


def judge(findings: Sequence[Finding]) -> tuple[Verdict, str]:
    """And why. A portal that any has found outranks the rest; `INFORMS` is not asked."""
    asked = [each for each in findings if each.role is not Role.INFORMS and each.sign is not Sign.NOT_SENT]
    portal = next((each for each in asked if each.sign is Sign.PORTAL), None)
    if portal is not None:
        return Verdict.SIGN_IN, f"{portal.probe} is answered with {portal.got}"
    failed = next((each for each in asked if each.sign is Sign.FAILED and each.role is Role.DECIDES), None)
    online = next((each for each in asked if each.sign is Sign.ONLINE), None)
    if online is None:
        why = f"{failed.probe}: {failed.got}, which is no portal" if failed is not None else "nothing was sent"
        return Verdict.NO_INTERNET, why
    if failed is not None and urlsplit(failed.probe).scheme == "https":
        return Verdict.PARTIAL, f"{online.probe} is as expected, though {failed.probe} is not: {failed.got}"
    return Verdict.ONLINE, f"{online.probe} is answered as expected"


def _sign(device: Device, expected: Expected, answer: Answer) -> Sign:
    if not answer.status:
        return Sign.FAILED
    if answer.status == expected.status and _has(expected, answer.body):
        return Sign.ONLINE
    is_portal = any(answer.status in statuses for statuses in device.portal)
    if answer.status == 200 and len(answer.body) < device.least_body:
        return Sign.FAILED
    return Sign.PORTAL if is_portal else Sign.FAILED


def _has(expected: Expected, body: bytes) -> bool:
    return expected.body in body if expected.contains else body == expected.body


def _said_by_api(answer: Answer) -> Mapping[str, Any]:
    """Nothing where it is no answer of such an API."""
    kind = (answer.header("content-type") or "").partition(";")[0].strip()
    if answer.status != 200 or kind != "application/captive+json":
        return {}
    try:
        said = json.loads(answer.body[:API_MOST])
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _came(answer: Answer) -> str:
    if not answer.status:
        return answer.failure
    if answer.location is not None:
        return f"{answer.status} to {answer.location}"
    text = " ".join(answer.text.split())
    if not text:
        return f"{answer.status} without a body"
    return f"{answer.status} `{text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…'}`"


def _asked(question: Question) -> str:
    return f"{question.name} {question.kind}"
