"""Every file is reloaded under traffic: whole or not at all, said truthfully, and no restricted line is ever opened."""

import asyncio
import os
import shutil
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from nfemu.model.errors import Conflict
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile
from nfemu.web.api.backend import ConfigChange
from tests.journeys.carrier import CONFIG
from tests.journeys.configuring import edit, own_config
from tests.journeys.inside import Inside, inside
from tests.journeys.wire import Wire, credentials

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBER, OTHER, THIRD = "13800138000", "13800138001", "13800138002"
NEWS, EVIL, PORTAL = "news.example", "evil.example", "portal.carrier.example"
FREE_PORTS = (
    ("carrier.yaml", "127.0.0.1, port: 8600", "127.0.0.1, port: 0"),
    ("carrier.yaml", "http_port: 8610", "http_port: 0"),
)
"""Of the listeners that are moved: back again, they must not meet another carrier's."""
FILES = [path.name for path in CONFIG.glob("*.yaml")]


def msisdn(number: str) -> Msisdn:
    return Msisdn.parse(number, "86")


class Edited:
    """A running carrier whose files a test changes."""

    def __init__(self, here: Inside, folder: Path) -> None:
        self.here = here
        self.folder = folder

    def edit(self, file: str, old: str, new: str) -> None:
        edit(self.folder / file, old, new)

    def restore(self) -> None:
        for name in FILES:
            shutil.copy(CONFIG / name, self.folder / name)
        for change in FREE_PORTS:
            self.edit(*change)

    async def reload(self) -> list[str]:
        return lines_of(await self.here.emulator.reload())

    async def preview(self) -> list[str]:
        return lines_of(await self.here.emulator.preview_reload())

    async def status(self, number: str = NUMBER) -> int:
        """What a line gets for the news site."""
        return await status_of(self.here, number, NEWS)


def lines_of(changes: list[ConfigChange]) -> list[str]:
    """`file: subject: change`, with the note where there is one."""
    return [f"{one.file}: {one.subject}: {one.change}" + (f"; {one.note}" if one.note else "") for one in changes]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_config(tmp_path_factory.mktemp("reload") / "config", *FREE_PORTS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path_factory.mktemp("carrier"), config=folder) as carrier:
        yield carrier


@pytest_asyncio.fixture(loop_scope="module")
async def edited(here: Inside, folder: Path) -> AsyncIterator[Edited]:
    """Afterwards everything is as shipped again."""
    its = Edited(here, folder)
    yield its
    await here.hang_up()
    its.restore()
    await here.emulator.reload()
    for number in (NUMBER, OTHER, THIRD):
        status = await here.emulator.service.status(msisdn(number))
        if status.line.subscription.ordered is not OrderedProfile.OPEN:
            await here.emulator.service.restore(msisdn(number))


async def status_of(here: Inside, number: str, host: str, port: int | None = None) -> int:
    """Of one plain request on a connection of its own; 0 where that ends without an answer."""
    wire = await Wire.open(port or here.http_port)
    try:
        await wire.send(f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n".encode() + credentials(number) + b"\r\n")
        head = await wire.head()
        return int(head.split()[1]) if head else 0
    finally:
        wire.close()


async def tunnel_to(here: Inside, number: str, host: str) -> int:
    wire = await Wire.open(here.http_port)
    try:
        await wire.send(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n".encode() + credentials(number) + b"\r\n")
        head = await wire.head()
        return int(head.split()[1]) if head else 0
    finally:
        wire.close()


async def reached(here: Inside, number: str, host: str) -> bool:
    """Whether a connection of the line ever got to the host."""
    line, addresses = await here.ue(number), await here.addresses(host)
    return any(str(one.header.source) == line and one.destination[0] in addresses for one in here.tap.connections)


async def restricted(here: Inside, number: str = NUMBER) -> None:
    await here.emulator.service.restrict(msisdn(number))


async def test_a_dry_run_shows_and_applies_nothing(edited: Edited) -> None:
    await restricted(edited.here)
    edited.edit("policies.yaml", "[pay.provider.example]", f"[pay.provider.example, {NEWS}]")
    shown = await edited.preview()
    assert shown == [
        f"policies.yaml: profile arrears: + host {NEWS} (payment) on ports 80, 443; affects 1 restricted line",
        f"policies.yaml: profile inflight: + host {NEWS} (payment) on ports 80, 443; affects 0 restricted lines",
    ]
    assert await edited.status() == 302
    assert await edited.reload() == shown
    assert await edited.status() == 200
    assert await edited.reload() == []


async def test_sessions_follow_a_changed_profile(edited: Edited) -> None:
    """The next policy version, acknowledged, on the timeline; same address and generation."""
    service = edited.here.emulator.service
    await restricted(edited.here)
    await restricted(edited.here, OTHER)
    before = (await service.status(msisdn(NUMBER))).line.session
    edited.edit("apns.yaml", "ambr: {uplink: 1M, downlink: 1M}", "ambr: {uplink: 1M, downlink: 2M}")
    edited.edit("apns.yaml", "pools:\n", "pools:\n  spare: {ipv4: 10.47.0.0/16}\n")
    assert await edited.reload() == [
        "apns.yaml: profile green: ambr downlink 1M → 2M; 2 sessions updated",
        "apns.yaml: pool spare: new",
    ]
    status = await service.status(msisdn(NUMBER))
    after = status.line.session
    assert before is not None
    assert after is not None
    assert (after.policy_version, after.acknowledged_version) == (before.policy_version + 1,) * 2
    assert (after.ue_ipv4, after.generation, status.effective) == (before.ue_ipv4, before.generation, "green")
    assert [event.name for event in (await service.timeline(msisdn(NUMBER)))[-2:]] == [
        "pgw.session_modified",
        "enforcement.acknowledged",
    ]
    assert await edited.status() == 302


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        (
            [("  green:   ", "  meadow:   "), ("arrears: green", "arrears: meadow")],
            rf"profile `green` is gone from apns\.yaml, but 1 session \({NUMBER}\) is on it",
        ),
        ([("10.45.0.0/16", "10.48.0.0/16")], r"no pool of apns\.yaml holds `10\.45\.0\.\d+` any more, but \d sessions"),
    ],
)
async def test_what_is_in_use_may_not_vanish(edited: Edited, edits: list[tuple[str, str]], said: str) -> None:
    """Nor is the good change beside it made."""
    await restricted(edited.here)
    for old, new in edits:
        edited.edit("apns.yaml", old, new)
    edited.edit("policies.yaml", "[pay.provider.example]", f"[pay.provider.example, {NEWS}]")
    for attempt in (edited.preview, edited.reload):
        with pytest.raises(Conflict, match=said):
            await attempt()
    assert await edited.status() == 302
    assert await edited.status(OTHER) == 200


async def test_lines_follow_new_dunning_rules(edited: Edited) -> None:
    """Through ordinary orders: stopped with a message where a limit falls, moved where a stop means something else."""
    service = edited.here.emulator.service
    number = "13900000003"
    await service.attach(msisdn(number))
    edited.edit("dunning.yaml", "credit_limit: 0.00", "credit_limit: 20.00")
    await edited.reload()
    assert (await edited.here.charge(number, "65.00")).standing.value == "in grace"
    assert await edited.status(number) == 200
    edited.edit("dunning.yaml", "credit_limit: 20.00", "credit_limit: 10.00")
    assert await edited.reload() == [
        (
            "dunning.yaml: credit_limit: 20.00 → 10.00; for 24 accounts without a limit of their own; "
            "lines are stopped or resumed where that changes standing"
        ),
        "dunning.yaml: standing: derived anew; accounts with lines to move: 1",
    ]
    assert await edited.status(number) == 302
    assert [notice.kind.value for notice in await service.inbox(msisdn(number))] == ["stopped"]
    edited.edit("dunning.yaml", "restricted_profile: arrears", "restricted_profile: barred")
    assert "dunning.yaml: restricted_profile: arrears → barred; moves 1 restricted line" in await edited.reload()
    status = await service.status(msisdn(number))
    assert (status.ordered.value, status.effective) == ("barred", None)
    assert await edited.status(number) == 403
    edited.edit("dunning.yaml", "restricted_profile: barred  ", "restricted_profile: arrears  ")
    await edited.reload()
    status = await service.status(msisdn(number))
    assert (status.ordered.value, status.effective) == ("arrears", "green")
    assert await edited.status(number) == 302
    assert (await edited.here.pay(number, "15.00")).effective == "internet"


async def test_the_portal_moves(edited: Edited) -> None:
    """Name and host: the page, the redirect and the link in the message are the new ones."""
    await restricted(edited.here, OTHER)
    new = "kiosk.carrier.example"
    edited.edit("carrier.yaml", f"host: {PORTAL}", f"host: {new}")
    edited.edit("carrier.yaml", "en: Example Mobile", "en: Other Mobile")
    edited.edit("policies.yaml", f"    hosts: [{PORTAL}]", f"    hosts: [{new}]")
    edited.edit("policies.yaml", f"{{hosts: [{PORTAL}], ports", f"{{hosts: [{new}], ports")
    edited.edit("policies.yaml", f"redirect_to: http://{PORTAL}/green", f"redirect_to: http://{new}/green")
    changes = await edited.reload()
    assert f"carrier.yaml: portal: host {PORTAL} → {new}" in changes
    assert f"policies.yaml: profile arrears: - host {PORTAL} (portal); affects 1 restricted line" in changes
    wire = await edited.here.wire()
    await wire.send(f"GET http://{new}/green HTTP/1.1\r\nHost: {new}\r\n".encode() + credentials(OTHER) + b"\r\n")
    answer = await wire.answer()
    assert answer.status == 200
    assert "Other Mobile" in answer.body.decode()
    assert "138****8001" in answer.body.decode()
    assert await status_of(edited.here, OTHER, PORTAL) == 302
    await restricted(edited.here, THIRD)
    assert f"http://{new}/green" in (await edited.here.emulator.service.inbox(msisdn(THIRD)))[0].text


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port))).close()
    except ConnectionRefusedError:
        return False
    return True


async def test_listeners_move(edited: Edited) -> None:
    """The new ones are open before the old ones close; one that is taken refuses the whole reload."""
    before = edited.here.running
    api, http = free_port(), free_port()
    edited.edit("carrier.yaml", "127.0.0.1, port: 0", f"127.0.0.1, port: {api}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        edited.edit("carrier.yaml", "http_port: 0", f"http_port: {taken.getsockname()[1]}")
        with pytest.raises(Conflict, match=r"is in use.*`proxy\.http_port`"):
            await edited.reload()
        assert edited.here.running == before
        assert not listens(f"127.0.0.1:{api}")
        edited.edit("carrier.yaml", f"http_port: {taken.getsockname()[1]}", f"http_port: {http}")
    assert await edited.reload() == [
        f"carrier.yaml: api: port 0 → {api}",
        f"carrier.yaml: proxy: http_port 0 → {http}",
    ]
    after = edited.here.running
    assert (after.api, after.http_proxy) == (f"127.0.0.1:{api}", f"127.0.0.1:{http}")
    assert (after.socks_proxy, after.subscriber_proxies) == (before.socks_proxy, before.subscriber_proxies)
    assert listens(after.api)
    assert await edited.status() == 200
    async with asyncio.timeout(20):
        while listens(before.api) or listens(before.http_proxy):  # noqa: ASYNC110 - the old ones end by themselves
            await asyncio.sleep(0.05)


async def test_ports_of_the_carriers_own_change_hands_in_two_reloads(edited: Edited) -> None:
    api = int(edited.here.running.api.rpartition(":")[2])
    edited.edit("carrier.yaml", "http_port: 0", f"http_port: {api}")
    for attempt in (edited.preview, edited.reload):
        with pytest.raises(Conflict, match=r"`proxy\.http_port` wants, .* own `api\.port`.* in two reloads"):
            await attempt()
    edited.edit("carrier.yaml", f"http_port: {api}", "http_port: 0")
    edited.edit("carrier.yaml", "127.0.0.1, port: 0", f"127.0.0.1, port: {free_port()}")
    await edited.reload()
    async with asyncio.timeout(20):
        while listens(f"127.0.0.1:{api}"):  # noqa: ASYNC110 - the old one ends by itself
            await asyncio.sleep(0.05)
    edited.edit("carrier.yaml", "http_port: 0", f"http_port: {api}")
    assert await edited.reload() == [f"carrier.yaml: proxy: http_port 0 → {api}"]


async def test_a_known_number_gets_no_other_card(edited: Edited) -> None:
    edited.edit("subscribers.yaml", '"460001380013800"', '"460001380013899"')
    for attempt in (edited.preview, edited.reload):
        with pytest.raises(Conflict, match=r"is stored for IMSI `460001380013800`, and a card keeps its number"):
            await attempt()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("clock: wall ", "clock: test ", "carrier.yaml `clock` changed, but business time cannot go over to another"),
        ('mnc: "00"', 'mnc: "01"', "carrier.yaml `plmn` changed, but the cards were made for the old network"),
        ("# database: p", "database: p", "carrier.yaml `database` changed, but the ledger of a running carrier is in"),
        ('country_code: "86"', 'country_code: "49"', "carrier.yaml `country_code` changed, but numbers are stored"),
    ],
)
async def test_what_cannot_change_is_refused_by_name(edited: Edited, old: str, new: str, named: str) -> None:
    await restricted(edited.here)
    edited.edit("carrier.yaml", old, new)
    edited.edit("policies.yaml", "[pay.provider.example]", f"[pay.provider.example, {NEWS}]")
    for attempt in (edited.preview, edited.reload):
        with pytest.raises(Conflict) as refused:
            await attempt()
        assert str(refused.value).startswith(f"nothing was applied: {named}")
    assert await edited.status() == 302


async def test_reloads_among_charges_payments_and_attaches(edited: Edited) -> None:
    """Three reloads at once, each of another state of the files, while lines flip: everybody ends where they should."""
    service = edited.here.emulator.service
    numbers = [f"139000000{index}" for index in range(10, 16)]

    async def journey(number: str) -> None:
        await service.attach(msisdn(number))
        await edited.here.charge(number, "60.00")
        assert await status_of(edited.here, number, EVIL) == 302
        await edited.here.pay(number, "10.00")
        assert await status_of(edited.here, number, EVIL) == 200
        await service.detach(msisdn(number))
        await service.attach(msisdn(number))

    async def reloads() -> None:
        for rate in ("2M", "3M"):
            old = "1M" if rate == "2M" else "2M"
            edited.edit(
                "apns.yaml", f"ambr: {{uplink: 1M, downlink: {old}}}", f"ambr: {{uplink: 1M, downlink: {rate}}}"
            )
            await asyncio.gather(*(edited.reload() for _ in range(3)))

    await asyncio.gather(reloads(), *(journey(number) for number in numbers))
    for number in numbers:
        status = await service.status(msisdn(number))
        assert (status.effective, status.balance) == ("internet", Money(0))


async def test_a_worker_that_is_lost_meanwhile(edited: Edited) -> None:
    """Whoever serves afterwards serves by the new rules."""
    await restricted(edited.here)
    edited.edit("policies.yaml", "[pay.provider.example]", f"[pay.provider.example, {NEWS}]")
    workers = edited.here.emulator.gateway.status().workers
    reloading = asyncio.create_task(edited.reload())
    os.kill(workers[0].pid, signal.SIGKILL)
    await reloading
    assert await edited.status() == 200
    assert await status_of(edited.here, NUMBER, EVIL) == 302


SWAPPED = (
    ("policies.yaml", "  open:\n    default: allow", "  was_open:\n    default: allow"),
    ("policies.yaml", "  arrears:\n    default: redirect", "  open:\n    default: redirect"),
    ("policies.yaml", "  was_open:\n", "  arrears:\n"),
    ("policies.yaml", "[pay.provider.example]", f"[pay.provider.example, {NEWS}]"),
    ("apns.yaml", "    policy: open\n", "    policy: was_open\n"),
    ("apns.yaml", "    policy: arrears\n", "    policy: open\n"),
    ("apns.yaml", "    policy: was_open\n", "    policy: arrears\n"),
)
"""Wider by one host, and each policy name means what the other one did."""


@pytest.mark.once
async def test_fifty_reloads_open_nothing(edited: Edited) -> None:
    """Narrow and wide in turn, with the two policies' names exchanged each time: a restricted line that met new rules
    under its old policy name, or old rules under its new one, would be open. The open line is never refused."""
    here = edited.here
    await restricted(here)
    ended = asyncio.Event()
    answers: dict[str, Counter[int]] = {name: Counter() for name in ("get", "connect", "open")}

    async def hammer(name: str, ask: Callable[[], "asyncio.Future[int]"]) -> None:
        while not ended.is_set():
            answers[name][await ask()] += 1

    hammering = [
        asyncio.create_task(hammer("get", lambda: asyncio.ensure_future(status_of(here, NUMBER, EVIL)))),
        asyncio.create_task(hammer("connect", lambda: asyncio.ensure_future(tunnel_to(here, NUMBER, EVIL)))),
        asyncio.create_task(hammer("open", lambda: asyncio.ensure_future(status_of(here, OTHER, NEWS)))),
    ]
    try:
        for number in range(50):
            if number % 2:
                edited.restore()
            else:
                for change in SWAPPED:
                    edited.edit(*change)
            await edited.reload()
            assert await edited.status() == (302 if number % 2 else 200)
    finally:
        ended.set()
        await asyncio.gather(*hammering)
    assert set(answers["get"]) == {302}
    assert set(answers["connect"]) == {403}
    assert set(answers["open"]) == {200}
    assert not await reached(here, NUMBER, EVIL)


async def test_the_hammer_would_notice(edited: Edited) -> None:
    """The open line does reach what the restricted one never did, and the tap sees it."""
    assert await status_of(edited.here, OTHER, EVIL) == 200
    assert await reached(edited.here, OTHER, EVIL)
