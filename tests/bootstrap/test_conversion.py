"""What the rooms are told of how the portal is paid."""

from pathlib import Path

import pytest

from nfemu.bootstrap.conversion import carrier_rules, name_plan
from nfemu.model.notices import Channel
from nfemu.settings import load

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.mark.parametrize(
    ("payments", "built_in", "by"), [("builtin", False, Channel.SMS), ("wechat", True, Channel.WECHAT)]
)
def test_where_the_portal_is_paid(payments: str, built_in: bool, by: Channel) -> None:
    """Its pages are the emulator's with the real Internet, too, and it writes to payers its own way (G13)."""
    configuration = load(SHIPPED, {"carrier.portal.payments": payments, "carrier.internet": "real"})
    assert ("wx.tenpay.com" in name_plan(configuration, "pay.provider.example").built_in) is built_in
    assert carrier_rules(configuration).confirmed_by is by
