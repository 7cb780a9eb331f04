"""The comparison as one page for people."""

from nfemu.files.page import render_page
from nfemu.simulation.figures import Comparison
from nfemu.simulation.report.figure import figure
from nfemu.simulation.report.svg import svg
from nfemu.simulation.report.table import messages, rows


def page(comparison: Comparison) -> str:
    return render_page(
        "nfemu.simulation.report",
        comparison=comparison,
        drawing=svg(figure(comparison)),
        rows=rows(comparison),
        messages=messages(comparison),
    )
