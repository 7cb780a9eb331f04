"""What differs between two configurations, file by file, and whether a running carrier takes it over."""

from nfemu.bootstrap.reload.people import FILE as PEOPLE
from nfemu.bootstrap.reload.people import people_changes
from nfemu.settings import Configuration
from nfemu.web.api.backend import ConfigChange


def changes(before: Configuration, after: Configuration) -> list[ConfigChange]:
    """Every difference that a reload meets, in the order of the files."""
    files = {
        "carrier.yaml": before.carrier != after.carrier,
        "policies.yaml": _policies(before) != _policies(after),
        "enrichment.yaml": before.enrichment != after.enrichment,
        "internet.yaml": before.internet != after.internet,
    }
    whole = [ConfigChange(name, "all of it", "in force") for name, differs in files.items() if differs]
    found = [*whole, *people_changes(before.people, after.people)]
    if before.people.attach is not after.people.attach:
        text = f"{before.people.attach.value} → {after.people.attach.value}"
        found.append(ConfigChange(PEOPLE, "attach", text, "for lines that never had a session"))
    return found


def _policies(configuration: Configuration) -> object:
    """What is compiled from it is another object each time."""
    return configuration.policies.groups, configuration.policies.profiles
