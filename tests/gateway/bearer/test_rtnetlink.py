"""What links are told to send at."""

import pytest
from pyroute2.netlink.rtnl.tcmsg import tcmsg

from nfemu.gateway.bearer.network.rtnetlink import sends_at

LINK, OTHER_LINK = 3, 4
OPEN, ARREARS = 150_000_000, 1_000_000


def queue(message: bytes) -> int:
    decoded = tcmsg(message)
    decoded.decode()
    handle: int = decoded["handle"]
    return handle


@pytest.mark.parametrize("link", [LINK, OTHER_LINK])
def test_another_rate_is_another_queue(link: int) -> None:
    """Changed where it is, a queue kept what a download had in it, and nothing passed it any more at the lower rate:
    whoever was stopped while downloading had neither portal nor DNS."""
    faster, slower = queue(sends_at(link, OPEN)), queue(sends_at(link, ARREARS))
    assert 0 not in {faster, slower}
    assert faster != slower
    assert faster == queue(sends_at(OTHER_LINK, OPEN))
