"""JUnit XML, as build servers read it. What is not applicable is skipped, with its reason; what was interrupted
is an error."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from nfemu.scenario.report.text import failure
from nfemu.scenario.values import Result, Verdict

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0 section 2.2: a page may contain what a report may not."""
_TOLD_AS = {Verdict.FAILED: ("failure", "expectation"), Verdict.INTERRUPTED: ("error", "interrupted")}
"""Element and type."""


def junit(results: Sequence[Result]) -> str:
    """The whole document."""
    suite = Element("testsuite", {"name": "nfemu scenarios", **_counts(results)})
    for result in results:
        suite.append(_case(result))
    document = Element("testsuites", _counts(results))
    document.append(suite)
    indent(document)
    return tostring(document, encoding="unicode", xml_declaration=True) + "\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    verdicts = [result.verdict for result in results]
    return {
        "tests": str(len(results)),
        "failures": str(verdicts.count(Verdict.FAILED)),
        "errors": str(verdicts.count(Verdict.INTERRUPTED)),
        "skipped": str(verdicts.count(Verdict.NOT_APPLICABLE)),
        "time": _seconds(sum(result.elapsed_ms for result in results)),
    }


def _case(result: Result) -> Element:
    scenario = result.scenario
    described = {"name": _clean(scenario.name), "classname": scenario.called, "file": str(scenario.file)}
    case = Element("testcase", {**described, "time": _seconds(result.elapsed_ms)})
    if result.verdict is Verdict.NOT_APPLICABLE:
        SubElement(case, "skipped", message=_clean(result.reason))
    if result.verdict in _TOLD_AS:
        lines = list(failure(result))
        name, kind = _TOLD_AS[result.verdict]
        told = SubElement(case, name, message=_clean(lines[0]), type=kind)
        told.text = _clean("\n".join(lines))
    return case


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
