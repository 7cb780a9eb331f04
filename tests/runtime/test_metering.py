"""Octets on their way to the tariffs: each once, also those that could not be charged at first."""

from nfemu.model.errors import Unavailable
from nfemu.model.identity import Imsi, PolicyName
from nfemu.model.usage import Usage
from nfemu.runtime.metering import Metering

OPEN, GREEN = PolicyName("open"), PolicyName("arrears")
ZHANG, LI = Imsi("460001380013800"), Imsi("460001380013801")


class Till:
    """What was charged, by line; `closed` to some."""

    def __init__(self) -> None:
        self.charged: dict[Imsi, list[int]] = {}
        self.closed: set[Imsi] = set()
        self.metering = Metering(self._charge, lambda policy: policy == GREEN)

    async def _charge(self, imsi: Imsi, octets: int) -> None:
        if imsi in self.closed:
            raise Unavailable("disk full; try again")
        self.charged.setdefault(imsi, []).append(octets)


async def test_octets_of_a_line_are_charged_together_and_the_green_channel_is_free() -> None:
    till = Till()
    till.metering.add([Usage(ZHANG, OPEN, "", 1, 10), Usage(ZHANG, OPEN, "portal", 2, 20), Usage(LI, GREEN, "", 5, 5)])
    till.metering.add([Usage(LI, OPEN, "", 0, 0), Usage(LI, OPEN, "", 3, 0)])
    await till.metering.settle()
    assert till.charged == {ZHANG: [33], LI: [3]}


async def test_what_could_not_be_charged_is_with_the_next() -> None:
    till = Till()
    till.closed = {ZHANG}
    till.metering.add([Usage(ZHANG, OPEN, "", 1, 1), Usage(LI, OPEN, "", 1, 0)])
    await till.metering.settle()
    assert till.charged == {LI: [1]}
    till.closed.clear()
    till.metering.add([Usage(ZHANG, OPEN, "", 5, 0)])
    await till.metering.settle()
    assert till.charged == {LI: [1], ZHANG: [7]}


async def test_another_life_charges_nothing_of_this_one() -> None:
    till = Till()
    await till.metering.settle()
    till.metering.add([Usage(ZHANG, OPEN, "", 1, 1)])
    till.metering.abandon()
    await till.metering.settle()
    assert till.charged == {}
