"""Who is let in by an H5 order's link: every check by itself, with what the real page says."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest

from nfemu.wechat.h5_entry import Arrival, Reason, TurnedAway, check, is_same_phone
from tests.wechat.making import NOW, TRADE

DOMAINS = ("merchant.example", "www.merchant.example")
ORDERED = replace(TRADE, client_ip="10.45.0.2")
RIGHT = Arrival(ip_address("10.45.0.2"), NOW, "https://merchant.example/", "https://www.merchant.example/done?a=b")


def test_the_right_payer_in_time() -> None:
    check(RIGHT, ORDERED, DOMAINS, NOW + timedelta(minutes=5))
    check(replace(RIGHT, redirect_url=""), ORDERED, DOMAINS, NOW)


@pytest.mark.parametrize(
    ("changed", "reason", "came", "wanted"),
    [
        ({"written_at": NOW - timedelta(minutes=5, seconds=1)}, Reason.STALE, "", ""),
        ({"referer": ""}, Reason.NO_REFERER, "", "merchant.example, www.merchant.example"),
        ({"referer": "https://evil.example/merchant.example"}, Reason.OTHER_DOMAIN, "evil.example", None),
        ({"referer": "https://x.merchant.example/"}, Reason.OTHER_DOMAIN, "x.merchant.example", None),
        ({"referer": "about:blank"}, Reason.OTHER_DOMAIN, "", None),
        ({"address": ip_address("10.45.0.3")}, Reason.OTHER_ADDRESS, "10.45.0.3", "10.45.0.2"),
        ({"address": ip_address("2001:db8::1")}, Reason.OTHER_ADDRESS, "2001:db8::1", "10.45.0.2"),
        ({"redirect_url": "https://evil.example/"}, Reason.FOREIGN_RETURN, "evil.example", None),
        ({"redirect_url": "javascript:alert(1)//merchant.example"}, Reason.FOREIGN_RETURN, "", None),
        ({"redirect_url": "//evil.example/"}, Reason.FOREIGN_RETURN, "", None),
        ({"redirect_url": "https://merchant.example\\@evil.example/"}, Reason.FOREIGN_RETURN, "", None),
        ({"redirect_url": "https://merchant.example@evil.example/"}, Reason.FOREIGN_RETURN, "", None),
        ({"redirect_url": "https://[merchant.example/"}, Reason.FOREIGN_RETURN, "", None),
        ({"redirect_url": "https://merchant.example/\r\n"}, Reason.FOREIGN_RETURN, "", None),
    ],
)
def test_everybody_else(changed: dict[str, object], reason: Reason, came: str, wanted: str | None) -> None:
    with pytest.raises(TurnedAway, match=reason.value) as turned:
        check(replace(RIGHT, **changed), ORDERED, DOMAINS, NOW)  # type: ignore[arg-type]  # fields of every type
    assert (turned.value.reason, turned.value.came) == (reason, came)
    assert turned.value.wanted == (", ".join(DOMAINS) if wanted is None else wanted)


def test_a_merchant_without_domains_has_no_h5_payments() -> None:
    with pytest.raises(TurnedAway) as turned:
        check(RIGHT, ORDERED, (), NOW)
    assert turned.value.reason is Reason.OTHER_DOMAIN


@pytest.mark.parametrize(
    ("address", "ordered", "same"),
    [
        ("10.45.0.2", "10.45.0.2", True),
        ("10.45.0.2", "10.45.0.3", False),
        ("2001:db8:4500:1::1", "2001:db8:4500:1::1", True),
        ("2001:db8:4500:1:aaaa::7", "2001:db8:4500:1::1", True),
        ("2001:db8:4500:2::1", "2001:db8:4500:1::1", False),
        ("2001:db8:4500:1::1", "10.45.0.2", False),
        ("10.45.0.2", "2001:db8:4500:1::1", False),
    ],
)
def test_one_phone(address: str, ordered: str, same: bool) -> None:
    assert is_same_phone(ip_address(address), ordered) is same
