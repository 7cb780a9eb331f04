"""Pages for people that are one file: nothing but it is needed to show it, and nothing in it runs."""

import base64
import hashlib
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def render_page(package: str, **values: object) -> str:
    """`page.html` of that package; beside the values it has its `style`, which is `page.css`, and the style's `digest`
    for the page's content security policy.
    """
    template, style = _page(package)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return template.render(values, style=style, digest=digest)


@cache
def _page(package: str) -> tuple[Template, str]:
    loader = PackageLoader(package, ".")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html"), loader.get_source(environment, "page.css")[0]
