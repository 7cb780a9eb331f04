"""What a running carrier cannot take over, by name and with the reason."""

from collections.abc import Mapping

from nfemu.model.errors import Conflict
from nfemu.settings import Configuration
from nfemu.settings.configuration import Access

FIXED: Mapping[str, str] = {
    "clock": "business time cannot go over to another clock under orders that wait for their hour",
    "database": "the ledger of a running carrier is in the old one",
    "plmn": "the cards were made for the old network",
    "country_code": "numbers are stored and were announced under the old one",
    "currency": "the ledgers are kept in the old one",
    "access": "the lines' networks are made at the start",
    "portal.payments": "orders that wait for their payer are at the other provider",
    "internet": "where the lines' networks lead is laid at the start",
}
"""Key of `carrier.yaml` → why a running carrier keeps what it has."""


def refuse_fixed(before: Configuration, after: Configuration) -> None:
    """Raises Conflict that names every setting that needs another start."""
    old, new = before.carrier, after.carrier
    differing = {
        "clock": old.clock is not new.clock,
        "database": old.database != new.database,
        "plmn": old.plmn != new.plmn,
        "country_code": old.country_code != new.country_code,
        "currency": old.currency != new.currency,
        "access": old.access is not new.access,
        "portal.payments": old.portal.payments is not new.portal.payments,
        "internet": old.internet is not new.internet and old.access is not Access.PROXY,
    }
    fixed = [f"carrier.yaml `{name}` changed, but {FIXED[name]}" for name, differs in differing.items() if differs]
    if fixed:
        raise Conflict(f"nothing was applied: {'; '.join(fixed)}; set it back, or use `nfemu down` and `nfemu up`")
