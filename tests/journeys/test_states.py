"""Named states under traffic: what comes back is the same each time, and nothing of the life before is left."""

import asyncio
import gc
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import connect

import pytest
import pytest_asyncio

from nfemu.carrier.status import LineStatus
from nfemu.model.errors import Conflict, InvalidInput, NotFound, Unavailable
from nfemu.model.identity import Msisdn
from nfemu.model.money import Money
from nfemu.model.timeline import TimelineEvent
from nfemu.store import state_file
from nfemu.store.content import Part
from nfemu.store.times import to_micros
from nfemu.webhooks.ladder import Ladder
from nfemu.webhooks.target import WebhookRules
from tests.journeys.inside import Inside, inside
from tests.journeys.wire import Wire, credentials
from tests.webhooks.receiving import receiver, status, until

pytestmark = [pytest.mark.once, pytest.mark.asyncio(loop_scope="module")]

NUMBER, OTHER, THIRD = "13800138000", "13800138001", "13800138002"
NEWS, PORTAL = "news.example", "portal.carrier.example"
OVERRIDES = {"carrier.clock": "test", "carrier.access": "proxy"}


def msisdn(number: str) -> Msisdn:
    return Msisdn.parse(number, "86")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inside]:
    async with inside(tmp_path_factory.mktemp("states"), OVERRIDES) as carrier:
        yield carrier


@pytest_asyncio.fixture(loop_scope="module")
async def here(running: Inside) -> AsyncIterator[Inside]:
    """As the configuration gives it."""
    await running.emulator.states.load("initial", None)
    yield running
    await running.hang_up()


async def get(here: Inside, number: str, host: str) -> int:
    """The status of one plain request on a connection of its own; 0 where that ends without an answer."""
    wire = await here.wire()
    await wire.send(f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n".encode() + credentials(number) + b"\r\n")
    head = await wire.head()
    return int(head.split()[1]) if head else 0


async def tunnel(here: Inside, number: str, host: str) -> Wire:
    wire = await here.wire()
    await wire.send(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n".encode() + credentials(number) + b"\r\n")
    assert b" 200 " in await wire.head()
    return wire


async def picture(here: Inside) -> dict[str, object]:
    """What QA can see of a life, without wall time."""
    service = here.emulator.service
    lines: dict[str, object] = {}
    for card in await service.subscribers():
        line = await service.status(card.msisdn)
        session = line.line.session
        lines[card.msisdn.e164] = (
            line.balance,
            line.line.subscription,
            session,
            [(notice.id, notice.kind, notice.text, notice.sent_at) for notice in await service.inbox(card.msisdn)],
            told(await service.timeline(card.msisdn)),
            await service.ledger(card.msisdn),
        )
    return {"now": service.now(), "lines": lines, "addresses": await here.addresses("late.example")}


def told(events: list[TimelineEvent]) -> list[tuple[object, ...]]:
    """Each with the number of its trigger among the line's."""
    triggers = list(dict.fromkeys(event.correlation for event in events))
    return [(event.name, triggers.index(event.correlation), dict(event.detail)) for event in events]


async def live(here: Inside) -> None:
    """Something of everything."""
    service = here.emulator.service
    await here.charge(NUMBER, "59.00")
    assert await get(here, NUMBER, NEWS) == 302
    await here.pay(NUMBER, "29.00")
    await service.advance_clock(timedelta(hours=3))
    await service.detach(msisdn(OTHER))
    await service.advance_clock(timedelta(hours=1))
    await service.attach(msisdn(OTHER))
    await service.order_profile(msisdn(THIRD), "inflight")
    await service.sign_agreement(msisdn(THIRD), None)
    await here.charge(THIRD, "100.00")
    await here.addresses("early.example")


async def test_two_loads_and_the_same_steps_are_the_same_to_the_last_identifier(here: Inside) -> None:
    await here.charge(NUMBER, "1.00")
    await here.addresses("first.example")
    await here.emulator.states.save("lived")
    pictures = []
    for _ in range(2):
        await here.emulator.states.load("lived", None)
        await live(here)
        pictures.append(await picture(here))
    assert pictures[0] == pictures[1]


async def test_a_load_brings_back_what_was_saved(here: Inside) -> None:
    await here.charge(NUMBER, "59.00")
    await here.emulator.service.restrict(msisdn(OTHER))
    await here.emulator.states.save("before")
    saved = await picture(here)
    await live(here)
    assert await here.emulator.states.load("before", None) == []
    assert await picture(here) == saved
    assert [await get(here, number, NEWS) for number in (NUMBER, OTHER, THIRD)] == [302, 302, 200]


async def test_initial_is_what_the_files_give(here: Inside) -> None:
    first = await picture(here)
    await live(here)
    await here.emulator.states.load("initial", None)
    again = await picture(here)
    assert {**again, "now": None, "lines": bare(again)} == {**first, "now": None, "lines": bare(first)}
    assert await get(here, NUMBER, NEWS) == 200


def bare(seen: dict[str, object]) -> list[str]:
    """Lines without the time of the start, which goes on."""
    lines = seen["lines"]
    assert isinstance(lines, dict)
    return [
        repr((balance, subscription, session.id, session.ue_ipv4, session.ue_ipv6, session.policy_version))
        for balance, subscription, session, *_ in lines.values()
        if session is not None
    ]


async def test_a_load_sets_business_time_back(here: Inside) -> None:
    service = here.emulator.service
    await here.emulator.states.save("morning")
    morning = service.now()
    await service.advance_clock(timedelta(days=40))
    await here.emulator.states.load("morning", None)
    assert here.emulator.service.now() == morning
    await here.emulator.service.advance_clock(timedelta(hours=1))
    assert here.emulator.service.now() == morning + timedelta(hours=1)


async def test_a_load_says_what_time_it_is(here: Inside) -> None:
    """`initial` at any time, also one that is past; a state at no time before its own, and what falls due happens."""
    long_ago = datetime(2025, 11, 1, 8, tzinfo=UTC)
    states = here.emulator.states
    await states.load("initial", long_ago)
    service = here.emulator.service
    assert service.now() == long_ago
    (opening,) = await service.ledger(msisdn(NUMBER))
    assert opening.at == long_ago
    await service.order_payment(msisdn(NUMBER), Money(100, "CNY"), "https://portal.carrier.example/")
    await states.save("ordered")
    await states.load("ordered", long_ago + timedelta(days=1))
    assert here.emulator.service.now() == long_ago + timedelta(days=1)
    assert await here.emulator.store.open_payments() == []
    with pytest.raises(Conflict, match="the state stands at 2025-11-01T08:00:00"):
        await states.load("ordered", long_ago - timedelta(days=1))
    with pytest.raises(InvalidInput, match="has no zone"):
        await states.load("initial", long_ago.replace(tzinfo=None))


async def test_what_was_to_happen_happens_in_each_life(here: Inside) -> None:
    """An order waits for its payment: it expires in every life by itself, and by nobody else's clock."""
    service = here.emulator.service
    await service.order_payment(msisdn(NUMBER), Money(100, "CNY"), "https://portal.carrier.example/")
    await here.emulator.states.save("ordered")
    for _ in range(2):
        await here.emulator.states.load("ordered", None)
        happened = await here.emulator.service.advance_clock(timedelta(hours=24))
        assert len([one for one in happened if "expired" in one.text]) == 1


async def test_connections_of_the_life_before_are_closed(here: Inside) -> None:
    """Also what the present line may do as well: it was another life's."""
    await here.emulator.states.save("idle")
    wires = [await tunnel(here, number, NEWS) for number in (NUMBER, OTHER)]
    await here.emulator.states.load("idle", None)
    async with asyncio.timeout(20):
        assert [await wire.head() for wire in wires] == [b"", b""]
    assert await get(here, NUMBER, NEWS) == 200


async def test_no_use_of_the_life_before_counts(here: Inside) -> None:
    await here.emulator.states.save("unused")
    assert [await get(here, NUMBER, NEWS) for _ in range(3)] == [200, 200, 200]
    await here.emulator.states.load("unused", None)
    assert await here.emulator.service.usage(msisdn(NUMBER)) == []


async def test_what_the_portal_gave_out_ends_with_its_life(here: Inside) -> None:
    """The same line and session, and yet its forms and cookies of before are nobody's."""
    await here.charge(NUMBER, "59.00")
    await here.emulator.states.save("in-arrears")
    await here.emulator.states.load("in-arrears", None)
    token = await csrf(here)
    assert await proceed(here, token) == 303
    await here.emulator.states.load("in-arrears", None)
    assert await proceed(here, token) == 422
    assert await proceed(here, await csrf(here)) == 303


async def csrf(here: Inside) -> str:
    """Of the landing page's form, by plain HTTP."""
    wire = await here.wire()
    await wire.send(
        f"GET http://{PORTAL}/green HTTP/1.1\r\nHost: {PORTAL}\r\n".encode() + credentials(NUMBER) + b"\r\n"
    )
    found = re.search(rb'name="csrf" value="([0-9a-f]+)"', (await wire.answer()).body)
    assert found is not None
    return found[1].decode()


async def proceed(here: Inside, token: str) -> int:
    """The landing page's button: the status of the answer, which leads to HTTPS by a ticket."""
    wire, form = await here.wire(), f"csrf={token}&url="
    head = f"POST http://{PORTAL}/continue HTTP/1.1\r\nHost: {PORTAL}\r\nContent-Length: {len(form)}\r\n"
    kind = "Content-Type: application/x-www-form-urlencoded\r\n"
    await wire.send((head + kind).encode() + credentials(NUMBER) + f"\r\n{form}".encode())
    return (await wire.answer()).status


async def test_whoever_asked_during_the_load_is_refused_or_heard_by_the_new_life(here: Inside) -> None:
    """Nothing is booked in a life that it was not asked of; what is refused was not done."""
    await here.emulator.states.save("calm")
    service = here.emulator.service
    balance = (await service.status(msisdn(NUMBER))).balance
    loading = asyncio.create_task(here.emulator.states.load("calm", None))
    charges: list[asyncio.Task[LineStatus]] = []
    while not loading.done():
        charges.append(asyncio.create_task(service.charge(msisdn(NUMBER), Money(100, "CNY"))))
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*charges, return_exceptions=True)
    assert all(isinstance(each, LineStatus | Unavailable) for each in outcomes)
    assert any(isinstance(each, Unavailable) for each in outcomes)
    assert (await here.emulator.service.status(msisdn(NUMBER))).balance == balance
    with pytest.raises(Unavailable, match="another state"):
        await service.status(msisdn(NUMBER))


async def test_saves_and_loads_among_charges_are_each_of_one_moment(here: Inside) -> None:
    """Two cards of different accounts are charged in turn: whatever was saved, balances and orders agree."""
    stop = asyncio.Event()

    async def charging() -> None:
        while not stop.is_set():
            for number in (NUMBER, OTHER):
                try:
                    await here.charge(number, "1.00")
                    await here.pay(number, "1.00")
                except (Unavailable, NotFound, Conflict):
                    await asyncio.sleep(0)

    running = asyncio.create_task(charging())
    for _ in range(4):
        await asyncio.gather(here.emulator.states.save("busy"), here.emulator.states.load("initial", None))
        await here.emulator.states.load("busy", None)
    stop.set()
    await running
    for number in (NUMBER, OTHER):
        line = await here.emulator.service.status(msisdn(number))
        entries = await here.emulator.service.ledger(msisdn(number), 10_000)
        assert sum(entry.amount.minor for entry in entries) == line.balance.minor


async def test_worker_and_versions_follow_a_life_whose_versions_are_lower(here: Inside) -> None:
    await here.emulator.states.save("low")
    for _ in range(5):
        await here.emulator.service.restrict(msisdn(NUMBER))
        await here.emulator.service.restore(msisdn(NUMBER))
    await here.emulator.service.restrict(msisdn(NUMBER))
    assert await get(here, NUMBER, NEWS) == 302
    await here.emulator.states.load("low", None)
    assert await get(here, NUMBER, NEWS) == 200
    await here.emulator.service.restrict(msisdn(NUMBER))
    assert await get(here, NUMBER, NEWS) == 302
    status = here.emulator.gateway.status()
    assert [place.restarts for place in status.workers] == [0, 0]
    assert {point.acknowledged for point in status.points} == {status.sequence}


async def test_webhooks_outlive_a_load_and_what_is_on_its_way_to_them_is_the_states(here: Inside) -> None:
    """What the life before had not told is told no more; what waited when the state was saved is, under its id."""
    webhooks, states = here.emulator.webhooks, here.emulator.states
    await webhooks.follow_configuration({}, WebhookRules(ladder=Ladder(timedelta(seconds=1), timedelta(seconds=1))))
    async with receiver(status(503)) as it:
        webhook, _ = await webhooks.add(it.url, ["ledger.entry"])
        await here.charge(NUMBER, "1.00")
        await until(lambda: bool(it.came), it.heard)
        await states.save("untold")
        await here.charge(OTHER, "2.00")
        await states.load("untold", None)
        assert webhooks.all() == [webhook]
        it.answers[:] = [status(204)]
        await here.charge(THIRD, "3.00")
        await until(lambda: charged(it.came[-1]) == "-3.00", it.heard)
        assert {charged(request) for request in it.came} == {"-1.00", "-3.00"}
        assert len({event_id(request) for request in it.came}) == 2
        await states.load("initial", None)
        assert await webhooks.deliveries(webhook.id, None, 10) == []
        await here.charge(NUMBER, "4.00")
        await until(lambda: charged(it.came[-1]) == "-4.00", it.heard)
        await webhooks.remove(webhook.id)


def charged(request: bytes) -> object:
    """The amount that a webhook is told of."""
    return json.loads(request.partition(b"\r\n\r\n")[2])["event"]["detail"]["amount"]


def event_id(request: bytes) -> object:
    return json.loads(request.partition(b"\r\n\r\n")[2])["eventId"]


async def test_names(here: Inside) -> None:
    states = here.emulator.states
    for name in ("", "A", "a b", "../x", "a/b", "-a", "a" * 64, "ä", ".hidden"):
        with pytest.raises(InvalidInput, match="not the name of a state"):
            await states.save(name)
        with pytest.raises(InvalidInput, match="not the name of a state"):
            await states.load(name, None)
    for refused in (states.save("initial"), states.delete("initial")):
        with pytest.raises(Conflict, match="cannot be saved or deleted"):
            await refused
    for unknown in (states.load("nothing", None), states.delete("nothing")):
        with pytest.raises(NotFound, match="there is no state `nothing`"):
            await unknown


async def test_listed_and_deleted(here: Inside) -> None:
    states = here.emulator.states
    for each in await states.all():
        if each.name != "initial":
            await states.delete(each.name)
    await states.save("one")
    await states.save("another")
    (here.emulator.state.states / ".draft").write_text("half")
    (here.emulator.state.states / "damaged").write_text("half")
    (here.emulator.state.states / "folder").mkdir()
    os.mkfifo(here.emulator.state.states / "pipe")
    found = await states.all()
    assert [each.name for each in found] == ["initial", "another", "damaged", "one"]
    assert [each.name for each in found if each.damaged] == ["damaged"]
    with pytest.raises(Unavailable, match="no file, and so no state"):
        await states.load("pipe", None)
    assert found[1].subscribers == await here.emulator.service.count_subscribers()
    with pytest.raises(Unavailable, match="no whole state"):
        await states.load("damaged", None)
    await states.delete("damaged")
    await states.delete("one")
    assert [each.name for each in await states.all()] == ["initial", "another"]


async def test_a_state_that_cannot_be_loaded_changes_nothing(here: Inside) -> None:
    """A card of it has a number that the configuration has on another card."""
    await here.charge(NUMBER, "59.00")
    await here.emulator.states.save("foreign")
    path = here.emulator.state.states / "foreign"
    header, parts = state_file.read(path)
    changed = [with_another_card(part) for part in parts if part.table != "setting"]
    state_file.write(path, header, changed)
    before = await picture(here)
    wire = await tunnel(here, OTHER, NEWS)
    with pytest.raises(Conflict, match="is stored for IMSI"):
        await here.emulator.states.load("foreign", None)
    assert await picture(here) == before
    assert not wire.ended
    assert not here.emulator.start_wanted.is_set()


async def test_an_impossible_state_leaves_the_carrier_as_it_was(here: Inside) -> None:
    await here.emulator.states.save("odd")
    path = here.emulator.state.states / "odd"
    header, parts = state_file.read(path)
    state_file.write(path, header, [with_value(part, "10.45.0.2", "300.45.0.2") for part in parts])
    before = await picture(here)
    with pytest.raises(Conflict, match=r"state `odd` cannot be a carrier's: row [0-9]+ of `session` .*300\.45\.0\.2"):
        await here.emulator.states.load("odd", None)
    assert await picture(here) == before
    assert not here.emulator.start_wanted.is_set()


def with_value(part: Part, old: str, new: str) -> Part:
    return Part(part.table, part.columns, [[new if value == old else value for value in row] for row in part.rows])


def with_another_card(part: Part) -> Part:
    """The number's IMSI is another one, wherever it stands."""
    other = {"460001380013800": "460001380013899"}
    return Part(part.table, part.columns, [[other.get(str(value), value) for value in row] for row in part.rows])


async def test_another_carriers_state_is_refused_and_another_configuration_named(here: Inside) -> None:
    await here.emulator.states.save("other")
    path = here.emulator.state.states / "other"
    header, parts = state_file.read(path)
    state_file.write(path, replace(header, network={**header.network, "currency": "EUR"}), parts)
    with pytest.raises(Conflict, match="saved by another carrier: `currency` EUR is CNY here"):
        await here.emulator.states.load("other", None)
    other = {**header.configuration, "apns.yaml": {"pool gone": "1f", "ordered": "2f"}}
    state_file.write(path, replace(header, configuration=other), parts)
    differences = await here.emulator.states.load("other", None)
    assert "apns.yaml: pool gone is not there any more" in differences
    assert "apns.yaml: ordered is another one than when the state was saved" in differences
    assert "apns.yaml: profile internet is new since the state was saved" in differences
    assert all(line.startswith("apns.yaml: ") for line in differences)


def count(folder: Path) -> int:
    return len(list(folder.iterdir()))


async def residue(here: Inside) -> dict[str, object]:
    """What must not grow, life after life. A use case that is at work is waited for: a blocked request brings one."""
    if working := [task for task in asyncio.all_tasks() if "Runner._drive" in repr(task.get_coro())]:
        await asyncio.wait(working)
    gc.collect()
    workers = [place.pid for place in here.emulator.gateway.status().workers]
    return {
        "descriptors": count(Path("/proc/self/fd")),
        "workers' descriptors": [count(Path(f"/proc/{pid}/fd")) for pid in workers],
        "tasks": len(asyncio.all_tasks()),
        "lives": sum(type(each).__name__ == "Life" for each in gc.get_objects()),
        "sessions": len(await here.emulator.store.sessions()),
        "files": sorted(path.name for path in here.emulator.state.path.iterdir()),
    }


@pytest.mark.parametrize("loads", [12, pytest.param(200, marks=pytest.mark.long)])
async def test_loads_leave_nothing_behind(here: Inside, loads: int) -> None:
    await here.charge(NUMBER, "59.00")
    await here.emulator.states.save("arrears")
    await here.emulator.states.load("arrears", None)
    assert await get(here, NUMBER, NEWS) == 302
    await here.hang_up()
    before = await residue(here)
    for _ in range(loads):
        await here.emulator.states.load("arrears", None)
        assert await get(here, NUMBER, NEWS) == 302
        await here.hang_up()
    assert await residue(here) == before


async def test_a_start_on_an_impossible_store_says_the_way_out(tmp_path: Path) -> None:
    settings = {"carrier.access": "proxy", "carrier.proxy.workers": "1"}
    async with inside(tmp_path, settings) as carrier:
        store = next(carrier.emulator.state.path.glob("*.sqlite"))
    with closing(connect(store)) as connection, connection:
        connection.execute("UPDATE session SET ue_ipv4 = '300.45.0.2' WHERE ue_ipv4 = '10.45.0.2'")
    with pytest.raises(Unavailable, match=r"300\.45\.0\.2.*; empty it with `nfemu reset`"):
        async with inside(tmp_path, settings):
            pass


async def test_what_cannot_be_put_in_force_makes_the_carrier_start_again(tmp_path: Path) -> None:
    """A file that says another time than its content: known only when the content is in the store already."""
    async with inside(tmp_path, {"carrier.access": "proxy", "carrier.proxy.workers": "1"}) as carrier:
        states = carrier.emulator.states
        await states.save("odd")
        path = carrier.emulator.state.states / "odd"
        header, parts = state_file.read(path)
        ahead = str(to_micros(header.business_time + timedelta(days=400)))
        settings = [Part("setting", ("key", "value"), [["clock", ahead]])]
        state_file.write(path, header, [*(part for part in parts if part.table != "setting"), *settings])
        with pytest.raises(Unavailable, match=r"could not be put in force .* the carrier starts again on it"):
            await states.load("odd", None)
        assert carrier.emulator.start_wanted.is_set()
        ahead_of_wall = replace(header, clock="test", business_time=header.business_time + timedelta(days=400))
        state_file.write(path, ahead_of_wall, parts)
        assert json.loads(path.read_text().splitlines()[0])["clock"] == "test"
