"""`credit:` of `dunning.yaml` in the rooms' types."""

from nfemu.bss.credit import DEFAULT_CARD, CreditInput, Scorecard, TagRule, bands
from nfemu.files.source import Source
from nfemu.settings.schema import CreditSection


def credit_part(section: CreditSection, source: Source) -> Scorecard:
    """Convert and check; mistakes are reported to `source`."""
    points = {}
    for looked_at in CreditInput:
        path = ("credit", "points", looked_at.value)
        found = source.attempt(path, bands, getattr(section.points, looked_at.value))
        points[looked_at] = found or DEFAULT_CARD.bands[looked_at]
    tags = {name: TagRule(CreditInput(tag.input), tag.at_least) for name, tag in section.tags.items()}
    card = source.attempt(
        ("credit", "levels"), Scorecard, section.base, section.min_months, points, tuple(section.levels), tags
    )
    return card or DEFAULT_CARD
