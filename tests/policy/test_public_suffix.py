"""The Public Suffix List's own examples, as far as they do not depend on the list's date."""

import pytest
from publicsuffixlist import PublicSuffixList

from nfemu.policy.public_suffix import (
    _rules,
    has_suffix_below,
    has_suffix_right_below,
    is_public_suffix,
    is_registrable,
)


@pytest.mark.parametrize(
    ("name", "suffix", "registered"),
    [
        ("com", "com", None),
        ("pay.com", "com", "pay.com"),
        ("www.pay.com", "com", "pay.com"),
        ("a.b.pay.co.uk", "co.uk", "pay.co.uk"),
        ("co.uk", "co.uk", None),
        ("carrier.example", "example", "carrier.example"),  # unknown top level: the rule `*`
        ("example", "example", None),
        ("www.ck", "ck", "www.ck"),  # exception to *.ck
        ("shop.other.ck", "other.ck", "shop.other.ck"),
        ("city.kobe.jp", "kobe.jp", "city.kobe.jp"),
        ("a.b.c.kobe.jp", "c.kobe.jp", "b.c.kobe.jp"),
        ("someone.github.io", "github.io", "someone.github.io"),  # private section
        ("amazonaws.com", "com", "amazonaws.com"),
        ("bucket.s3.amazonaws.com", "s3.amazonaws.com", "bucket.s3.amazonaws.com"),
        ("www.xn--85x722f.xn--55qx5d.cn", "xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
    ],
)
def test_lookup(name: str, suffix: str, registered: str | None) -> None:
    assert is_public_suffix(suffix)
    assert is_public_suffix(name) is (name == suffix)
    assert is_registrable(name) is (name == registered)
    assert registered is None or is_registrable(registered)


def test_what_is_seen_without_reading_the_list_is_what_the_list_says() -> None:
    """Every rule of it, and names above and below."""
    said = PublicSuffixList()
    for rule in _rules()[::7]:
        base = rule.lstrip("!*.")
        for name in (base, f"a.{base}", f"b.a.{base}", base.partition(".")[2] or base):
            assert is_public_suffix(name) is (said.publicsuffix(name) == name), name
            assert is_registrable(name) is (said.privatesuffix(name) == name), name


def test_what_lies_below() -> None:
    assert has_suffix_right_below("amazonaws.com")
    assert has_suffix_below("amazonaws.com")
    assert has_suffix_right_below("ck")
    assert has_suffix_below("uk")
    assert not has_suffix_below("alipay.com")
    assert not has_suffix_right_below("alipay.com")
