"""What is sent as from inside a phone's network, against far ends on loopback."""

import socket
import socketserver
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from dnslib import RR, A, DNSRecord

from nfemu.client.line.access import FromBearer
from nfemu.client.line.asking import ask
from nfemu.client.line.sending import Sender
from nfemu.client.line.values import Answer, Heard, Record, Stage, Told
from nfemu.client.line.way import OnBearer
from nfemu.model.errors import InvalidInput
from tests.client.line.far_end import far_end

LOOPBACK = FromBearer(OnBearer(0, 0, ("127.0.0.1",), (4,)))


def http(port: int, **more: Any) -> Answer:
    job = {
        "do": "http",
        "host": "127.0.0.1",
        "at": "",
        "port": port,
        "tls": False,
        "server_name": "127.0.0.1",
        "verify": True,
        "authority": "site.example",
        "target": "/a?b",
        "method": "GET",
        "headers": [],
        "body": "",
        "patience": 10.0,
        "most": 1 << 20,
        **more,
    }
    return Answer.of("http://site.example/a?b", sender().do(job))


def tcp(port: int, data: bytes, **more: Any) -> Heard:
    job = {
        "do": "tcp",
        "host": "127.0.0.1",
        "at": "",
        "port": port,
        "tls": False,
        "server_name": "site.example",
        "verify": True,
        "data": b64encode(data).decode(),
        "patience": 10.0,
        "most": 1 << 20,
        **more,
    }
    return Heard.of(sender().do(job))


def sender(roots: str = "") -> Sender:
    return Sender(LOOPBACK, roots)


@contextmanager
def datagrams(answer: Callable[[bytes, socket.socket, Any], object]) -> Iterator[int]:
    """A far end for UDP; its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            answer(self.request[0], self.request[1], self.client_address)

    with socketserver.UDPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def unused() -> int:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port: int = gone.getsockname()[1]
    return port


def test_a_request_as_it_was_written() -> None:
    body = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with far_end(lambda _: body) as end:
        answer = http(end.port, headers=[["x-B", "1"], ["x_b", "2"]])
    assert end.heads == [b"GET /a?b HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\nx-B: 1\r\nx_b: 2\r\n\r\n"]
    assert (answer.status, answer.text, answer.address) == (200, "abcde", "127.0.0.1")
    assert [value for name, value in answer.headers if name == "X-A"] == ["1", "2"]
    assert (answer.header("x-a"), answer.location, answer.refused) == ("1", None, False)
    with far_end(lambda _: b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100) as end:
        assert http(end.port, most=10).body == b"x" * 10
        assert http(end.port, headers=[["HOST", "other.example"]]).status == 200
    assert b"Host: site.example" not in end.heads[1]


def test_a_body_is_sent_with_its_length() -> None:
    with far_end(lambda _: b"HTTP/1.1 204 No Content\r\n\r\n") as end:
        assert http(end.port, method="POST", body=b64encode(b"a=b").decode()).status == 204
    assert b"Content-Length: 3\r\n" in end.heads[0]


@pytest.mark.parametrize(
    ("answer", "failure"),
    [(b"", "closed unanswered"), (b"SSH-2.0-x\r\n\r\n", "no HTTP answer"), (b"HTTP/1.1 200 OK\r\nCont", "")],
)
def test_answers_that_are_none(answer: bytes, failure: str) -> None:
    with far_end(lambda _: answer) as end:
        assert http(end.port).failure == failure


def test_nobody_there(unused: int) -> None:
    answer = http(unused)
    assert (answer.status, answer.stage.value, answer.failure, answer.refused) == (0, "connect", "refused", True)
    assert tcp(unused, b"").refused
    with far_end(lambda _: b"") as end:
        assert tcp(end.port, b"?\r\n\r\n").failure == "closed unanswered"


def test_too_late() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert http(port, patience=0.05).failure == "no answer in time"
        assert http(port, patience=0.05, tls=True, verify=False).failure == "no answer in time"
        assert tcp(port, b"?", patience=0.05) == Heard(b"", Stage.REQUEST, 0, (), "", "127.0.0.1")


def test_octets_both_ways() -> None:
    with far_end(lambda head: b"heard " + head) as end:
        heard = tcp(end.port, b"one\r\n\r\n")
        assert (heard.data, heard.stage.value) == (b"heard one\r\n\r\n", "answer")
        assert tcp(end.port, b"two\r\n\r\n", most=7).data == b"heard t"
        assert tcp(end.port, b"", most=0).failure == ""


def test_certificates(tmp_path: Path) -> None:
    """Of the authority that is trusted, for that name; or whoever's it is, where that is wanted."""
    file = _certificate(tmp_path, "site.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    job = {"do": "tcp", "host": "127.0.0.1", "at": "", "tls": True, "data": "", "patience": 10.0, "most": 0}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        job["port"] = listener.getsockname()[1]
        threading.Thread(target=_greet, args=(listener, context, 4), daemon=True).start()
        right = Heard.of(sender(str(file)).do({**job, "server_name": "site.example", "verify": True}))
        other = Heard.of(sender(str(file)).do({**job, "server_name": "other.example", "verify": True}))
        foreign = Heard.of(sender().do({**job, "server_name": "site.example", "verify": True}))
        any_ = Heard.of(sender().do({**job, "server_name": "other.example", "verify": False}))
    assert (right.failure, any_.failure) == ("", "")
    assert other.failure.startswith("certificate not trusted: Hostname mismatch")
    assert (foreign.failure[:23], foreign.stage.value) == ("certificate not trusted", "TLS")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_refuse, args=(listener,), daemon=True).start()
        assert tcp(listener.getsockname()[1], b"", tls=True, verify=False).failure == "no TLS"


def _greet(listener: socket.socket, context: ssl.SSLContext, times: int) -> None:
    for _ in range(times):
        accepted, _ = listener.accept()
        try:
            context.wrap_socket(accepted, server_side=True).close()
        except OSError:
            accepted.close()


def _refuse(listener: socket.socket) -> None:
    accepted, _ = listener.accept()
    with accepted:
        accepted.recv(1)
        accepted.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    common = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(common, common, key.public_key(), x509.random_serial_number())
    made = (
        builder.not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = folder / "site.pem"
    file.write_bytes(own + made.public_bytes(serialization.Encoding.PEM))
    return file


def test_datagrams(unused: int) -> None:
    job: dict[str, Any] = {"do": "udp", "host": "127.0.0.1", "at": "", "data": [b64encode(b"ping").decode()]}
    with datagrams(lambda data, sock, peer: sock.sendto(data + b"!", peer)) as port:
        heard = Heard.of(sender().do({**job, "port": port, "patience": 10.0}))
    assert (heard.data, heard.stage.value, heard.address) == (b"ping!", "answer", "127.0.0.1")
    with datagrams(lambda *_: None) as port:
        silent = Heard.of(sender().do({**job, "port": port, "patience": 0.05}))
    assert (silent.data, silent.failure, silent.refused) == (b"", "", False)
    closed = Heard.of(sender().do({**job, "port": unused, "patience": 10.0}))
    assert closed.failure == "", "a closed port is no refusal of the network's"


def test_several_datagrams_come_from_one_port() -> None:
    seen: list[tuple[bytes, int]] = []

    def answer(data: bytes, sock: socket.socket, peer: Any) -> None:
        seen.append((data, peer[1]))
        if data == b"last":
            sock.sendto(b"heard", peer)

    sent = [b64encode(each).decode() for each in (b"first", b"last")]
    job: dict[str, Any] = {"do": "udp", "host": "127.0.0.1", "at": "", "data": sent, "patience": 10.0}
    with datagrams(answer) as port:
        assert Heard.of(sender().do({**job, "port": port})).data == b"heard"
    assert ([data for data, _ in seen], len({port for _, port in seen})) == ([b"first", b"last"], 1)


def test_questions() -> None:
    with datagrams(_tell) as port:
        told = Told.of(ask("127.0.0.1", port, "Site.Example", "A"))
        assert told == Told("NOERROR", (Record("A", 5, "100.100.0.16"),), "")
        assert (told.is_sinkhole, told.sign) == (True, "")
        assert Told.of(ask("127.0.0.1", port, "none.example", "https")).sign == "no data"
        assert Told.of(ask("127.0.0.1", port, "nobody.example", "65")).sign == "no such name"
    with datagrams(lambda *_: None) as port:
        assert Told.of(ask("127.0.0.1", port, "site.example", "A", 0.05)).sign == "silence"
    with datagrams(lambda _, sock, peer: sock.sendto(b"?", peer)) as port:
        assert Told.of(ask("127.0.0.1", port, "site.example", "A")).sign == "no DNS answer"
    assert Told.of(ask("255.255.255.255", 53, "site.example", "A")).sign == "refused", "no datagram gets there"
    for name, kind in (("site.example", "NONE"), ("a" * 64 + ".example", "A")):
        with pytest.raises(InvalidInput, match="cannot be asked"):
            ask("127.0.0.1", port, name, kind)


def _tell(data: bytes, sock: socket.socket, peer: Any) -> None:
    question = DNSRecord.parse(data)
    answer = question.reply()
    if str(question.q.qname) == "Site.Example.":
        answer.add_answer(RR("Site.Example", rdata=A("100.100.0.16"), ttl=5))
    answer.header.rcode = 3 if str(question.q.qname) == "nobody.example." else 0
    sock.sendto(answer.pack(), peer)


def test_names_are_asked_for_on_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with datagrams(_tell) as port:
        monkeypatch.setattr("nfemu.client.line.access._DNS", port)
        job = {"do": "tcp", "host": "nobody.example", "at": "", "port": 80, "tls": False, "data": "", "most": 0}
        lost = Heard.of(sender().do({**job, "patience": 10.0}))
        assert (lost.stage.value, lost.failure, lost.refused) == ("name", "no such name", False)
        udp = Heard.of(sender().do({**job, "do": "udp", "patience": 10.0}))
        assert (udp.stage.value, udp.failure) == ("name", "no such name")
