"""Results for people and for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from nfemu.attack.values import ANOTHER_FORM, Form, Line, Result, Verdict

FORMAT = 1
"""Rises when the JSON changes its shape."""
_CELLS = {Verdict.RIGHT: "right", Verdict.WRONG: "WRONG", Verdict.UNTOUCHED: "untouched", Verdict.NOT_APPLICABLE: "-"}


@dataclass(frozen=True, slots=True)
class Score:
    right: int
    wrong: int
    harmful: int
    left_out: int
    untouched: int = 0
    """Of open lines' packets to whoever is not trusted: by design."""

    @classmethod
    def of(cls, results: Iterable[Result]) -> "Score":
        every = list(results)
        count = {verdict: sum(each.verdict is verdict for each in every) for verdict in Verdict}
        harmful = sum(each.harmful for each in every)
        left_out, passed = count[Verdict.NOT_APPLICABLE], count[Verdict.UNTOUCHED]
        return cls(count[Verdict.RIGHT], count[Verdict.WRONG], harmful, left_out, passed)

    def __str__(self) -> str:
        passed = f"{self.untouched} untouched by design, " if self.untouched else ""
        wrong = f"{self.wrong} wrong ({self.harmful} harmful)"
        return f"{self.right} right, {wrong}, {passed}{self.left_out} not applicable"


def matrix(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """One row per case and line that was played: family, case, line, expected, and a cell per form."""
    return [
        (*key, *(_cell(group.get(form.value)) for form in Form))
        for key, group in _grouped(results).items()
        if any(each.verdict is not Verdict.NOT_APPLICABLE for each in group.values())
    ]


def head() -> tuple[str, ...]:
    return ("FAMILY", "CASE", "LINE", "EXPECTED", *(form.value.upper() for form in Form))


def wrongs(results: Iterable[Result]) -> list[str]:
    """What went wrong, a line each."""
    return [
        f"{each.family}: {each.case} ({each.form}, {each.line} line): {each.got}{' - harmful' if each.harmful else ''}"
        for each in results
        if each.verdict is Verdict.WRONG
    ]


def left_out(results: Sequence[Result]) -> list[str]:
    """Cases that were played in no form at all, each with the reason."""
    return [
        f"{family}: {case}: {_reason(group.values())}"
        for (family, case), group in _by_case(results).items()
        if all(each.verdict is Verdict.NOT_APPLICABLE for each in group.values())
    ]


def document(name: str, results: Sequence[Result]) -> dict[str, object]:
    """For `--json`: what was attacked, the score, and every result."""
    rows = [asdict(each) | {"verdict": each.verdict.value} for each in results]
    return {"format": FORMAT, "proxy": name, "score": asdict(Score.of(results)), "results": rows}


def _reason(results: Iterable[Result]) -> str:
    """The one that says most: what is another form's case is so for every proxy."""
    reasons = dict.fromkeys(each.got for each in results)
    return next((each for each in reasons if each != ANOTHER_FORM), ANOTHER_FORM)


def _grouped(results: Iterable[Result]) -> dict[tuple[str, ...], dict[str, Result]]:
    groups: dict[tuple[str, ...], dict[str, Result]] = {}
    for each in results:
        groups.setdefault((each.family, each.case, each.line, each.expected), {})[each.form] = each
    return groups


def _by_case(results: Iterable[Result]) -> dict[tuple[str, str], dict[tuple[str, str], Result]]:
    groups: dict[tuple[str, str], dict[tuple[str, str], Result]] = {}
    for each in results:
        groups.setdefault((each.family, each.case), {})[each.form, each.line] = each
    return groups


def _cell(result: Result | None) -> str:
    return _CELLS[Verdict.NOT_APPLICABLE if result is None else result.verdict]


def lines_of(text: str) -> tuple[Line, ...]:
    """`open`, `restricted` or `both`."""
    return tuple(Line) if text == "both" else (Line(text),)
