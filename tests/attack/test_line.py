"""Sockets that another process makes: here in the same network."""

import socket
import sys
from contextlib import suppress

import pytest
from dnslib import DNSRecord

from nfemu.attack.line import LineSockets
from nfemu.attack.on_line import Kind
from nfemu.model.errors import Unavailable

HERE = (sys.executable, "-m", "nfemu.attack.on_line")


def test_sockets_of_every_kind() -> None:
    with LineSockets(HERE) as line, socket.create_server(("127.0.0.1", 0)) as server:
        for kind, family in ((Kind.TCP6, socket.AF_INET6), (Kind.UDP4, socket.AF_INET), (Kind.UDP6, socket.AF_INET6)):
            with line.make(kind) as made:
                assert made.family == family
        for raw in (Kind.RAW4, Kind.RAW6):
            with suppress(Unavailable), line.make(raw) as made:  # root's; whoever may not goes on all the same
                assert made.type == socket.SOCK_RAW
        with line.tcp("127.0.0.1") as made:
            made.connect(server.getsockname())
            server.accept()[0].close()


def test_a_question() -> None:
    with LineSockets(HERE) as line, line.make(Kind.UDP4) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)
        line.ask("portal.test", "127.0.0.1", server.getsockname()[1], patience_s=0)
        (question,) = DNSRecord.parse(server.recv(512)).questions
        assert (str(question.qname), question.qtype) == ("portal.test.", 1)


def test_a_line_that_is_not_there() -> None:
    with (
        LineSockets((sys.executable, "-c", "")) as line,
        pytest.raises(Unavailable, match="no such socket on the line"),
    ):
        line.make(Kind.TCP4)
