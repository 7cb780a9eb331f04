"""A small carrier with its API."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest
from starlette.types import ASGIApp

from nfemu.model.destination import Destination
from nfemu.model.errors import Conflict, NfemuError, NotFound
from nfemu.model.identity import GroupName, Msisdn, PolicyName, WebhookId
from nfemu.model.policy import Decision, DestinationGroup, PolicyProfile, Verdict
from nfemu.model.webhooks import Webhook
from nfemu.policy.reach import Guard, Reach
from nfemu.policy.rules import CompiledProfile, PolicySet
from nfemu.web.api import ApiBackend, ApiConfig, Component, ConfigChange, create_api
from nfemu.web.api.backend import NamedState, PluggedIn
from nfemu.web.api.login import Logins
from nfemu.web.provider.contracts import Contracts
from nfemu.web.wechat.debugger import Debugger
from nfemu.web.wechat.desk import Desk
from nfemu.web.wechat.merchants import Merchants
from nfemu.webhooks.courier import Courier
from nfemu.webhooks.register import Register
from nfemu.webhooks.target import WebhookRules
from tests.fakes.paying import pay, top_up
from tests.fakes.wechat import WechatAtRest, reconciler_of_nobody
from tests.fakes.world import HOLD, START, World
from tests.web.api.browser import Answer, ask
from tests.web.wechat.provider import Provider

CONFIGURED = {
    WebhookId("crm"): Webhook(WebhookId("crm"), "http://127.0.0.1:1/events", ("order.done",), configured=True)
}
"""Nobody listens there."""
TOKEN = "the-token-of-this-test"


def policies() -> PolicySet:
    portal = DestinationGroup(GroupName("portal"), ("portal.carrier.example",), trusted=True)
    return PolicySet.build(
        [portal],
        [
            PolicyProfile(PolicyName("open"), Verdict.ALLOW, (portal.name,)),
            PolicyProfile(
                PolicyName("arrears"), Verdict.REDIRECT, (portal.name,), "http://portal.carrier.example/green"
            ),
        ],
    )


@dataclass(slots=True)
class FakeStates:
    """Implements States; a state is its name."""

    saved: dict[str, NamedState] = field(default_factory=dict)
    loaded: list[str] = field(default_factory=list)

    async def all(self) -> Sequence[NamedState]:
        return [NamedState("initial"), *self.saved.values()]

    async def save(self, name: str) -> NamedState:
        if name == "initial":
            raise Conflict("the state `initial` cannot be saved")
        self.saved[name] = NamedState(name, START, START + HOLD, 7)
        return self.saved[name]

    async def load(self, name: str, clock: datetime | None) -> Sequence[str]:
        self._find(name)
        self.loaded.append(name if clock is None else f"{name} at {clock.isoformat()}")
        return ["apns.yaml: pool internet is another one than when the state was saved"]

    async def delete(self, name: str) -> None:
        del self.saved[self._find(name).name]

    def _find(self, name: str) -> NamedState:
        if name not in self.saved:
            raise NotFound(f"there is no state `{name}`")
        return self.saved[name]


@dataclass(slots=True)
class Program:
    """What only the assembled program can do, recorded."""

    asked: list[str] = field(default_factory=list)
    fails_with: NfemuError | None = None
    workers_healthy: bool = True
    states: FakeStates = field(default_factory=FakeStates)
    phone: PluggedIn = field(default_factory=lambda: PluggedIn(4711, 9, "10.45.0.2", None, ("10.45.0.1",)))

    async def reach(self, _: Msisdn, profile: CompiledProfile, destination: Destination, decision: Decision) -> Reach:
        """Everything that is not 10.0.0.1 is virtual."""
        if destination.address == IPv4Address("10.0.0.1"):
            return Reach(guard=Guard("gateway/private-address", "10.0.0.1 is not a public address"))
        if decision.verdict is not Verdict.ALLOW:
            return Reach()
        return Reach((IPv4Address("198.18.0.7"),), "the emulated Internet")

    async def reload(self) -> Sequence[ConfigChange]:
        self._did("reload")
        return self._changes()

    async def preview_reload(self) -> Sequence[ConfigChange]:
        self._did("dry run")
        return self._changes()

    def _changes(self) -> Sequence[ConfigChange]:
        return [
            ConfigChange("policies.yaml", "profile arrears", "+ host pay2.example (payment)", "affects 3 lines"),
            ConfigChange(
                "subscribers.yaml", "account zhang", "balance 1 → 2", "the ledger is append-only", applied=False
            ),
        ]

    async def rotate_keys(self) -> Sequence[str]:
        return self._did("rotate-keys")

    async def reset(self) -> Sequence[str]:
        return self._did("reset")

    async def plug(self, msisdn: Msisdn) -> PluggedIn:
        self._did(f"plug {msisdn}")
        return self.phone

    def components(self) -> Sequence[Component]:
        return [Component("gateway", self.workers_healthy, "2 workers")]

    def _did(self, what: str) -> Sequence[str]:
        if self.fails_with is not None:
            raise self.fails_with
        self.asked.append(what)
        return [f"{what} done"]


@dataclass(slots=True)
class Api:
    app: ASGIApp
    world: World
    program: Program
    seconds: list[float]
    """The one value is the monotonic time that logins see."""

    async def __call__(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, token: str = TOKEN
    ) -> Answer:
        """A request under `/api/v1` with the token."""
        given = {"Host": "127.0.0.1:8600", "Authorization": f"Bearer {token}", **(headers or {})}
        if body is None:
            return await ask(self.app, method, f"/api/v1{path}", list(given.items()))
        given["Content-Type"] = "application/json"
        return await ask(self.app, method, f"/api/v1{path}", list(given.items()), json.dumps(body).encode())


def couriered(world: World, folder: Path) -> Courier:
    """Of the world's events, on its wall clock, which stands."""
    courier = Courier(
        Register(folder / "webhooks", CONFIGURED, WebhookRules()), lambda: world.store, lambda: START, "CNY"
    )
    world.happened = courier.wake
    return courier


class Wechat(Protocol):
    """An emulated WeChat Pay, as the API needs it."""

    @property
    def desk(self) -> Desk: ...

    @property
    def merchants(self) -> Merchants: ...

    @property
    def debugger(self) -> Debugger: ...


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with opened(tmp_path, WechatAtRest(tmp_path)) as made:
        yield made


@pytest.fixture
async def pay_api(tmp_path: Path, provider: Provider) -> AsyncIterator[Api]:
    """Of a carrier with the emulated WeChat Pay at work."""
    async with opened(tmp_path, provider) as made:
        yield made


@asynccontextmanager
async def opened(tmp_path: Path, wechat: Wechat) -> AsyncIterator[Api]:
    world = World()
    service = await world.start()
    program = Program()
    seconds = [0.0]
    config = ApiConfig(
        token=TOKEN,
        country_code="86",
        currency="CNY",
        timezone=ZoneInfo("Asia/Shanghai"),
        carrier_name={"zh": "示例移动", "en": "Example Mobile"},
        host_names=("Emulator.Example",),
    )
    backend = ApiBackend(
        policies,
        program.reach,
        partial(pay, world.service),
        partial(top_up, world.service),
        partial(Contracts, b"k" * 32, world.store),
        lambda: wechat.desk,
        wechat.merchants,
        lambda: reconciler_of_nobody(world.service),
        lambda: wechat.debugger,
        program.components,
        program.reload,
        program.preview_reload,
        program.rotate_keys,
        program.reset,
        program.plug,
        program.states,
        couriered(world, tmp_path),
    )
    await backend.webhooks.begin()
    yield Api(create_api(lambda: service, config, backend, Logins(lambda: seconds[0])), world, program, seconds)
    await backend.webhooks.stop()
    await service.stop()
