"""What the agent can be told to do: a request, octets by TCP or UDP, a DNS question, an echo request.

Each takes one job as plain data and gives the result as `values` reads it; what goes wrong on the line is a result too.
"""

import http.client
import socket
import ssl
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

from nfemu.client.line.access import FromBearer, Lost, Opened, Place, ThroughProxy
from nfemu.client.line.asking import ask
from nfemu.client.line.datagrams import datagrams, echo
from nfemu.client.line.deadline import Deadline
from nfemu.client.line.values import Stage
from nfemu.model.signs import CLOSED, LATE, NO_HTTP, NO_TLS, RESET

Job = Mapping[str, Any]
Result = dict[str, object]

_PART = 64 * 1024


@dataclass(frozen=True, slots=True)
class Sender:
    """`roots`: file of the certificates that are trusted."""

    access: FromBearer | ThroughProxy
    roots: str

    def do(self, job: Job) -> Result:
        """Raises InvalidInput for a question that cannot be asked."""
        doing: dict[str, Callable[[Job], Result]] = {
            "http": self.http,
            "tcp": self.tcp,
            "udp": self.udp,
            "dns": self.dns,
            "ping": self.ping,
        }
        return doing[job["do"]](job)

    def http(self, job: Job) -> Result:
        """One request on a connection of its own."""
        started = time.perf_counter()
        deadline = Deadline(job["patience"])
        place = Place(job["host"], job["port"], job["at"])
        address = ""
        try:
            opened = self._opened(job, place, deadline)
            address = opened.address
            with closing(opened.sock):
                result = _exchange(opened.sock, job, self._head(job), deadline)
        except Lost as lost:
            address = lost.address or address
            result = _lost(lost)
        elapsed = (time.perf_counter() - started) * 1000
        return {**result, "address": address, "elapsed_ms": elapsed}

    def tcp(self, job: Job) -> Result:
        """A connection, TLS on it if wanted, octets, and what comes back."""
        deadline = Deadline(job["patience"])
        place = Place(job["host"], job["port"], job["at"])
        address = ""
        try:
            opened = self.access.stream(place, deadline)
            address = opened.address
            if job["tls"]:
                opened = self._secured(opened, job, deadline)
            with closing(opened.sock):
                result = _spoken(opened.sock, job, deadline)
        except Lost as lost:
            address = lost.address or address
            result = _lost(lost)
        return {**result, "address": address}

    def udp(self, job: Job) -> Result:
        """Datagrams, and the first that comes back. Only a refusal is told: nobody need answer."""
        sent = [b64decode(each) for each in job["data"]]
        return self._unanswered(job, lambda address: datagrams(address, job["port"], sent, job["patience"]))

    def ping(self, job: Job) -> Result:
        """An echo request, and what comes back, as with datagrams."""
        return self._unanswered(job, lambda address: echo(address, b64decode(job["data"]), job["patience"]))

    def _unanswered(self, job: Job, send: Callable[[str], tuple[bytes, str]]) -> Result:
        """`send` to an address gives what came back, and the sign of what failed."""
        try:
            address = job["at"] or self.access.address(job["host"])
        except Lost as lost:
            return {**_lost(lost), "address": ""}
        data, failure = send(address)
        stage = Stage.ANSWER if data else Stage.REQUEST
        return {**_nothing(stage, failure), "body": b64encode(data).decode(), "address": address}

    def dns(self, job: Job) -> Result:
        return ask(job["resolver"], job["port"], job["name"], job["kind"], job["patience"])

    def _opened(self, job: Job, place: Place, deadline: Deadline) -> Opened:
        if not job["tls"]:
            return self.access.for_request(place, deadline)
        return self._secured(self.access.stream(place, deadline), job, deadline)

    def _secured(self, opened: Opened, job: Job, deadline: Deadline) -> Opened:
        context = _trusting(self.roots) if job["verify"] else _trusting_all()
        try:
            sock = context.wrap_socket(deadline.allot(opened.sock), server_hostname=job["server_name"])
        except OSError as error:
            opened.sock.close()
            raise Lost(Stage.TLS, _why_no_tls(error), address=opened.address) from None
        return Opened(sock, opened.address)

    def _head(self, job: Job) -> tuple[str, list[tuple[str, str]]]:
        """Target and header fields of a request; what the job says comes last."""
        given = [(name, value) for name, value in job["headers"]]
        named = {name.lower() for name, _ in given}
        own = {"Host": job["authority"], "Connection": "close"}
        if job["tls"]:
            target = job["target"]
        else:
            own |= dict(self.access.fields)
            target = self.access.target(job["authority"], job["target"])
        return target, [*((name, own[name]) for name in own if name.lower() not in named), *given]


def _exchange(sock: socket.socket, job: Job, head: tuple[str, list[tuple[str, str]]], deadline: Deadline) -> Result:
    """Raises Lost where there is no answer."""
    target, fields = head
    connection = http.client.HTTPConnection("line")
    connection.sock = sock
    body = b64decode(job["body"])
    try:
        deadline.allot(sock)
        connection.putrequest(job["method"], target, skip_host=True, skip_accept_encoding=True)
        for name, value in fields:
            connection.putheader(name, value.encode("latin-1"))
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
    except TimeoutError:
        raise Lost(Stage.REQUEST, LATE) from None
    except http.client.RemoteDisconnected:
        raise Lost(Stage.REQUEST, CLOSED) from None
    except http.client.HTTPException:
        raise Lost(Stage.REQUEST, NO_HTTP) from None
    except OSError:
        raise Lost(Stage.REQUEST, RESET) from None
    with response:
        read = _read(response, sock, job["most"], deadline)
    return {
        "status": response.status,
        "headers": response.getheaders(),
        "body": b64encode(read).decode(),
        "stage": Stage.ANSWER.value,
        "failure": "",
    }


def _read(response: http.client.HTTPResponse, sock: socket.socket, most: int, deadline: Deadline) -> bytes:
    """As far as it comes: some bodies have no end."""
    read = bytearray()
    try:
        while len(read) < most:
            deadline.allot(sock)
            part = response.read1(min(_PART, most - len(read)))
            if not part:
                break
            read += part
    except (OSError, http.client.HTTPException):
        pass
    return bytes(read)


def _spoken(sock: socket.socket, job: Job, deadline: Deadline) -> Result:
    """Until the far end has nothing more to say, or there is more than is wanted, or no more time. Raises Lost."""
    heard = bytearray()
    stage, failure = Stage.REQUEST, ""
    try:
        deadline.allot(sock).sendall(b64decode(job["data"]))
        while len(heard) < job["most"]:
            part = deadline.allot(sock).recv(_PART)
            if not part:
                failure = "" if heard else CLOSED
                break
            heard += part
            stage = Stage.ANSWER
    except TimeoutError:
        pass
    except OSError:
        if not heard:
            raise Lost(Stage.REQUEST, RESET) from None
    return {**_nothing(stage, failure), "body": b64encode(heard[: job["most"]]).decode()}


def _why_no_tls(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return LATE
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not trusted: {error.verify_message}"
    return NO_TLS if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError) else RESET


def _lost(lost: Lost) -> Result:
    return {**_nothing(lost.stage, lost.sign), "status": lost.status, "headers": lost.headers}


def _nothing(stage: Stage, failure: str) -> Result:
    return {"status": 0, "headers": (), "body": "", "stage": stage.value, "failure": failure}


@cache
def _trusting(roots: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=roots)


@cache
def _trusting_all() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
