"""The HSS: who gets an IP (G8), and versions of the subscription record."""

import pytest

from nfemu.epc import hss
from nfemu.model.errors import Conflict
from nfemu.model.identity import Imsi
from nfemu.model.subscriber import Hold, OrderedProfile, Subscription
from tests.fakes.world import catalogue

RECORD = Subscription(Imsi("460001380013800"))


@pytest.mark.parametrize(("ordered", "name"), [(OrderedProfile.OPEN, "internet"), (OrderedProfile.ARREARS, "green")])
def test_arrears_still_give_an_ip(ordered: OrderedProfile, name: str) -> None:
    """G4: the line is not cut, its profile is another one."""
    assert hss.permit(catalogue(), hss.order_profile(RECORD, ordered)).name == name


def test_barred_gives_none() -> None:
    with pytest.raises(Conflict, match="`barred` gives no IP address; pay the arrears"):
        hss.permit(catalogue(), hss.order_profile(RECORD, OrderedProfile.BARRED))


def test_every_change_raises_the_version_and_only_a_change_does() -> None:
    arrears = hss.order_profile(RECORD, OrderedProfile.ARREARS)
    held = hss.set_hold(arrears, Hold.RESTRICT)
    assert (arrears.version, held.version) == (2, 3)
    assert (held.ordered, held.hold) == (OrderedProfile.ARREARS, Hold.RESTRICT)
    assert hss.order_profile(held, OrderedProfile.ARREARS) is held
    assert hss.set_hold(held, Hold.RESTRICT) is held
