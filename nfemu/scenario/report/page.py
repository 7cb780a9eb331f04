"""One page for people: nothing but this file is needed to show it, and nothing in it runs."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from nfemu.scenario.report.text import place, ruled, told
from nfemu.scenario.values import ENDING, Result, Verdict


def page(results: Sequence[Result], access: str, at: datetime) -> str:
    """`access`: how lines were reached, in words. `at`: wall time."""
    template, style = _template()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    counts = {verdict.value: sum(result.verdict is verdict for result in results) for verdict in Verdict}
    return template.render(
        results=results,
        counts=counts,
        access=access,
        at=at,
        style=style,
        digest=digest,
        ending=ENDING,
        place=place,
        ruled=ruled,
        told=told,
    )


@cache
def _template() -> tuple[Template, str]:
    environment = Environment(
        loader=PackageLoader("nfemu.scenario.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    loader = environment.loader
    assert loader is not None  # noqa: S101 - given above
    return environment.get_template("page.html"), loader.get_source(environment, "page.css")[0]
