"""The portal in the policy: who is sent there must reach it, be known to it (G10, G11), and be able to go on to pay.

Its name stands in `carrier.yaml`, what a name may be used for in `policies.yaml`: each is valid without the other.
"""

from collections.abc import Iterator

from nfemu.epc.catalogue import Catalogue
from nfemu.files.findings import listing
from nfemu.files.source import Source
from nfemu.model.destination import Destination
from nfemu.model.identity import GroupName, PolicyName
from nfemu.model.policy import DestinationGroup, PolicyProfile, Verdict
from nfemu.model.subscriber import OrderedProfile
from nfemu.policy.landing import landing_destination
from nfemu.policy.rules import PolicySet
from nfemu.settings.configuration import Policies, Portal

_HTTP, _HTTPS = 80, 443


def check_portal(portal: Portal, policies: Policies, catalogue: Catalogue, carrier: Source, source: Source) -> None:
    """Mistakes are reported to `carrier` (no group holds the portal) or to `source`, the policy's.

    Not where a file has mistakes of its own: values that could not be read would look like wrong ones here.
    """
    if carrier.findings or source.findings:
        return
    holding = [group.name for group in policies.groups if _holds(group, portal.host)]
    if not holding:
        text = f"`portal.host`: no group in policies.yaml holds `{portal.host}`, so no line would reach the portal; "
        text += "add it to the `hosts` of a trusted group that the profiles allow"
        carrier.report(("portal", "host"), text)
        return
    for name in _leading_there(portal, policies, catalogue):
        _check_profile(name, portal, policies, holding, source)


def _holds(group: DestinationGroup, host: str) -> bool:
    alone = PolicyProfile(PolicyName("portal"), Verdict.REJECT, (group.name,))
    return PolicySet.build([group], [alone]).profile(alone.name).match(Destination(host, None, _HTTP)) is not None


def _leading_there(portal: Portal, policies: Policies, catalogue: Catalogue) -> Iterator[PolicyName]:
    """Profiles that redirect to the portal, and the one that arrears mean. Other gardens have pages of their own."""
    arrears = catalogue.meaning(OrderedProfile.ARREARS)
    for profile in policies.profiles:
        landing = landing_destination(profile.redirect_to).host if profile.redirect_to is not None else None
        if landing == portal.host or (arrears.gives_ip and arrears.policy == profile.name):
            yield profile.name


def _check_profile(
    name: PolicyName, portal: Portal, policies: Policies, holding: list[GroupName], source: Source
) -> None:
    profile = policies.compiled.profile(name)
    rule = profile.match(Destination(portal.host, None, _HTTP))
    if rule is None:
        text = f"profile `{name}` does not allow the portal, `{portal.host}` (`portal.host` in carrier.yaml), on port "
        source.report(("profiles", name, "allow"), f"{text}{_HTTP}; add {listing(holding)}")
        return
    if not rule.group.trusted:
        text = f"group `{rule.group.name}` holds the portal, `{portal.host}`, and is not trusted: the portal would not "
        source.report(("groups", rule.group.name), f"{text}know whose phone it is; write `trusted: true`")
    if portal.upstream is None and profile.match(Destination(portal.host, None, _HTTPS)) is None:
        text = f"profile `{name}` does not allow the portal, `{portal.host}`, on port {_HTTPS}, where people pay; "
        source.report(("groups", rule.group.name, "ports"), f"{text}add {_HTTPS} to `ports`, or leave them out")
