"""Links that are orders."""

from datetime import timedelta

import pytest

from nfemu.model.errors import NotFound
from nfemu.model.identity import PaymentNo
from nfemu.model.money import Money
from nfemu.web.provider.orders import OrderLinks, OrderSheet
from tests.fakes.world import START

SHEET = OrderSheet(PaymentNo("pay-1"), Money(100), START + timedelta(minutes=15), "https://x.example/", "en")


def test_links_survive_a_restart_and_trades_have_one_number() -> None:
    one, two = OrderLinks(b"k" * 32), OrderLinks(b"k" * 32)
    assert two.read(one.link(SHEET)) == SHEET
    assert two.trade_no(SHEET.no) == one.trade_no(SHEET.no) != one.trade_no(PaymentNo("pay-2"))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(NotFound, match="start again at the merchant"):
        OrderLinks(b"k" * 32).read(OrderLinks(b"l" * 32).link(SHEET))
