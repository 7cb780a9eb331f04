"""`Phone`: a subscriber's line in Python's hands."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urljoin, urlsplit

from nfemu.client.api import Client
from nfemu.client.line.environment import trusted_by_programs
from nfemu.client.line.process import AgentProcess
from nfemu.client.line.programs import Programs
from nfemu.client.line.values import Answer, Heard, Ran, Told
from nfemu.client.line.way import OnBearer, Way, check_attached, way_onto
from nfemu.client.state import StateFolder
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.urls import host_as_written, in_full, path_of

PATIENCE_S = 15.0
"""Longest that a request, a connection or a question may take."""
DATAGRAM_PATIENCE_S = 1.5
"""Datagrams that nobody refuses are often not answered either."""
MOST = 1 << 20
"""Octets of an answer that are kept."""
_PORTS = {"http": 80, "https": 443}
_REPEATED_AS_GET = (301, 302, 303)
USUAL: tuple[tuple[str, str], ...] = (("User-Agent", "nfemu"), ("Accept", "*/*"))

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Url:
    """`host` as it is spelled, in ASCII."""

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def read(cls, url: str) -> Self:
        """Raises InvalidInput."""
        try:
            parts = urlsplit(in_full(url))
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise InvalidInput(f"`{url}` is no URL that can be asked for; write it like https://news.example/")
        return cls(parts.scheme, _in_ascii(host_as_written(url)), port or _PORTS[parts.scheme], path_of(url))

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class Phone:
    """A context: what sends for it ends with it. `number` as the carrier writes it. Safe for several threads."""

    def __init__(self, number: str, state: StateFolder, way: Way) -> None:
        """`state`: of the carrier, where the certificates and the way for programs are."""
        self.number = number
        self._state = state
        self._way = way
        self._agent: AgentProcess | None = None
        self._programs = Programs(state, number)

    @classmethod
    def on_line(cls, client: Client, state: StateFolder, number: str) -> Self:
        """By the line's bearer, or by its proxy. Raises Conflict where it has no session, Unavailable."""
        line = client.subscriber(number)
        check_attached(line)
        return cls(line.number, state, way_onto(client, state.status(), line))

    def __enter__(self) -> Self:
        """Raises Unavailable: no way onto the line."""
        self._agent = AgentProcess(self._way, str(trusted_by_programs(self._state)))
        return self

    def __exit__(self, *_: object) -> None:
        agent, self._agent = self._agent, None
        if agent is not None:
            agent.close()

    @property
    def has_bearer(self) -> bool:
        """Whether it sends IP packets of its own, or by proxy only."""
        return isinstance(self._way, OnBearer)

    @property
    def families(self) -> tuple[int, ...]:
        """Of IP that it has addresses of, the one that it goes by first; none by proxy."""
        return self._way.families if isinstance(self._way, OnBearer) else ()

    def get(self, url: str, headers: Headers = (), follow: int = 0) -> Answer:
        """As `request`."""
        return self.request(url, headers=headers, follow=follow)

    def request(
        self,
        url: str,
        method: str = "GET",
        headers: Headers = (),
        body: bytes = b"",
        follow: int = 0,
        at: str = "",
        verify: bool = True,
        patience_s: float = PATIENCE_S,
        most: int = MOST,
    ) -> Answer:
        """Send it on a connection of its own; `follow` so many redirects.

        `at`: the address to connect to, on bearers, instead of asking for the name. `headers` in their order and
        spelling; Host and the usual ones are added where they are not named. With `verify` the certificate must be of
        the emulator's authority or one that the system trusts. Whatever goes wrong on the line is in the answer;
        raises InvalidInput for what is no URL, Unavailable where the line is gone.
        """
        place = _Url.read(url)
        named = {name.lower() for name, _ in headers}
        job = {
            "do": "http",
            **_address_job(place.host, place.port, at),
            "tls": place.scheme == "https",
            **_tls_job(place.host, verify),
            "authority": place.authority,
            "target": place.target,
            "method": method,
            "headers": [*(each for each in USUAL if each[0].lower() not in named), *headers],
            "body": b64encode(body).decode(),
            "patience": patience_s,
            "most": most,
        }
        answer = Answer.of(url, self._do(job))
        if not follow or answer.location is None:
            return answer
        onwards = urljoin(in_full(url), answer.location)
        again = (method, body) if answer.status not in _REPEATED_AS_GET or method == "HEAD" else ("GET", b"")
        return self.request(onwards, again[0], headers, again[1], follow - 1, "", verify, patience_s, most)

    def exchange(
        self,
        host: str,
        port: int,
        data: bytes = b"",
        tls: bool = False,
        at: str = "",
        verify: bool = True,
        patience_s: float = PATIENCE_S,
        most: int = MOST,
    ) -> Heard:
        """Connect by TCP (through a tunnel by proxy), send, and hear until the far end has nothing more to say.

        `most` 0: nothing is waited for. Raises Unavailable where the line is gone.
        """
        job = {
            "do": "tcp",
            **_address_job(host, port, at),
            "tls": tls,
            **_tls_job(host, verify),
            "data": b64encode(data).decode(),
            "patience": patience_s,
            "most": most,
        }
        return Heard.of(self._do(job))

    def datagram(
        self, host: str, port: int, data: bytes, at: str = "", patience_s: float = DATAGRAM_PATIENCE_S
    ) -> Heard:
        """As `datagrams`, of one."""
        return self.datagrams(host, port, [data], at, patience_s)

    def datagrams(
        self, host: str, port: int, data: Sequence[bytes], at: str = "", patience_s: float = DATAGRAM_PATIENCE_S
    ) -> Heard:
        """Send them by UDP from one port and hear the first that comes back. Raises Conflict by proxy."""
        self.check_bearer("a datagram")
        sent = [b64encode(each).decode() for each in data]
        return Heard.of(self._do({"do": "udp", **_address_job(host, port, at), "data": sent, "patience": patience_s}))

    def ping(self, host: str, data: bytes = b"", at: str = "", patience_s: float = DATAGRAM_PATIENCE_S) -> Heard:
        """Send an ICMP echo request and hear its reply. Raises Conflict by proxy."""
        self.check_bearer("an echo request")
        job = {"do": "ping", **_address_job(host, 0, at), "data": b64encode(data).decode(), "patience": patience_s}
        return Heard.of(self._do(job))

    def quic(self, host: str, port: int = 443, at: str = "", patience_s: float = DATAGRAM_PATIENCE_S) -> Heard:
        """Knock with the first datagram of a QUIC connection. Raises Conflict by proxy."""
        from nfemu.client.line.quic import initial

        return self.datagram(host, port, initial(_in_ascii(host)), at, patience_s)

    def dig(
        self,
        name: str,
        kind: str = "A",
        resolver: str | None = None,
        port: int = 53,
        patience_s: float = PATIENCE_S,
    ) -> Told:
        """Ask the line's resolver, or another, for records of any kind. Raises Conflict by proxy, InvalidInput."""
        way = self.check_bearer("a DNS question")
        asked = resolver if resolver is not None else way.resolvers[0]
        job = {"do": "dns", "resolver": asked, "port": port, "name": name, "kind": kind, "patience": patience_s}
        return Told.of(self._do(job))

    def run(self, program: Sequence[str], stdin: str = "", timeout_s: float = 60.0) -> Ran:
        """Run a program on the line to its end, as `nfemu exec` does. Raises Unavailable where it does not end."""
        return self._programs.run(program, stdin, timeout_s)

    def interrupt(self) -> None:
        """From another thread: what sends for it ends, programs too; whoever waits for an answer has Unavailable."""
        self._programs.end()
        agent = self._agent
        if agent is not None:
            agent.interrupt()

    def check_bearer(self, what: str) -> OnBearer:
        """Raises Conflict where the line has no interface of its own."""
        if not isinstance(self._way, OnBearer):
            raise Conflict(f"{what} needs an IP line, and access is by proxy here; see `access` in carrier.yaml")
        return self._way

    def _do(self, job: dict[str, object]) -> dict[str, object]:
        if self._agent is None:
            raise Conflict(f"the phone of {self.number} is not in use; write `with Phone.on_line(…) as phone:`")
        return self._agent.do(job)


def _address_job(host: str, port: int, at: str) -> dict[str, object]:
    return {"host": host, "port": port, "at": at}


def _tls_job(host: str, verify: bool) -> dict[str, object]:
    """The name that is sent has no trailing dot (RFC 6066 section 3); what is verified may be a literal."""
    return {"server_name": host.removesuffix(".") or None, "verify": verify}


def _in_ascii(host: str) -> str:
    """Raises InvalidInput."""
    if host.isascii():
        return host
    import idna

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        raise InvalidInput(f"`{host}` is no host name: {error}") from None
