"""The message centre on real sockets, to an independent receiver (smpplib) and to raw octets."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
import smpplib.exceptions

from nfemu.bss.notices import compose
from nfemu.bss.texts import Template
from nfemu.carrier.ports import PutNotice, Relay
from nfemu.messaging import pdus
from nfemu.messaging.centre import SmppListener
from nfemu.messaging.queue import RelayQueue
from nfemu.messaging.receiver import Patience, Terms
from nfemu.model.errors import Unavailable
from nfemu.model.identity import AccountId, CorrelationId, NoticeId
from nfemu.model.money import Money
from nfemu.model.notices import NoticeKind, NoticeState, Relayed
from nfemu.model.subscriber import Subscriber
from tests.fakes.messages import message
from tests.fakes.world import START, ZHANG, World, imsi_of, rules
from tests.messaging.receiving import Phone

SECRET = "secret12"
TEXT = compose(
    NoticeId("ntc-0123456789abcdef01234567"),
    Template.STOPPED_GREEN,
    rules().letterhead,
    Subscriber(imsi_of(ZHANG), ZHANG, AccountId("zhang")),
    Money(2900),
    CorrelationId("cor-1"),
    START,
).text
"""The carrier's own stop notice, in Chinese."""
HEADER = struct.Struct(">IIII")
BIND = b"nfemu\0" + SECRET.encode() + b"\0\0\x34\0\0\0"
PATIENT = Patience(bind=20, silence=30, refused=0, again=0)


class Centre:
    """A message centre on a carrier's store. `silence`: how long receivers may say nothing, in seconds."""

    def __init__(self, patience: Patience = PATIENT) -> None:
        self.world = World()
        self.queue = RelayQueue(lambda: self.world.store)
        self.raws: list[Raw] = []
        self.listener = SmppListener(self.queue, Terms("nfemu", "10086", SECRET), "127.0.0.1", 0, patience)

    async def send(self, *names: str, text: str = TEXT) -> None:
        """The carrier has sent these short messages."""
        for name in names:
            sent = replace(message(NoticeKind.STOPPED, name), text=text, state=NoticeState.SENT, sent_at=START)
            await self.world.store.commit([PutNotice(sent), Relay(sent.id)])
        self.queue.wake()

    async def waiting(self) -> list[str]:
        return [each.notice.id for each in await self.world.store.relayed(100)]

    async def phone(self) -> Phone:
        return await Phone.bound(self.listener.address, SECRET)

    async def raw(self) -> "Raw":
        self.raws.append(Raw(*await asyncio.open_connection(*self.listener.address)))
        return self.raws[-1]


class Raw:
    """A connection that says what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, command: int, body: bytes = b"", sequence: int = 1, status: int = 0) -> None:
        self.writer.write(HEADER.pack(16 + len(body), command, status, sequence) + body)
        await self.writer.drain()

    async def hear(self) -> tuple[int, int, int, bytes]:
        """command_id, command_status, sequence_number and body of the next PDU."""
        async with asyncio.timeout(20):
            length, command, status, sequence = HEADER.unpack(await self.reader.readexactly(16))
            return command, status, sequence, await self.reader.readexactly(length - 16)

    async def ask(self, command: int, body: bytes = b"", sequence: int = 1) -> tuple[int, int, int]:
        await self.say(command, body, sequence)
        return (await self.hear())[:3]

    async def ended(self) -> bool:
        """The centre has closed the connection; whatever came before is thrown away."""
        async with asyncio.timeout(20):
            await self.reader.read()
            return self.reader.at_eof()


@asynccontextmanager
async def running(patience: Patience = PATIENT) -> AsyncIterator[Centre]:
    made = Centre(patience)
    await made.world.start()
    await made.listener.start()
    yield made
    for raw in made.raws:
        raw.writer.close()
        with suppress(OSError):
            await raw.writer.wait_closed()
    await made.listener.stop()
    await made.world.service.stop()


@pytest.fixture
async def centre() -> AsyncIterator[Centre]:
    async with running() as made:
        yield made


async def left(centre: Centre, count: int) -> None:
    """So many messages are not acknowledged."""
    async with asyncio.timeout(20):
        while len(await centre.waiting()) > count:
            await asyncio.to_thread(lambda: None)


async def acknowledged(centre: Centre) -> None:
    """Every message is."""
    await left(centre, 0)


async def test_a_chinese_stop_notice_of_two_parts_arrives_and_is_joined(centre: Centre) -> None:
    await centre.send("ntc-a1", text=TEXT)
    phone = await centre.phone()
    await phone.read(2)
    first, second = phone.got
    assert (first.source_addr, first.destination_addr, first.data_coding) == (b"10086", b"8613800138000", 8)
    assert (first.esm_class, second.esm_class) == (0x40, 0x40)
    assert phone.texts() == {"ntc-a1": TEXT}
    await acknowledged(centre)
    await phone.unbind()


async def test_a_short_one_comes_whole_as_soon_as_it_is_sent(centre: Centre) -> None:
    phone = await centre.phone()
    await centre.send("ntc-a1", text="欠费")
    await phone.read()
    assert phone.got[0].esm_class == 0
    assert phone.texts() == {"ntc-a1": "欠费"}
    assert centre.listener.receivers() == 1
    await phone.unbind()


async def test_what_was_not_acknowledged_comes_again_with_the_same_id(centre: Centre) -> None:
    names = [f"ntc-a{number}" for number in range(20)]
    await centre.send(*names)
    killed = await centre.phone()
    await killed.read(5)
    await left(centre, 18)
    killed.client._socket.close()
    phone = await centre.phone()
    await phone.read(2 * 18)
    assert [pdu.receipted_message_id for pdu in killed.got[:4]] == [b"ntc-a0", b"ntc-a0", b"ntc-a1", b"ntc-a1"]
    assert set(phone.texts()) == set(names[2:])
    assert set(phone.texts().values()) == {TEXT}
    await acknowledged(centre)
    await phone.unbind()


async def test_two_receivers_share_what_is_sent(centre: Centre) -> None:
    """Each holds ten at the most that it has not acknowledged; the rest is the other one's."""
    first, second = await centre.raw(), await centre.raw()
    for raw in (first, second):
        assert (await raw.ask(pdus.BIND_TRANSCEIVER, BIND))[1] == 0
    await centre.send(*(f"ntc-a{number:02}" for number in range(30)), text="欠费")
    heard = [[(await raw.hear())[3] for _ in range(10)] for raw in (first, second)]
    ids = {body[body.index(b"ntc-") :] for bodies in heard for body in bodies}
    assert len(ids) == 20


@pytest.mark.parametrize(
    ("status", "again"),
    [(pdus.PERMANENT_ERROR, False), (pdus.REJECTED, False), (0x64, True), (pdus.SUBMIT_FAILED, True)],
)
async def test_a_receiver_that_cannot_take_it_now_gets_it_again(centre: Centre, status: int, again: bool) -> None:
    raw = await centre.raw()
    await raw.ask(pdus.BIND_RECEIVER, BIND)
    await centre.send("ntc-a1", text="欠费")
    _, _, sequence, body = await raw.hear()
    await raw.say(pdus.DELIVER_SM_RESP, b"\0", sequence, status)
    if again:
        assert (await raw.hear())[3] == body
    else:
        await acknowledged(centre)


async def test_a_wrong_name_or_password_is_refused(centre: Centre) -> None:
    with pytest.raises(smpplib.exceptions.PDUError, match="14"):
        await Phone.bound(centre.listener.address, "wrong")
    with pytest.raises(smpplib.exceptions.PDUError, match="15"):
        await Phone.bound(centre.listener.address, SECRET, system_id="somebody")
    await centre.send("ntc-a1")
    assert centre.listener.receivers() == 0
    assert await centre.waiting() == ["ntc-a1"]


async def test_a_link_is_enquired_both_ways_and_unbound(centre: Centre) -> None:
    raw = await centre.raw()
    assert await raw.ask(pdus.ENQUIRE_LINK, sequence=7) == (pdus.ENQUIRE_LINK_RESP, 0, 7)
    await raw.ask(pdus.BIND_RECEIVER, BIND)
    assert await raw.ask(pdus.ENQUIRE_LINK, sequence=8) == (pdus.ENQUIRE_LINK_RESP, 0, 8)
    assert await raw.ask(pdus.UNBIND, sequence=9) == (pdus.UNBIND_RESP, 0, 9)
    assert await raw.ended()


async def test_what_a_receiver_may_not_do_is_refused_and_hurts_nobody(centre: Centre) -> None:
    submit = b"\0\1\1" + b"10086\0" + b"\1\1" + b"8613800138000\0" + b"\0" * 9 + b"\2hi"
    raw = await centre.raw()
    assert (await raw.ask(pdus.SUBMIT_SM, submit))[1] == pdus.INCORRECT_BIND_STATUS
    assert (await raw.ask(pdus.BIND_TRANSMITTER, BIND))[1] == 0
    assert (await raw.ask(pdus.SUBMIT_SM, submit))[1] == pdus.SUBMIT_FAILED
    assert (await raw.ask(pdus.BIND_RECEIVER, BIND))[1] == pdus.ALREADY_BOUND
    assert (await raw.ask(0x999, b"who knows", 5)) == (pdus.GENERIC_NACK, pdus.INVALID_COMMAND, 5)
    for command in (pdus.ENQUIRE_LINK_RESP, pdus.GENERIC_NACK, pdus.DELIVER_SM_RESP):
        await raw.say(command, sequence=4711)
    await centre.send("ntc-a1", text="欠费")
    assert (await raw.ask(pdus.ENQUIRE_LINK, sequence=6)) == (pdus.ENQUIRE_LINK_RESP, 0, 6)
    assert await centre.waiting() == ["ntc-a1"]


@pytest.mark.parametrize("octets", [b"", b"\0", HEADER.pack(15, 0, 0, 0), b"\xff" * 16, b"GET / HTTP/1.1\r\n"])
async def test_octets_that_are_no_pdu_end_their_own_connection_only(centre: Centre, octets: bytes) -> None:
    phone = await centre.phone()
    raw = await centre.raw()
    raw.writer.write(octets)
    raw.writer.write_eof()
    assert await raw.ended()
    short = await centre.raw()
    assert (await short.ask(pdus.BIND_RECEIVER, b"nfemu"))[1] == pdus.BIND_FAILED
    await centre.send("ntc-a1", text="欠费")
    await phone.read()
    assert phone.texts() == {"ntc-a1": "欠费"}
    await phone.unbind()


async def test_who_says_nothing_is_asked_and_let_go() -> None:
    async with running(Patience(bind=20, silence=0.01, refused=0, again=0)) as centre:
        raw = await centre.raw()
        await raw.ask(pdus.BIND_RECEIVER, BIND)
        await centre.send("ntc-a1", text="欠费")
        heard = {(await raw.hear())[0] for _ in range(2)}
        assert heard == {pdus.ENQUIRE_LINK, pdus.DELIVER_SM_RESP - pdus.RESPONSE}
        assert await raw.ended()
        assert await centre.waiting() == ["ntc-a1"]
    async with running(Patience(bind=0.01)) as centre:
        assert await (await centre.raw()).ended()


async def test_more_connections_than_there_is_room_for_are_refused(centre: Centre) -> None:
    raws = [await centre.raw() for _ in range(16)]
    for raw in raws:
        await raw.ask(pdus.ENQUIRE_LINK)
    assert await (await centre.raw()).ended()
    raws[0].writer.close()
    async with asyncio.timeout(20):
        while True:
            try:
                assert (await (await centre.raw()).ask(pdus.BIND_RECEIVER, BIND))[1] == 0
            except (asyncio.IncompleteReadError, OSError):
                continue
            break


async def test_a_store_that_does_not_answer_loses_nothing(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise Unavailable("the disk")

    store = centre.world.store
    raw = await centre.raw()
    await raw.ask(pdus.BIND_RECEIVER, BIND)
    with monkeypatch.context() as patched:
        patched.setattr(store, "relayed", refuse)
        await centre.send("ntc-a1", text="欠费")
        await raw.ask(pdus.ENQUIRE_LINK)
    centre.queue.wake()
    _, _, sequence, body = await raw.hear()
    with monkeypatch.context() as patched:
        patched.setattr(store, "forget_relayed", refuse)
        await raw.say(pdus.DELIVER_SM_RESP, b"\0", sequence)
        _, _, sequence, again = await raw.hear()
    assert again == body
    await raw.say(pdus.DELIVER_SM_RESP, b"\0", sequence)
    await acknowledged(centre)


async def test_what_is_acknowledged_while_the_store_is_read_does_not_come_again(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    await centre.send("ntc-a1", "ntc-a2", text="欠费")
    store, queue = centre.world.store, centre.queue
    (first,) = await queue.take(1)
    read = store.relayed

    async def slow(limit: int) -> list[Relayed]:
        found = await read(limit)
        assert await queue.acknowledged(first.notice.id)
        return found

    monkeypatch.setattr(store, "relayed", slow)
    assert [each.notice.id for each in await queue.take(2)] == ["ntc-a2"]


async def test_an_address_is_known_once_it_listens() -> None:
    with pytest.raises(Unavailable, match="has not been started"):
        _ = Centre().listener.address
    await Centre().listener.stop()
