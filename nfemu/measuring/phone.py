"""A phone that asks for one site again and again: `python -P -m nfemu.measuring.phone bearer CORE NETWORK`, or
`… proxy HOST:PORT NUMBER`.

A process of its own, as phones are. Each line on its standard input is a command, answered by lines of JSON:

    closing     asks on one connection; `true` at the first page, then what it had asked and got when it is refused
    opening     asks, anew two milliseconds after each refusal, until there is a page; when it was there
    reopening   the same with what it has: the address it was told last, and its connection if it was left one

On a bearer it does not ask for pages while the DNS still leads the site into a sinkhole. A refusal is some 1.4 KB, for
which a line in arrears needs 11 ms at 1 Mbit/s: a phone that asked all the time would measure its own queue.

Times are seconds of the monotonic clock, which all processes of a machine read alike.
"""

import json
import socket
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address

from nfemu.model.sinkhole import is_sinkhole

HOST = "news.example"
"""A site that no group lists."""
_RESOLVER = ("169.254.0.1", 53)
"""Whatever the address, our DNS answers."""
_PATIENCE_S = 5.0
_PAUSE_S = 0.002
_REFUSED_TIMES = 50
"""Further requests on a line that has been refused one: none of them may get through."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a request gets to the site. `find` gives the address to connect to; `is_shut` says at little cost that a
    request would be refused.
    """

    find: Callable[[], tuple[str, int]]
    target: str
    headers: Mapping[str, str]
    is_shut: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Asked:
    """`sent`: when. `octets` of the page, 0 where it was refused or there was no answer."""

    sent: float
    octets: int


class Phone:
    """One connection, kept as long as it is left."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._connection: HTTPConnection | None = None

    def forget(self) -> None:
        """The next request asks for the address and connects anew."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(self) -> Asked:
        sent = time.monotonic()
        try:
            if self._connection is None:
                self._connection = HTTPConnection(*self._way.find(), timeout=_PATIENCE_S)
            self._connection.request("GET", self._way.target, headers=dict(self._way.headers))
            answer = self._connection.getresponse()
            octets = len(answer.read())
        except (OSError, HTTPException):
            if self._connection is not None:
                self._connection.close()  # the next request connects again, to the same address
            return Asked(sent, 0)
        return Asked(sent, octets if answer.status == 200 else 0)

    def until_refused(self) -> list[Asked]:
        """Everything that it has asked, and got, until it was refused for good."""
        asked = [self.ask()]
        while asked[-1].octets:
            asked.append(self.ask())
        for _ in range(_REFUSED_TIMES):
            time.sleep(_PAUSE_S)
            self.forget()
            asked.append(self.ask())
        return asked

    def until_open(self, *, anew: bool) -> float:
        """When the first page was there."""
        while self._way.is_shut() or not self._ask(anew=anew).octets:
            time.sleep(_PAUSE_S)
        return time.monotonic()

    def _ask(self, *, anew: bool) -> Asked:
        if anew:
            self.forget()
        return self.ask()


def by_proxy(place: str, number: str) -> Way:
    host, _, port = place.rpartition(":")
    credentials = b64encode(f"{number}:x".encode()).decode()
    return Way(lambda: (host, int(port)), f"http://{HOST}/", {"Proxy-Authorization": f"Basic {credentials}"})


def by_bearer(core: str, network: str) -> Way:
    """This process is on the line from now on. Raises OSError."""
    from nfemu.namespaces.enter import join

    join(int(core), int(network))
    return Way(lambda: (resolve(HOST), 80), "/", {"Host": HOST}, lambda: is_sinkhole(ip_address(resolve(HOST))))


def resolve(host: str) -> str:
    """The first IPv4 address that the line's DNS gives. Raises OSError where it gives none."""
    from dnslib import DNSRecord

    question = DNSRecord.question(host, "A")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(_PATIENCE_S)
        sock.sendto(question.pack(), _RESOLVER)
        answer = DNSRecord.parse(sock.recv(4096))
    if not answer.rr:
        raise OSError(f"no address for {host}")
    return str(answer.rr[0].rdata)


def main(arguments: Sequence[str]) -> None:
    kind, *rest = arguments
    phone = Phone({"proxy": by_proxy, "bearer": by_bearer}[kind](*rest))
    for command in sys.stdin:
        match command.strip():
            case "closing":
                phone.until_open(anew=True)
                _say(True)
                _say([(asked.sent, asked.octets) for asked in phone.until_refused()])
            case "opening":
                _say(phone.until_open(anew=True))
            case "reopening":
                _say(phone.until_open(anew=False))


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
