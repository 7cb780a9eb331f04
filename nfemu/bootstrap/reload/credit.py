"""What `credit:` of `dunning.yaml` says, as facts."""

from nfemu.bootstrap.reload.facts import Facts
from nfemu.bss.credit import Scorecard

CREDIT = "credit."
"""Subjects of it begin so."""
CREDIT_NOTE = "for levels that are computed from now on"


def credit_facts(card: Scorecard) -> Facts:
    points = {
        f"{CREDIT}points.{looked_at.value}": {f"from {band.start}": str(band.points) for band in bands}
        for looked_at, bands in card.bands.items()
    }
    tags = {
        f"{CREDIT}tags.{name}": {"input": rule.input.value, "at_least": str(rule.least)}
        for name, rule in card.tags.items()
    }
    return {
        f"{CREDIT}base": {"": str(card.base)},
        f"{CREDIT}min_months": {"": str(card.min_months)},
        f"{CREDIT}levels": {"": ", ".join(map(str, card.thresholds))},
        **points,
        **tags,
    }
