"""For people at a terminal. A failure names scenario, step, place in the file, and the rule that decided."""

from collections.abc import Iterator, Sequence

from nfemu.client.values import Event, Explanation
from nfemu.scenario.values import ENDING, Played, Result, Verdict

_MARKS = {Verdict.PASSED: "ok  ", Verdict.FAILED: "FAIL", Verdict.NOT_APPLICABLE: "n/a ", Verdict.INTERRUPTED: "cut "}


def headline(result: Result) -> str:
    """One line for each scenario."""
    text = f"{_MARKS[result.verdict]}  {result.scenario.name}"
    if result.verdict is Verdict.NOT_APPLICABLE:
        return f"{text}: {result.reason}"
    left_out = [each.error for each in result.played if each.verdict is Verdict.NOT_APPLICABLE]
    why = "; ".join(dict.fromkeys(left_out))
    without = f", without {len(left_out)} of {len(result.scenario.steps)} steps: {why}" if left_out else ""
    return f"{text}  ({result.elapsed_ms / 1000:.1f} s{without})"


def summary(results: Sequence[Result]) -> str:
    counts = [sum(result.verdict is verdict for result in results) for verdict in Verdict]
    told = f"{counts[0]} passed, {counts[1]} failed, {counts[2]} not applicable"
    return f"{told}, {counts[3]} interrupted" if counts[3] else told


def failure(result: Result) -> Iterator[str]:
    """What went wrong, line by line; nothing for what was played to a good end, or not at all."""
    if result.verdict not in ENDING:
        return
    yield place(result)
    failed = result.ended_at
    if failed is None:
        return
    yield from deviations(failed)
    if result.rule is not None:
        yield f"  rule      {ruled(result.rule)}"
    if result.timeline:
        yield f"  timeline of {failed.number}:"
        yield from (f"    {told(event)}" for event in result.timeline)


def place(result: Result) -> str:
    """Where in the file, and in which step, it failed or was interrupted."""
    ended = result.ended_at
    interrupted = "interrupted " if result.verdict is Verdict.INTERRUPTED else ""
    if ended is None:
        return f"{result.scenario.file}: {interrupted}{result.reason}"
    within = "in " if interrupted else ""
    step = f"step {ended.step.number}: {ended.step.as_written}"
    return f"{result.scenario.file}:{ended.step.line}: {interrupted}{within}{step}"


def deviations(failed: Played) -> Iterator[str]:
    if failed.error:
        yield f"  could not be done: {failed.error}"
    for each in failed.mismatches:
        yield f"  {each.what}"
        yield f"    expected  {each.expected}"
        yield f"    got       {each.got}"


def ruled(rule: Explanation | str) -> str:
    if isinstance(rule, str):
        return rule
    return f"{rule.rule}: {rule.verdict} {rule.destination} ({rule.reason})"


def told(event: Event) -> str:
    """An event in one line."""
    detail = ", ".join(f"{name} {value}" for name, value in event.detail.items())
    return f"{event.at:%H:%M:%S}  {event.elapsed_ms:7.1f} ms  {event.name}  {detail}".rstrip()
