"""Where those are who believe headers, as names move."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address

import pytest

from nfemu.gateway.bearer.trusting import TRUSTED_FOR, Trusting
from nfemu.gateway.link.server import Answer
from nfemu.gateway.ports import Direct, Emulated, Route
from nfemu.model.errors import Unavailable
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.table import Batch, Put
from tests.fakes.gateway import rules
from tests.gateway.engine.conftest import until

PORTAL = "portal.carrier.example"


class Moving:
    """A name service whose answers are set."""

    def __init__(self, *addresses: str) -> None:
        self.route: Route | None = None
        self.move(*addresses)

    def move(self, *addresses: str, real: bool = True) -> None:
        target = Direct() if real else Emulated()
        self.route = Route(tuple(map(ip_address, addresses)), target, target)

    async def answer(self, host: str) -> Answer:
        if self.route is None:
            raise Unavailable("no answer")
        return Answer(self.route, 1.0)


class World:
    def __init__(self, *addresses: str, every_s: float = 60) -> None:
        self.now = datetime(2026, 11, 2, 12, tzinfo=UTC)
        self.names = Moving(*addresses)
        self.batches: list[Batch] = []
        self.rules = rules()
        self.trusting = Trusting(SteeringPlan(), self.names, self._put, lambda: self.now, every_s)

    async def _put(self, batch: Batch) -> None:
        self.batches.append(batch)

    def told(self) -> dict[object, int | None]:
        """Address to seconds, of the last batch."""
        return {step.key[0]: step.seconds for step in self.batches[-1] if isinstance(step, Put)}


async def test_an_address_counts_for_a_day_after_it_was_seen_last() -> None:
    world = World("93.184.216.1", "93.184.216.2")
    await world.trusting.look(world.rules)
    day = int(TRUSTED_FOR.total_seconds())
    assert world.told() == {IPv4Address("93.184.216.1"): day, IPv4Address("93.184.216.2"): day}
    world.now += timedelta(hours=23)
    world.names.move("93.184.216.2")
    await world.trusting.look(world.rules)
    assert world.told() == {IPv4Address("93.184.216.2"): day}
    assert world.trusting.known[IPv4Address("93.184.216.1"), 80] == world.now + timedelta(hours=1)


async def test_emulated_addresses_count_for_good() -> None:
    world = World()
    world.names.move("198.18.0.20", real=False)
    await world.trusting.look(world.rules)
    assert world.told() == {IPv4Address("198.18.0.20"): None}


async def test_a_name_that_leads_nowhere_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.names.route = None
    for _ in range(2):
        await world.trusting.look(world.rules)
    assert caplog.text.count(f"the trusted name `{PORTAL}` leads nowhere now") == 1


async def test_names_are_followed_and_old_addresses_forgotten() -> None:
    world = World("93.184.216.1", every_s=0.01)
    world.trusting.begin(lambda: world.rules)
    await until(lambda: (IPv4Address("93.184.216.1"), 80) in world.trusting.known)
    world.now += TRUSTED_FOR
    world.names.move("93.184.216.2")
    await until(lambda: {address for address, _ in world.trusting.known} == {IPv4Address("93.184.216.2")})
    await world.trusting.stop()
    await world.trusting.stop()
