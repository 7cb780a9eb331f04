"""What flows were for."""

from ipaddress import ip_address

import pytest
from dnslib import QTYPE, DNSRecord

from nfemu.replay.flows import Flow, Transport
from nfemu.replay.kinds import Datagrams, Echo, Hello, Octets, Question, Questions, Request, Requests, kind_of
from nfemu.replay.sending import host_of
from tests.journeys.bearer import hello

QUESTION = DNSRecord.question("News.example", "AAAA").pack()


def flow(*sent: bytes, port: int = 80, transport: Transport = Transport.TCP, name: str | None = None) -> Flow:
    return Flow(0, transport, ip_address("10.45.0.2"), 5, ip_address("198.18.0.18"), port, name, sent, "")


def test_requests() -> None:
    octets = (
        b"GET /a?b HTTP/1.1\r\nHost: News.example:8080\r\nx-A: 1\r\n\r\n"
        b"POST http://News.example/ HTTP/1.1\r\nHost: News.example\r\nContent-Length: 3\r\n\r\na=b"
        b"PUT / HTTP/1.1\r\nHost: News.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    )
    kind = kind_of(flow(octets, name="cdn.example"))
    assert kind == Requests(
        "News.example",
        (
            Request("GET", "/a?b", (("Host", "News.example:8080"), ("x-A", "1")), b""),
            Request("POST", "/", (("Host", "News.example"),), b"a=b"),
            Request("PUT", "/", (("Host", "News.example"),), b"abc"),
        ),
    )
    assert host_of(flow(octets, name="cdn.example"), kind) == "News.example"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"SSH-2.0-x\r\n",
        b"GET / HTTP/1.1\r\nHost: a.example\r\n",
        b"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\nGET / HTTP/1.1\r\nHost: b.example\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\na",
        b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
        b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00",
    ],
)
def test_what_has_no_one_reading_is_octets(octets: bytes) -> None:
    other = flow(octets, name="a.example")
    assert kind_of(other) == Octets(octets)
    assert host_of(other, kind_of(other)) == "a.example"
    assert host_of(flow(octets), Octets(octets)) == "198.18.0.18"


def test_of_tls_it_is_the_hello() -> None:
    first = hello("news.example")
    assert kind_of(flow(first + b"\x14\x03\x03\x00\x01\x01" + b"\x17\x03\x03", port=443)) == Hello(
        "news.example", first
    )
    assert kind_of(flow(first[:-1], port=443)) == Octets(first[:-1])
    nameless = flow(hello(None), name="by-dns.example")
    assert host_of(nameless, kind_of(nameless)) == "by-dns.example"


def test_questions() -> None:
    unknown = DNSRecord.question("a.example")
    unknown.questions[0].qtype = 65400
    asked = (Question("News.example", "AAAA"), Question("a.example", "65400"))
    by_udp = flow(QUESTION, b"?", QUESTION, unknown.pack(), port=53, transport=Transport.UDP)
    assert kind_of(by_udp) == Questions(asked)
    framed = b"".join(len(each).to_bytes(2) + each for each in (QUESTION, unknown.pack()))
    assert kind_of(flow(framed + b"\0\x50cut", port=53)) == Questions(asked)
    reply = DNSRecord.parse(QUESTION).reply().pack()
    assert kind_of(flow(reply, port=53, transport=Transport.UDP)) == Datagrams((reply,))
    assert QTYPE.AAAA == 28


def test_datagrams_and_echo_requests() -> None:
    assert kind_of(flow(b"a", b"b", port=9, transport=Transport.UDP)) == Datagrams((b"a", b"b"))
    assert kind_of(flow(b"a", b"b", port=0, transport=Transport.ICMP)) == Echo(b"a")
