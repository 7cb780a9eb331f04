"""Results as one page for people."""

from collections.abc import Sequence
from datetime import datetime

from nfemu.files.page import render_page
from nfemu.scenario.report.text import place, ruled, told
from nfemu.scenario.values import ENDING, Result, Verdict


def page(results: Sequence[Result], access: str, at: datetime) -> str:
    """`access`: how lines were reached, in words. `at`: wall time."""
    counts = {verdict.value: sum(result.verdict is verdict for result in results) for verdict in Verdict}
    return render_page(
        "nfemu.scenario.report",
        results=results,
        counts=counts,
        access=access,
        at=at,
        ending=ENDING,
        place=place,
        ruled=ruled,
        told=told,
    )
