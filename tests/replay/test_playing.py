"""A capture to its verdicts, by proxy against a far end on loopback; on bearers: `tests/journeys/test_replay.py`."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import UDP
from scapy.packet import Raw

from nfemu.client import Client
from nfemu.client.line import Answer, Heard, Phone, Stage, Told
from nfemu.client.line.values import Record
from nfemu.client.line.way import OnBearer
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.signs import CLOSED, LATE, NO_DNS, NO_HTTP, NO_NAME, REFUSED, RESET, SILENCE
from nfemu.replay.flows import MOST_IN_ALL, FlowFinder
from nfemu.replay.kinds import kind_of
from nfemu.replay.playing import flows_in, replay
from nfemu.replay.sending import host_of, of_answer, of_datagram, of_request, of_stream
from nfemu.replay.values import Fate, Verdict
from nfemu.wire.capture.packet import packet_in
from nfemu.wire.pcap import file_header, record
from tests.client.line.far_end import far_end, phone_by_proxy
from tests.client.running import Running, carrier
from tests.journeys.bearer import hello
from tests.replay.captures import answer, connection, opened, segment, syn, there, written

GET = b"GET /%s HTTP/1.1\r\nHost: news.example\r\nUser-Agent: x\r\n\r\n"
NUMBER = "13800138000"


def test_by_proxy(tmp_path: Path) -> None:
    def replied(head: bytes) -> bytes:
        if head.startswith(b"CONNECT"):
            return b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
        if b"/moved " in head:
            return b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n"
        return b"HTTP/1.1 204 No Content\r\n\r\n"

    packets = [
        *connection(GET % b"one", sport=1),
        *connection(GET % b"moved" + GET % b"two", sport=2),
        *connection(hello("news.example"), 443, sport=3),
        *connection(b"SSH-2.0-x\r\n", 22, sport=4),
        there() / UDP(sport=5, dport=9) / Raw(b"a"),
        syn(sport=6),
        segment(5, GET % b"gap", sport=6),
    ]
    with written(tmp_path / "a.pcap", packets).open("rb") as file:
        flows = flows_in(file).flows
    (tmp_path / "state").mkdir()
    with (
        carrier(tmp_path / "state") as running,
        Client.find(running.state) as client,
        far_end(replied) as proxy,
        phone_by_proxy(tmp_path, proxy.port) as phone,
    ):
        done = list(replay(client, phone, flows))
    assert [(each.kind, each.name, each.fate) for each in done] == [
        ("http", "news.example", Fate(Verdict.ANSWERED, "204")),
        ("http", "news.example", Fate(Verdict.REDIRECTED, "302 to http://portal.example/")),
        ("tls", "news.example", Fate(Verdict.REFUSED, "403 to CONNECT")),
        ("tcp", "198.18.0.18", Fate(Verdict.NOT_APPLICABLE, "by proxy")),
        ("udp", "198.18.0.18", Fate(Verdict.NOT_APPLICABLE, "by proxy")),
        ("tcp", "198.18.0.18", Fate(Verdict.NOT_SENT, "packets are missing")),
    ]
    assert [each.at for each in done] == [0, 3, 6, 9, 12, 13]
    assert [bool(each.rule) for each in done] == [True, True, True, False, False, False]
    assert any(b"User-Agent: x\r\n" in head for head in proxy.heads)


def test_what_the_phone_has_no_address_for_is_refused_by_no_rule(
    running: Running, nfemu: Client, tmp_path: Path
) -> None:
    """Asked for by name, it goes to the family that there is; nothing here is sent."""
    packets = [
        there() / UDP(sport=1, dport=53) / DNS(qd=DNSQR(qname="news.example")),
        *connection(GET % b"one", sport=2),
        there() / UDP(sport=3, dport=9) / Raw(b"a"),
    ]
    with written(tmp_path / "a.pcap", packets).open("rb") as file:
        flows = flows_in(file).flows
    phone = Phone(NUMBER, running.state, OnBearer(1, 1, ("2001:db8::1",), (6,)))
    done = list(replay(nfemu, phone, flows, to_address=True))
    refused = Fate(Verdict.REFUSED, "the line has no IPv4 address", by_phone=True)
    assert [(each.kind, each.fate, each.rule) for each in done] == [
        ("dns", refused, ""),
        ("http", refused, ""),
        ("udp", refused, ""),
    ]
    assert [each.fate for each in replay(nfemu, phone, flows[2:])] == [refused], "it has no name"
    with pytest.raises(Conflict, match="is not in use"):
        list(replay(nfemu, phone, flows[:2]))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "`a.pcap` cannot be replayed: it is empty"),
        (b"GIF89a", "it begins with `47494638`, as neither"),
        (file_header(65536) + record(0, b"frame")[:-1], "`a.pcap` holds 0 packets and no flow that begins in it"),
        (file_header(65536) + record(0, b"frame"), "`a.pcap` holds 1 packets and no flow that begins in it"),
        (file_header(65536)[:20] + b"\x69\0\0\0" + record(0, b"frame"), "its packets are of link type 105"),
    ],
)
def test_what_cannot_be_replayed(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        flows_in(opened(data))


def test_of_a_file_that_is_cut_the_whole_packets_count(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.pcap", connection(GET % b"one")).read_bytes()
    found = flows_in(opened(whole[:-1]))
    assert (found.left_out, [flow.octets for flow in found.flows]) == ({"whose end the file does not hold": 1}, [0])
    assert flows_in(opened(whole)).left_out == {}


def test_more_than_is_kept_at_once_is_read_in_parts(tmp_path: Path) -> None:
    """A file of more than one part: what a record begins in one of them ends in the next."""
    packets = [there() / UDP(sport=port, dport=9) / Raw(bytes(60_000)) for port in range(1, 41)]
    with written(tmp_path / "a.pcap", packets).open("rb") as file:
        flows = flows_in(file).flows
    assert ([flow.octets for flow in flows], MOST_IN_ALL > 60_000 * 40) == ([60_000] * 40, True)


FRAMES = [
    bytes(packet)
    for packet in (
        *connection(GET % b"one"),
        *connection(hello("news.example"), 443),
        *answer("news.example", "1.2.3.4"),
    )
]


@given(st.lists(st.tuples(st.integers(0, len(FRAMES) - 1), st.integers(0, 700), st.binary(min_size=1, max_size=3))))
def test_changed_packets_are_read_too(changes: list[tuple[int, int, bytes]]) -> None:
    """Whatever they turn into."""
    frames = [bytearray(frame) for frame in FRAMES]
    for number, at, octets in changes:
        frames[number][at : at + len(octets)] = octets
    finder = FlowFinder()
    for at, frame in enumerate(frames):
        finder.add(at, packet_in(101, bytes(frame)))
    for flow in finder.found().flows:
        assert host_of(flow, kind_of(flow))


def heard(stage: Stage, failure: str = "", data: bytes = b"", status: int = 0) -> Heard:
    return Heard(data, stage, status, (), failure, "")


@pytest.mark.parametrize(
    ("given", "fate"),
    [
        (of_answer(Told("", (), SILENCE)), Fate(Verdict.TIMED_OUT, "silence")),
        (of_answer(Told("", (), REFUSED)), Fate(Verdict.REFUSED, "refused")),
        (of_answer(Told("", (), RESET)), Fate(Verdict.RESET, "reset")),
        (of_answer(Told("", (), NO_DNS)), Fate(Verdict.ANSWERED, "no DNS answer")),
        (of_answer(Told("NOERROR", (), "")), Fate(Verdict.ANSWERED, "no data")),
        (of_answer(Told("NOERROR", (Record("A", 5, "100.100.0.1"),), "")), Fate(Verdict.ANSWERED, "sinkhole")),
        (of_answer(Told("NOERROR", (Record("TXT", 5, "a"),), "")), Fate(Verdict.ANSWERED, "1 records")),
        (of_answer(Told("NOERROR", (Record("A", 5, "192.0.2.1"),), "")), Fate(Verdict.ANSWERED, "192.0.2.1")),
        (of_request(Answer("", 0, (), b"", Stage.NAME, NO_NAME, "", 1.0)), Fate(Verdict.NO_ADDRESS, "no such name")),
        (of_request(Answer("", 0, (), b"", Stage.REQUEST, NO_HTTP, "", 1.0)), Fate(Verdict.ANSWERED, "no HTTP answer")),
        (of_stream(heard(Stage.CONNECT, REFUSED)), Fate(Verdict.REFUSED)),
        (of_stream(heard(Stage.REQUEST, RESET)), Fate(Verdict.RESET)),
        (of_stream(heard(Stage.REQUEST, CLOSED)), Fate(Verdict.CLOSED)),
        (of_stream(heard(Stage.CONNECT, LATE)), Fate(Verdict.TIMED_OUT)),
        (of_stream(heard(Stage.REQUEST)), Fate(Verdict.TIMED_OUT)),
        (of_stream(heard(Stage.TUNNEL, "", status=502)), Fate(Verdict.ANSWERED, "502 to CONNECT")),
        (of_stream(heard(Stage.ANSWER, data=b"x"), "TLS"), Fate(Verdict.ANSWERED, "TLS")),
        (of_stream(heard(Stage.ANSWER, data=b"HTTP/1.1 204")), Fate(Verdict.ANSWERED, "204")),
        (of_stream(heard(Stage.ANSWER, data=b"HTTP/1.0 302")), Fate(Verdict.REDIRECTED, "302")),
        (of_stream(heard(Stage.ANSWER, data=b"SSH-2.0-x\r\n ")), Fate(Verdict.ANSWERED)),
        (of_datagram(heard(Stage.REQUEST)), Fate(Verdict.TIMED_OUT)),
        (of_datagram(heard(Stage.REQUEST, REFUSED)), Fate(Verdict.REFUSED)),
        (of_datagram(heard(Stage.ANSWER, data=b"abc")), Fate(Verdict.ANSWERED, "3 octets")),
    ],
)
def test_what_came_in_words(given: Fate, fate: Fate) -> None:
    assert given == fate
