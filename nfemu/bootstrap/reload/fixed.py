"""What a running carrier cannot take over, by name and with the reason."""

from nfemu.model.errors import Conflict
from nfemu.settings import Configuration
from nfemu.settings.configuration import Access

_REASONS = {
    "carrier.yaml `clock`": "business time cannot go over to another clock under orders that wait for their hour",
    "carrier.yaml `database`": "the ledger of a running carrier is in the old one",
    "carrier.yaml `plmn`": "the cards were made for the old network",
    "carrier.yaml `country_code`": "numbers are stored and were announced under the old one",
    "carrier.yaml `currency`": "the ledgers are kept in the old one",
    "carrier.yaml `access`": "the lines' networks are made at the start",
    "carrier.yaml `internet`": "where the lines' networks lead is laid at the start",
}


def refuse_fixed(before: Configuration, after: Configuration) -> None:
    """Raises Conflict that names every setting that needs another start."""
    old, new = before.carrier, after.carrier
    differing = {
        "carrier.yaml `clock`": old.clock is not new.clock,
        "carrier.yaml `database`": old.database != new.database,
        "carrier.yaml `plmn`": old.plmn != new.plmn,
        "carrier.yaml `country_code`": old.country_code != new.country_code,
        "carrier.yaml `currency`": old.currency != new.currency,
        "carrier.yaml `access`": old.access is not new.access,
        "carrier.yaml `internet`": old.internet is not new.internet and old.access is not Access.PROXY,
    }
    fixed = [f"{name} changed, but {_REASONS[name]}" for name, differs in differing.items() if differs]
    if fixed:
        raise Conflict(f"nothing was applied: {'; '.join(fixed)}; set it back, or use `nfemu down` and `nfemu up`")
