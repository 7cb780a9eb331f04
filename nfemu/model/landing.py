"""A garden's landing page: what a carrier tells whoever is sent there, in every language, as plain data (G18)."""

from collections.abc import Mapping
from dataclasses import dataclass

from nfemu.model.policy import Hours


@dataclass(frozen=True, slots=True)
class LandingLink:
    """`text` by language. It leads somewhere while one of `hours` is open; without any, always."""

    url: str
    text: Mapping[str, str]
    hours: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class LandingPage:
    """`title` and `text` by language. `host` is lower-case A-labels; `path` is where profiles redirect to on it."""

    host: str
    path: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    links: tuple[LandingLink, ...] = ()
    hours: tuple[Hours, ...] = ()
    """Of the groups that the garden allows."""
