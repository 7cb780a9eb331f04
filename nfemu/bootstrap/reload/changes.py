"""What differs between two configurations, file by file: subject and effect."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nfemu.bootstrap.reload.house import house_changes
from nfemu.bootstrap.reload.network import apns_changes, policies_changes
from nfemu.bootstrap.reload.people import FILE as PEOPLE
from nfemu.bootstrap.reload.people import people_changes
from nfemu.model.identity import PolicyName, ProfileName
from nfemu.model.subscriber import OrderedProfile
from nfemu.settings import Configuration
from nfemu.web.api.backend import ConfigChange


@dataclass(frozen=True, slots=True)
class Concerned:
    """`sessions`: how many change, by the profile that they have then. `lines`: attached now, by policy.
    `ordered`: cards that are not open, by what is ordered for them."""

    sessions: Mapping[ProfileName, int] = field(default_factory=dict)
    lines: Mapping[PolicyName, int] = field(default_factory=dict)
    ordered: Mapping[OrderedProfile, int] = field(default_factory=dict)

    def moved_to(self, restricted: OrderedProfile) -> int:
        """How many lines are restricted and not to that profile: rules by which stop orders mean it move them."""
        return sum(count for ordered, count in self.ordered.items() if ordered not in (OrderedProfile.OPEN, restricted))


def changes(before: Configuration, after: Configuration, concerned: Concerned) -> list[ConfigChange]:
    """Every difference, and whether it is taken over; whom it concerns as far as that can be told in advance."""
    found = [
        *house_changes(before, after, concerned.moved_to(after.dunning.restricted)),
        *apns_changes(before.catalogue, after.catalogue, concerned.sessions),
        *policies_changes(before.policies, after.policies, concerned.lines),
        *people_changes(before.people, after.people),
    ]
    if before.people.attach is not after.people.attach:
        text = f"{before.people.attach.value} → {after.people.attach.value}"
        found.append(ConfigChange(PEOPLE, "attach", text, "for lines that never had a session"))
    return found
