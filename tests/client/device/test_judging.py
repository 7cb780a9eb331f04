"""How systems read answers: a table of them, and what comes of several."""

import pytest

from nfemu.client.device.judging import judge, needs_fallback, not_sent, read_api, read_check, read_question
from nfemu.client.device.table import DEVICES
from nfemu.client.device.values import Check, Finding, Question, Role, Sign, Verdict
from nfemu.client.line import Answer, Stage, Told
from nfemu.client.line.values import Record
from nfemu.policy.connectivity import CONNECTIVITY_CHECKS
from nfemu.web.origins.connectivity import CHECKS

LANDING = (("Location", "http://portal.carrier.example/green"),)
AS_EXPECTED = {
    "android": (204, b""),
    "ios": (200, b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>\n"),
    "windows": (200, b"Microsoft Connect Test"),
    "firefox": (200, b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'),
}
READ = {
    "android": {(302, b""): Sign.PORTAL, (200, b"page of its own"): Sign.PORTAL, (200, b"four"): Sign.FAILED},
    "ios": {(302, b""): Sign.PORTAL, (200, b"page of its own"): Sign.PORTAL, (429, b"too much"): Sign.PORTAL},
    "windows": {(302, b""): Sign.PORTAL, (200, b"page of its own"): Sign.PORTAL, (511, b"sign in"): Sign.FAILED},
    "firefox": {(302, b""): Sign.PORTAL, (200, b"page of its own"): Sign.PORTAL, (204, b""): Sign.FAILED},
}
FOR_ALL = {
    (200, b""): {"ios": Sign.PORTAL, "firefox": Sign.PORTAL},
    (503, b"later"): {"ios": Sign.PORTAL},
    (0, b""): {},
}


def answer(status: int, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    failure = "" if status else "refused"
    return Answer("http://any.example/", status, headers, body, Stage.ANSWER, failure, "", 1.0)


def first_check(device: str) -> Check:
    return next(probe for probe in DEVICES[device].probes if isinstance(probe, Check))


@pytest.mark.parametrize("device", list(DEVICES))
def test_answers(device: str) -> None:
    check = first_check(device)
    table = {AS_EXPECTED[device]: Sign.ONLINE, **READ[device]}
    table |= {came: signs.get(device, Sign.FAILED) for came, signs in FOR_ALL.items()}
    read = {(status, body): read_check(DEVICES[device], check, answer(status, body)).sign for status, body in table}
    assert read == table


@pytest.mark.parametrize("device", list(DEVICES))
def test_the_gateway_and_the_emulated_internet_know_every_check(device: str) -> None:
    """Else a landing page would be given a check to come back to, and an open line would look like a portal."""
    for probe in DEVICES[device].probes:
        if not isinstance(probe, Check):
            continue
        host, _, path = probe.url.partition("://")[2].partition("/")
        place = host, f"/{path.partition('?')[0]}"
        assert place in CONNECTIVITY_CHECKS
        came = CHECKS[place]
        assert read_check(DEVICES[device], probe, answer(came.status, came.body)).sign is Sign.ONLINE


def test_answers_in_words() -> None:
    device, check = DEVICES["ios"], first_check("ios")
    assert read_check(device, check, answer(302, b"x", LANDING)).got == f"302 to {LANDING[0][1]}"
    assert read_check(device, check, answer(0)).got == "refused"
    assert read_check(device, check, answer(204)).got == "204 without a body"
    long = read_check(device, check, answer(200, b"word " * 20))
    assert (long.expected, len(long.got), long.got[-2:]) == ("200 with `Success`", 47, "…`")
    assert str(first_check("android").expected) == "204 without a body"
    assert str(first_check("windows").expected) == "200 and nothing but `Microsoft Connect Test`"


def test_a_question() -> None:
    question = Question("dns.msftncsi.com", "A", "131.107.255.255")
    right = read_question(question, Told("NOERROR", (Record("A", 60, "131.107.255.255"),), ""))
    wrong = read_question(question, Told("NXDOMAIN", (), ""))
    assert (right.sign, right.got, right.probe) == (Sign.ONLINE, "131.107.255.255", "dns.msftncsi.com A")
    assert (wrong.sign, wrong.got) == (Sign.FAILED, "no such name")
    unasked = not_sent(question, "no line")
    assert (unasked.sign, unasked.role, unasked.expected) == (Sign.NOT_SENT, Role.INFORMS, "131.107.255.255")


CAPTIVE = (("Content-Type", "application/captive+json"),)


@pytest.mark.parametrize(
    ("came", "sign", "words"),
    [
        (answer(200, b'{"captive": false}', CAPTIVE), Sign.ONLINE, "captive: false"),
        (
            answer(200, b'{"captive": true, "user-portal-url": "https://portal.example/enter?ticket=x"}', CAPTIVE),
            Sign.PORTAL,
            "captive: true, https://portal.example/enter",
        ),
        (answer(200, b'{"captive": true}', CAPTIVE), Sign.PORTAL, "captive: true"),
        (answer(200, b'{"captive": 1}', CAPTIVE), Sign.FAILED, "no answer of that API"),
        (answer(200, b"[]", CAPTIVE), Sign.FAILED, "no answer of that API"),
        (answer(200, b"{", CAPTIVE), Sign.FAILED, "no answer of that API"),
        (answer(200, b'{"captive": true, "x": "%s"}' % (b"x" * 4096), CAPTIVE), Sign.FAILED, "no answer of that API"),
        (answer(200, b'{"captive": true}'), Sign.FAILED, "no answer of that API"),
        (answer(404, b'{"captive": true}', CAPTIVE), Sign.FAILED, "no answer of that API"),
        (answer(0), Sign.FAILED, "refused, which is no answer of that API"),
    ],
)
def test_the_captive_portal_api(came: Answer, sign: Sign, words: str) -> None:
    finding = read_api("https://portal.example/api", came)
    assert (finding.sign, words in finding.got) == (sign, True), finding.got


def found(*signs: Sign | tuple[Sign, Role], scheme: str = "http") -> list[Finding]:
    each = [sign if isinstance(sign, tuple) else (sign, Role.DECIDES) for sign in signs]
    return [
        Finding(f"{scheme if number == 0 else 'http'}://{number}.example/", role, "", "came", sign)
        for number, (sign, role) in enumerate(each)
    ]


@pytest.mark.parametrize(
    ("findings", "verdict", "why"),
    [
        (found(Sign.ONLINE, Sign.ONLINE), Verdict.ONLINE, "http://0.example/ is answered as expected"),
        (found(Sign.FAILED, Sign.PORTAL), Verdict.SIGN_IN, "http://1.example/ is answered with came"),
        (found(Sign.ONLINE, (Sign.PORTAL, Role.INFORMS)), Verdict.ONLINE, "http://0"),
        (found(Sign.FAILED, (Sign.PORTAL, Role.FALLBACK)), Verdict.SIGN_IN, "http://1"),
        (found(Sign.FAILED, Sign.ONLINE), Verdict.ONLINE, "http://1"),
        (found(Sign.FAILED, Sign.ONLINE, scheme="https"), Verdict.PARTIAL, "though https://0.example/ is not: came"),
        (found(Sign.FAILED, Sign.FAILED), Verdict.NO_INTERNET, "http://0.example/: came, which is no portal"),
        (found(Sign.NOT_SENT), Verdict.NO_INTERNET, "nothing was sent"),
    ],
)
def test_verdicts(findings: list[Finding], verdict: Verdict, why: str) -> None:
    got, because = judge(findings)
    assert (got, why in because) == (verdict, True), because


def test_when_fallbacks_are_sent() -> None:
    assert needs_fallback(found(Sign.FAILED, Sign.ONLINE))
    assert not needs_fallback(found(Sign.FAILED, Sign.PORTAL))
    assert not needs_fallback(found(Sign.ONLINE, (Sign.FAILED, Role.INFORMS)))
