"""A small carrier on fakes behind its real API on a real socket, with a state folder in which clients find it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import uvicorn

from nfemu.client import RunningStatus, StateFolder
from nfemu.web.api import ApiBackend, ApiConfig, create_api
from nfemu.web.provider.contracts import Contracts
from nfemu.webhooks.courier import Courier
from tests.fakes.paying import pay, top_up
from tests.fakes.wechat import WechatAtRest, reconciler_of_nobody
from tests.fakes.world import World
from tests.web.api.conftest import TOKEN, Program, couriered, policies


@dataclass(frozen=True, slots=True)
class Running:
    state: StateFolder
    url: str
    world: World
    program: Program


def status_of(address: str, folder: Path) -> RunningStatus:
    """What a carrier on `address` publishes; its proxies are made up."""
    return RunningStatus(
        pid=1,
        started_at="2026-11-01T08:00:00+00:00",
        api=address,
        http_proxy="127.0.0.1:8610",
        socks_proxy="127.0.0.1:8611",
        subscriber_proxies={"8613800138001": "127.0.0.1:8621"},
        ca=str(folder / "ca.pem"),
        country_code="86",
        access="proxy: for tests",
    )


@contextmanager
def carrier(folder: Path, of: World | None = None) -> Iterator[Running]:
    """Serve until the block ends. The state folder is `folder`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        state = StateFolder(folder)
        state.api_token.write_text(TOKEN + "\n")
        state.ca.parent.mkdir()
        state.ca.write_text("-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n")
        state.publish(status_of(address, folder))
        world, program = of or World(), Program()
        courier = couriered(world, folder)
        server = uvicorn.Server(_config(world, program, courier, folder))
        thread = threading.Thread(target=asyncio.run, args=(_serve(server, world, courier, listener),))
        thread.start()
        try:
            yield Running(state, f"http://{address}", world, program)
        finally:
            server.should_exit = True
            thread.join()


async def _serve(server: uvicorn.Server, world: World, courier: Courier, listener: socket.socket) -> None:
    await world.start()
    await courier.begin()
    await server.serve(sockets=[listener])
    await courier.stop()
    await world.service.stop()


def _config(world: World, program: Program, courier: Courier, folder: Path) -> uvicorn.Config:
    wechat = WechatAtRest(folder)
    config = ApiConfig(TOKEN, "86", "CNY", ZoneInfo("Asia/Shanghai"), {"zh": "示例移动", "en": "Example Mobile"})
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
        courier,
    )
    app = create_api(lambda: world.service, config, backend)
    return uvicorn.Config(app, http="httptools", lifespan="off", log_level="critical", timeout_graceful_shutdown=1)
