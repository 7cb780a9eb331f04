"""`policies.yaml` in the model's types. What a pattern or profile may say is `policy`'s to judge; the line is ours."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from nfemu.files.findings import nearest
from nfemu.files.source import Source
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, Hours, Limits, PolicyProfile, Verdict
from nfemu.policy.rules import PolicySet
from nfemu.settings.configuration import Policies, PortalPayments
from nfemu.settings.schema import GroupSection, PoliciesFile


def policies_part(file: PoliciesFile, source: Source, payments: PortalPayments) -> Policies | None:
    """Convert and check; None after having reported why to `source`. `payments`: how the portal is paid."""
    written = [
        (_group(name, section, source), _is_in_force(section, payments)) for name, section in file.groups.items()
    ]
    groups = tuple(group for group, in_force in written if in_force)
    idle = {group.name: group for group, in_force in written if not in_force}
    profiles = tuple(
        PolicyProfile(
            PolicyName(name),
            Verdict(section.default),
            tuple(GroupName(group) for group in section.allow if group not in idle),
            section.redirect_to,
            Limits(section.daily_cap, section.rate, section.rate_past_cap),
            tuple(GroupName(group) for group in section.essential if group not in idle),
        )
        for name, section in file.profiles.items()
    )
    unknown = _check_references(file, source)
    try:
        PolicySet.build([*idle.values()], [])  # what is not in force must be right, too
        return Policies(groups, profiles, PolicySet.build(groups, profiles))
    except InvalidInput as error:
        _locate(
            [*groups, *idle.values()],
            [profile for profile in profiles if profile.name not in unknown],
            str(error),
            source,
        )
        return None


def _group(name: str, section: GroupSection, source: Source) -> DestinationGroup:
    return DestinationGroup(
        GroupName(name),
        tuple(section.hosts),
        tuple(section.networks),
        tuple(section.ports),
        section.trusted,
        section.source,
        _hours(name, section, source),
    )


def _is_in_force(section: GroupSection, payments: PortalPayments) -> bool:
    return section.payments is None or PortalPayments(section.payments) is payments


def _hours(name: str, section: GroupSection, source: Source) -> Hours | None:
    if section.opens is None and section.closes is None:
        return None
    if section.opens is None or section.closes is None:
        given, missing = ("opens", "closes") if section.closes is None else ("closes", "opens")
        text = f"group `{name}` has `{given}` and no `{missing}`; add it, or leave both out where it is always open"
        source.report(("groups", name, given), text)
        return None
    if section.opens == section.closes:
        text = (
            f"group `{name}` opens and closes at the same time; write another time, or neither where it is always open"
        )
        source.report(("groups", name, "closes"), text)
        return None
    return Hours(section.opens, section.closes)


def _check_references(file: PoliciesFile, source: Source) -> set[str]:
    """The profiles that name a group which does not exist; each is reported."""
    unknown = set()
    for name, section in file.profiles.items():
        for index, group in enumerate(section.allow):
            if group not in file.groups:
                text = f"group `{group}` does not exist; {nearest(group, file.groups)}"
                source.report(("profiles", name, "allow", index), text)
                unknown.add(name)
    return unknown


def _locate(groups: Sequence[DestinationGroup], profiles: Sequence[PolicyProfile], text: str, source: Source) -> None:
    """Build piece by piece, so that every refused piece gets its own line."""
    before = len(source.findings)
    for group in groups:
        _locate_in_group(group, source)
    if len(source.findings) == before:
        for profile in profiles:
            key = "redirect_to" if profile.redirect_to is not None else "default"
            source.attempt(("profiles", profile.name, key), PolicySet.build, groups, [profile])
    if not source.findings:
        source.report((), text)


def _locate_in_group(group: DestinationGroup, source: Source) -> None:
    refused = len(source.findings)
    bare = replace(group, hosts=(), networks=())
    for index, host in enumerate(group.hosts):
        source.attempt(("groups", group.name, "hosts", index), _builder(replace(bare, hosts=(host,))))
    for index, network in enumerate(group.networks):
        source.attempt(("groups", group.name, "networks", index), _builder(replace(bare, networks=(network,))))
    if len(source.findings) == refused:
        source.attempt(("groups", group.name), _builder(group))


def _builder(group: DestinationGroup) -> Callable[[], PolicySet]:
    return lambda: PolicySet.build([group], [])
