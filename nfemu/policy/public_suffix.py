"""Which names belong to nobody in particular: the Public Suffix List, with its private (multi-tenant) section.

The package publicsuffixlist carries a list of the day of its release and looks names up
(https://publicsuffix.org/list/). What it does not answer, whether a suffix lies *below* a name, is read from the
same file. Reading takes some hundredths of a second: it is done when first asked for.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


@dataclass(frozen=True, slots=True)
class _Above:
    """`parents` are the names right above a public suffix, `ancestors` all names above one."""

    parents: frozenset[str]
    ancestors: frozenset[str]


def is_public_suffix(name: str) -> bool:
    """Whether under a normalised name anybody may register; an unknown top level counts too."""
    parent = name.partition(".")[2]
    if parent and not any(_may_be_written(rule) for rule in (name, f"*.{name}", f"*.{parent}")):
        return False
    return (_list().publicsuffix(name) or name) == name


def is_registrable(name: str) -> bool:
    """Whether it is what somebody registered: a public suffix and one label."""
    return not is_public_suffix(name) and is_public_suffix(name.partition(".")[2])


def has_suffix_right_below(name: str) -> bool:
    """Whether some public suffix is exactly one label longer than `name`."""
    return _may_end_a_rule(name) and name in _above().parents


def has_suffix_below(name: str) -> bool:
    """Whether some public suffix ends in `.name`."""
    return _may_end_a_rule(name) and name in _above().ancestors


def _may_be_written(rule: str) -> bool:
    """False where the list has no such rule: seen without reading it into tables, as for most names."""
    return "xn--" in rule or f"\n{rule}\n" in _text()


def _may_end_a_rule(name: str) -> bool:
    return "xn--" in name or f".{name}\n" in _text()


@cache
def _list() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(_rules(), accept_encoded_idn=False)


@cache
def _above() -> _Above:
    parents: set[str] = set()
    ancestors: set[str] = set()
    for rule in _rules():
        if rule.startswith("!"):
            continue  # exceptions name no suffix
        above = rule.split(".")[1:]
        parents.add(".".join(above))
        ancestors.update(".".join(above[start:]) for start in range(len(above)))
    return _Above(frozenset(parents), frozenset(ancestors))


@cache
def _rules() -> tuple[str, ...]:
    """The list's rules with A-labels only, as normalised names have them. Most are ASCII and need no encoder."""
    from publicsuffixlist import encode_idn

    return tuple(rule if rule.isascii() else encode_idn(rule) for rule in _text().split("\n") if rule)


@cache
def _text() -> str:
    """The rules as they are written, each between two line ends."""
    from publicsuffixlist import PSLFILE

    with open(PSLFILE, encoding="utf-8") as lines:  # noqa: PTH123 - pure rooms know no paths
        rules = [line.split("//", 1)[0].strip() for line in lines]
    return "\n".join(["", *filter(None, rules), ""])
