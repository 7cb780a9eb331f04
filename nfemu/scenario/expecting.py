"""What was expected of a step beside what came of it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nfemu.client.line import Answer, Ran
from nfemu.scenario.acting import Outcome
from nfemu.scenario.matching import contains, matches
from nfemu.scenario.schema import Expect
from nfemu.scenario.values import Mismatch

_NOTHING, _ANYTHING = "nothing", "*"
_SHOWN = 300
"""Characters of an answer in a report."""


def compare(expect: Expect, outcome: Outcome) -> list[Mismatch]:
    """Of what the step itself gave; the line's state is looked at elsewhere."""
    found = [_refusal(expect, outcome)]
    for name, check in _CHECKS.items():
        wanted = getattr(expect, name)
        if wanted is not None:
            found.append(check(wanted, outcome))
    return [each for each in found if each is not None]


def _refusal(expect: Expect, outcome: Outcome) -> Mismatch | None:
    """What fails unasked is a failure of the step, and what is expected to fail must."""
    if expect.failure is not None:
        failure = _failure(outcome)
        fits = failure != "" and matches(expect.failure, failure)
        return _unless(fits, "failure", expect.failure, failure or "no failure")
    if outcome.refusal:
        return Mismatch("done", "done", f"refused: {outcome.refusal}")
    if outcome.ran is not None and outcome.ran.status and expect.exit is None:
        return Mismatch("done", "exit 0", _ended(outcome.ran))
    given = outcome.answer or outcome.heard or outcome.told
    lost = given.failure if given is not None else ""
    unasked = expect.status is None and expect.refused is None and expect.answer is None
    return Mismatch("done", "an answer", lost) if lost and unasked else None


def _failure(outcome: Outcome) -> str:
    if outcome.told is not None:
        return outcome.told.sign
    if outcome.ran is not None:
        return f"exit {_ended(outcome.ran)}" if outcome.ran.status else ""
    given = outcome.answer or outcome.heard
    return outcome.refusal or (given.failure if given is not None else "")


def _status(wanted: int, outcome: Outcome) -> Mismatch | None:
    answer = outcome.answer
    got = answer.status if answer is not None else 0
    return _unless(got == wanted, "status", str(wanted), _as_answered(outcome))


def _redirect(wanted: str, outcome: Outcome) -> Mismatch | None:
    location = outcome.answer.location if outcome.answer is not None else None
    fits = location is not None and matches(wanted, location)
    return _unless(fits, "redirect", wanted, location or f"no redirect: {_as_answered(outcome)}")


def _arrives(wanted: str, outcome: Outcome) -> Mismatch | None:
    answer = outcome.answer
    fits = answer is not None and not answer.failure and matches(wanted, answer.url)
    return _unless(fits, "arrives", wanted, f"{_as_answered(outcome)} at {answer.url}" if answer else _NOTHING)


def _refused(wanted: bool, outcome: Outcome) -> Mismatch | None:
    given = outcome.answer or outcome.heard
    got = given is not None and given.refused
    return _unless(got == wanted, "refused", "refused at once" if wanted else "not refused", _as_answered(outcome))


def _shows(wanted: Sequence[str], outcome: Outcome) -> Mismatch | None:
    return _in_text("shows", wanted, outcome)


def _prints(wanted: Sequence[str], outcome: Outcome) -> Mismatch | None:
    return _in_text("prints", wanted, outcome)


def _in_text(what: str, wanted: Sequence[str], outcome: Outcome) -> Mismatch | None:
    text = _text(outcome)
    missing = [pattern for pattern in wanted if not contains(pattern, text)]
    return _unless(not missing, what, _quoted(missing), _cut(text) or _as_answered(outcome))


def _hides(wanted: Sequence[str], outcome: Outcome) -> Mismatch | None:
    text = _text(outcome)
    there = [pattern for pattern in wanted if contains(pattern, text)]
    return _unless(not there, "hides", f"no {_quoted(there)}", _cut(text))


def _headers(wanted: Mapping[str, str], outcome: Outcome) -> Mismatch | None:
    """A header that is not there is like nothing, `*` neither."""
    answer = outcome.answer
    got = {name: answer.header(name) if answer is not None else None for name in wanted}
    wrong = {name: pattern for name, pattern in wanted.items() if not _fits(pattern, got[name])}
    there = [(name, value) for name in wrong if (value := got[name]) is not None]
    return _unless(not wrong, "headers", _fields(wrong.items()), _fields(there) or "none of them")


def _fits(pattern: str, value: str | None) -> bool:
    return value is not None and matches(pattern, value)


def _received(wanted: Mapping[str, str], outcome: Outcome) -> Mismatch | None:
    """Exactly one of each name, in that spelling or another case; where it may be anything, at least one."""
    fields = received_by_site(outcome.answer)
    if fields is None:
        return Mismatch("received", _fields(wanted.items()), f"the site shows nothing: {_as_answered(outcome)}")
    wrong = []
    for name, pattern in wanted.items():
        values = [value for known, value in fields if known.lower() == name.lower()]
        if not values or (pattern != _ANYTHING and (len(values) != 1 or not matches(pattern, values[0]))):
            wrong.append(name)
    got = [(known, value) for known, value in fields if known.lower() in {name.lower() for name in wrong}]
    expected = _fields((name, wanted[name]) for name in wrong)
    return _unless(not wrong, "received", expected, _fields(got) or "none of them")


def _not_received(wanted: Sequence[str], outcome: Outcome) -> Mismatch | None:
    """`x_msisdn` is a spelling of `X-MSISDN` to many servers. Patterns are held to values too: a number hides there."""
    fields = received_by_site(outcome.answer)
    if fields is None:
        return Mismatch("not_received", _quoted(wanted), f"the site shows nothing: {_as_answered(outcome)}")
    there = [
        (known, value)
        for known, value in fields
        if any(_spelling(known) == _spelling(name) or contains(name, value) for name in wanted)
    ]
    return _unless(not there, "not_received", f"no {_quoted(wanted)}", _fields(there))


def received_by_site(answer: Answer | None) -> list[tuple[str, str]] | None:
    """The headers that a site of the emulated Internet says it received; None where it says nothing."""
    if answer is None or "json" not in (answer.header("content-type") or ""):
        return None
    try:
        fields = json.loads(answer.text)["headers"]
        return [(str(name), str(value)) for name, value in fields]
    except (ValueError, KeyError, TypeError):
        return None


def _answer(wanted: Sequence[str], outcome: Outcome) -> Mismatch | None:
    told = outcome.told
    if told is None:
        return Mismatch("answer", _quoted(wanted), _as_answered(outcome))
    records = [record.text for record in told.records]
    kind = "sinkhole" if told.is_sinkhole else "real" if records else told.sign
    fits = list(wanted) == [kind] or set(wanted) == set(records)
    got = f"{kind} ({', '.join(records)})" if records else kind
    return _unless(fits, "answer", ", ".join(wanted), got)


def _exit(wanted: int, outcome: Outcome) -> Mismatch | None:
    ran = outcome.ran
    fits = ran is not None and ran.status == wanted
    return _unless(fits, "exit", str(wanted), _ended(ran) if ran is not None else _NOTHING)


def _verdict(wanted: str, outcome: Outcome) -> Mismatch | None:
    got = outcome.explanation.verdict if outcome.explanation is not None else _NOTHING
    return _unless(got == wanted, "verdict", wanted, got)


def _rule(wanted: str, outcome: Outcome) -> Mismatch | None:
    got = outcome.explanation.rule if outcome.explanation is not None else _NOTHING
    return _unless(matches(wanted, got), "rule", wanted, got)


def _changes(wanted: Sequence[str], outcome: Outcome) -> Mismatch | None:
    if not wanted:
        return _unless(not outcome.changes, "changes", "nothing changes", "; ".join(outcome.changes))
    missing = [pattern for pattern in wanted if not any(contains(pattern, each) for each in outcome.changes)]
    return _unless(not missing, "changes", _quoted(missing), "; ".join(outcome.changes) or "nothing has changed")


_CHECKS: Mapping[str, Callable[[Any, Outcome], Mismatch | None]] = {
    "status": _status,
    "redirect": _redirect,
    "arrives": _arrives,
    "refused": _refused,
    "shows": _shows,
    "hides": _hides,
    "headers": _headers,
    "received": _received,
    "not_received": _not_received,
    "answer": _answer,
    "exit": _exit,
    "prints": _prints,
    "verdict": _verdict,
    "rule": _rule,
    "changes": _changes,
}


def _unless(fits: bool, what: str, expected: str, got: str) -> Mismatch | None:
    return None if fits else Mismatch(what, expected, got)


def _as_answered(outcome: Outcome) -> str:
    """In a few words."""
    if outcome.answer is not None and outcome.answer.status:
        leads = f" to {outcome.answer.location}" if outcome.answer.location else ""
        return f"{outcome.answer.status}{leads}"
    if outcome.heard is not None:
        return outcome.heard.failure or f"{len(outcome.heard.data)} octets"
    failed = outcome.answer.failure if outcome.answer is not None else outcome.refusal
    return failed or _NOTHING


def _ended(ran: Ran) -> str:
    """Its exit status, and what it said about that."""
    said = _cut(ran.err)
    return f"{ran.status}: {said}" if said else str(ran.status)


def _text(outcome: Outcome) -> str:
    if outcome.answer is not None:
        return outcome.answer.text
    if outcome.ran is not None:
        return outcome.ran.out + outcome.ran.err
    return outcome.heard.data.decode("utf-8", "replace") if outcome.heard is not None else ""


def _spelling(name: str) -> str:
    return name.lower().replace("_", "-")


def _quoted(patterns: Iterable[str]) -> str:
    return ", ".join(f"`{pattern}`" for pattern in patterns)


def _fields(fields: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in fields)


def _cut(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= _SHOWN else f"{one[:_SHOWN]}…"
