"""One page for people: nothing but this file is needed to show it, and nothing in it runs."""

import base64
import hashlib
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from nfemu.simulation.figures import Comparison
from nfemu.simulation.report.figure import figure
from nfemu.simulation.report.svg import svg
from nfemu.simulation.report.table import messages, rows


def page(comparison: Comparison) -> str:
    template, style = _template()
    return template.render(
        comparison=comparison,
        drawing=svg(figure(comparison)),
        rows=rows(comparison),
        messages=messages(comparison),
        style=style,
        digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


@cache
def _template() -> tuple[Template, str]:
    environment = Environment(
        loader=PackageLoader("nfemu.simulation.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    loader = environment.loader
    assert loader is not None  # noqa: S101 - given above
    return environment.get_template("page.html"), loader.get_source(environment, "page.css")[0]
