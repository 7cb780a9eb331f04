"""nft's listing, as nft 1.0.6 printed it."""

import pytest

from nfemu.policy.compile.compiler import compile_table
from nfemu.policy.compile.counted import COUNTERS, read_counters
from nfemu.policy.compile.render import render_listing, render_table
from tests.policy.compile.worlds import PLAN
from tests.policy.test_rules import POLICIES

LISTING = """\
table inet nfemu {
	set used_up4 {
		type ipv4_addr . mark
		size 1048576
		flags dynamic,timeout
		counter
		timeout 1h
		elements = { 10.45.0.2 . 0x00abcdef counter packets 2 bytes 3000 expires 59m59s996ms,
			10.45.0.3 . 0xf0000001 timeout 2h expires 1h2m3s counter packets 1 bytes 40 }
	}
}
table inet nfemu {
	set used_down6 {
		type ipv6_addr . mark
		size 1048576
		flags dynamic,timeout
		counter
		timeout 1h
		elements = { 2001:db8:4500:2:: . 0x00abcdef counter packets 1 bytes 5000000000 expires 59m59s996ms }
	}
}
"""


def test_listing() -> None:
    assert dict(read_counters(LISTING)) == {
        ("up", "10.45.0.2", 0xABCDEF): 3000,
        ("up", "10.45.0.3", 0xF0000001): 40,
        ("down", "2001:db8:4500:2::", 0xABCDEF): 5_000_000_000,
    }


@pytest.mark.parametrize("name", COUNTERS)
def test_every_counter_can_be_listed(name: str) -> None:
    assert f"\tset {name} {{\n" in render_table(compile_table(POLICIES, PLAN))
    assert render_listing(name) == f"list set inet nfemu {name}\n"
