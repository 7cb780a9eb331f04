"""Where names lead that policies speak of: what the kernel is told of it, for how long, and who answers there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address

import pytest

from nfemu.gateway.bearer.places import COUNTS_FOR, Places
from nfemu.gateway.link.host import Answer
from nfemu.gateway.ports import Direct, Emulated, Route, Upstream
from nfemu.model.errors import Unavailable
from nfemu.model.policy import Verdict
from nfemu.policy.compile.render import render_batch
from nfemu.policy.compile.steering import SteeringPlan
from nfemu.policy.compile.table import Batch, Put
from nfemu.policy.rules import PolicySet
from tests.fakes.gateway import rules
from tests.gateway.engine.conftest import until
from tests.policy.making import LANDING, group, profile

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
        self.places = Places(SteeringPlan(), self.names, self._put, lambda: self.now, every_s)

    async def _put(self, batch: Batch) -> None:
        self.batches.append(batch)

    def told(self) -> dict[object, int | None]:
        """Address to seconds, of the last batch."""
        return {step.key[0]: step.seconds for step in self.batches[-1] if isinstance(step, Put)}


async def test_an_address_counts_for_a_day_after_it_was_seen_last() -> None:
    world = World("93.184.216.1", "93.184.216.2")
    await world.places.look(world.rules)
    day = int(COUNTS_FOR.total_seconds())
    assert world.told() == {IPv4Address("93.184.216.1"): day, IPv4Address("93.184.216.2"): day}
    world.now += timedelta(hours=23)
    world.names.move("93.184.216.2")
    await world.places.look(world.rules)
    assert world.told() == {IPv4Address("93.184.216.2"): day}
    assert world.places.known[IPv4Address("93.184.216.1"), 80] == world.now + timedelta(hours=1)


async def test_emulated_addresses_count_for_good() -> None:
    world = World()
    world.names.move("198.18.0.20", real=False)
    await world.places.look(world.rules)
    assert world.told() == {IPv4Address("198.18.0.20"): None}


async def test_a_name_that_leads_nowhere_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.names.route = None
    for _ in range(2):
        await world.places.look(world.rules)
    assert caplog.text.count(f"the listed name `{PORTAL}` leads nowhere now") == 1


async def test_names_are_followed_and_old_addresses_forgotten() -> None:
    world = World("93.184.216.1", every_s=0.01)
    world.places.begin(lambda: world.rules)
    await until(lambda: (IPv4Address("93.184.216.1"), 80) in world.places.known)
    world.now += COUNTS_FOR
    world.names.move("93.184.216.2")
    await until(lambda: {address for address, _ in world.places.known} == {IPv4Address("93.184.216.2")})
    await world.places.stop()
    await world.places.stop()


PAY, TILL = "pay.example", "till.shop.example"
VIRTUAL, REAL = ip_address("198.18.0.16"), ip_address("203.0.113.9")
SERVER = Upstream("127.0.0.1", 9443)
GARDEN = PolicySet.build(
    [
        group("pages", ".carrier.example", ports=(80,)),
        group("told", ".told.example", "*.wild.example", trusted=True),
        group("pay", PAY, ".shop.example"),
        group("video", "video.example"),
    ],
    [
        profile("open", Verdict.ALLOW, "told", "video"),
        profile("arrears", Verdict.REDIRECT, "pages", "pay", redirect_to=LANDING),
        profile("office", Verdict.REDIRECT, "pages", redirect_to="http://portal.carrier.example/office"),
    ],
)


def garden(*addresses: str) -> World:
    world = World()
    world.names.move(*addresses, real=False)
    world.rules = replace(world.rules, policies=GARDEN)
    return world


async def test_trusted_names_and_landing_pages_are_known_before_anybody_asks() -> None:
    world = garden("198.18.0.16")
    await world.places.look(world.rules)
    assert len(world.batches) == 2
    assert (world.places.known, world.places.named) == ({(VIRTUAL, 80): None}, {(VIRTUAL, 80): None})


async def test_what_a_restricted_line_may_reach_is_known_from_the_first_question() -> None:
    world = garden()
    batch = render_batch(await world.places.learn(world.rules, TILL, (VIRTUAL, REAL)))
    assert "named4 { 198.18.0.16 . 80, 198.18.0.16 . 443 }" in batch
    assert "named4 { 203.0.113.9 . 80 timeout 86400s, 203.0.113.9 . 443 timeout 86400s }" in batch
    assert "trusted4" not in batch
    lasting = dict.fromkeys(((REAL, 80), (REAL, 443)), world.now + COUNTS_FOR)
    assert world.places.named == {(VIRTUAL, 80): None, (VIRTUAL, 443): None} | lasting
    nowhere = await world.places.learn(world.rules, "video.example", (REAL,))
    assert nowhere == (), "listed where everything is allowed"


async def test_a_configured_server_is_at_its_names_address_whatever_the_ports_are() -> None:
    world = garden()
    world.names.route = Route((VIRTUAL,), Emulated(), SERVER)
    await world.places.look(world.rules)
    assert (world.places.server_at(VIRTUAL), (VIRTUAL, 443) in world.places.named) == (PORTAL, True)
    world.names.route = Route((VIRTUAL,), SERVER, Emulated())
    await world.places.look(world.rules)
    await world.places.learn(world.rules, PAY, (REAL,))
    assert (world.places.server_at(VIRTUAL), world.places.server_at(REAL)) == (None, None), "plain HTTP alone"
