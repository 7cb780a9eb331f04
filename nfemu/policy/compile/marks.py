"""The numbers that packets carry: for their line's profile, and then for what they are counted as."""

from collections.abc import Iterable
from zlib import crc32

from nfemu.model.errors import InvalidInput
from nfemu.model.identity import GroupName, PolicyName
from nfemu.policy.rules import PolicySet

Use = tuple[PolicyName, GroupName | None]
"""What octets are counted as; no group: what none of the profile lists."""


def mark_of(name: PolicyName) -> int:
    """The same on every machine and after every reload, so that the elements that carry it outlive the rules.

    Never 0, which is the mark of a line without profile.
    """
    return crc32(name.encode()) or 1


def marks_of(names: Iterable[PolicyName]) -> dict[int, PolicyName]:
    """Raises InvalidInput where two names have one number, which is one chance in four thousand millions."""
    marks: dict[int, PolicyName] = {}
    for name in names:
        other = marks.setdefault(mark_of(name), name)
        if other != name:
            raise InvalidInput(f"profiles `{other}` and `{name}` cannot be told apart on bearers; rename one of them")
    return marks


def use_mark(use: Use) -> int:
    """As stable as `mark_of`: what was counted under earlier rules can still be told."""
    policy, group = use
    return crc32(f"{policy}/{group or ''}".encode()) or 1


def use_marks(policies: PolicySet) -> dict[int, Use]:
    """Of all that can be forwarded. Raises InvalidInput as `marks_of` does."""
    uses: dict[int, Use] = {}
    for name in policies.names:
        groups = (rule.group.name for rule in policies.profile(name).networks.rules())
        for use in ((name, None), *((name, group) for group in dict.fromkeys(groups))):
            other = uses.setdefault(use_mark(use), use)
            if other != use:
                raise InvalidInput(f"`{_shown(other)}` and `{_shown(use)}` cannot be told apart on bearers; rename one")
    return uses


def _shown(use: Use) -> str:
    return "/".join(filter(None, use))
