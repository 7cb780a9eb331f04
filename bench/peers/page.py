"""docs/attack-matrix.md from the answers of `nfemu attack --json`."""

from collections.abc import Sequence
from typing import Any

Report = dict[str, Any]

_INTRODUCTION = """# Attack matrix

What `nfemu attack` measured: raw bytes to each proxy, scored on what reached a recording origin and on what the client
got. nfemu is as shipped, with the portal's name led to the recording origin. The others are packages of Debian 12 and
the pinned mitmproxy, configured to tell one host a number and to remove clients' copies of that header, with the files
in [`bench/peers`](../bench/peers). Their figures say what those few lines of configuration do, not what each of them
can be made to do. nginx and HAProxy know no CONNECT; squid allows it to port 443 only, as Debian ships it, where these
origins are not: so it is played against nfemu and mitmproxy. Cases with a body in
pieces depend on timing: from one run to the next HAProxy's figures differed by two. This page is written by

    python -m bench.peers measure FOLDER && python -m bench.peers page FOLDER > docs/attack-matrix.md

A cell counts the forms (proxy request, request at a listener, CONNECT, SOCKS5) in which the case was **right**:
`3/3`. Where some were wrong it says `1/3`, and with `!` that at least one was **harmful**: a forged number reached an
origin, somebody else was told a number, or a byte left a restricted line. `–`: not played, because the proxy has no
such thing.
"""
_LINES = (
    ("open", "On an open line, every proxy"),
    ("restricted", "On a restricted line, which only nfemu has"),
)


def page(reports: Sequence[Report]) -> str:
    parts = [_INTRODUCTION, _scores(reports)]
    for line, title in _LINES:
        measured = [
            report for report in reports if any(_played(each) for each in report["results"] if each["line"] == line)
        ]
        if measured:
            parts.append(f"## {title}\n\n{_table(measured, line)}")
    parts.append(f"## Left out\n\n{_left_out(reports)}")
    return "\n".join(parts)


def _scores(reports: Sequence[Report]) -> str:
    rows = [
        [report["version"], *(str(report["score"][key]) for key in ("right", "wrong", "harmful"))] for report in reports
    ]
    return _markdown(["proxy", "right", "wrong", "of these harmful"], rows)


def _table(reports: Sequence[Report], line: str) -> str:
    rows = []
    for family, case in _cases(reports):
        cells = [_cell(report, family, case, line) for report in reports]
        if any(cell != "–" for cell in cells):
            rows.append([family, case, _expected(reports, family, case, line), *cells])
    return _markdown(["family", "case", "right is", *(report["version"] for report in reports)], rows)


def _cell(report: Report, family: str, case: str, line: str) -> str:
    found = [each for each in report["results"] if (each["family"], each["case"], each["line"]) == (family, case, line)]
    played = [each for each in found if _played(each)]
    if not played:
        return "–"
    right = sum(each["verdict"] == "right" for each in played)
    return f"{right}/{len(played)}{' !' if any(each['harmful'] for each in played) else ''}"


def _left_out(reports: Sequence[Report]) -> str:
    """What no proxy was asked, with the reason; where each is tested is said in docs/attack.md."""
    lines = []
    for family, case in _cases(reports):
        found = [
            each for report in reports for each in report["results"] if (each["family"], each["case"]) == (family, case)
        ]
        if not any(_played(each) for each in found):
            reasons = dict.fromkeys(each["got"] for each in found if each["got"] != "another form's case")
            lines.append(f"* {family}, {case}: {next(iter(reasons))}")
    return "\n".join(lines) + "\n"


def _cases(reports: Sequence[Report]) -> list[tuple[str, str]]:
    """In the order of the tables."""
    return list(dict.fromkeys((each["family"], each["case"]) for report in reports for each in report["results"]))


def _expected(reports: Sequence[Report], family: str, case: str, line: str) -> str:
    results = (each for report in reports for each in report["results"])
    wanted = (family, case, line)
    found = next(each for each in results if (each["family"], each["case"], each["line"]) == wanted)
    return str(found["expected"])


def _played(result: dict[str, Any]) -> bool:
    return bool(result["verdict"] != "not applicable")


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *(list(row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
