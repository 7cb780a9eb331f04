"""One subscriber's requests, in every form that the gateway takes, on new and on kept connections."""

import ssl
from dataclasses import dataclass

from bench.soak.opinion import Seen
from tests.journeys.wire import Answer, Wire, credentials, socks

LANDING = "http://portal.carrier.example/green"


class Failed(Exception):
    """No answer that could be judged; the text is its kind."""


class KeptEnded(Failed):
    """A kept connection was closed before it answered: a client would ask again on a new one."""


@dataclass(frozen=True, slots=True)
class Page:
    seen: Seen
    text: str = ""


@dataclass(frozen=True, slots=True)
class Doors:
    """Ports on loopback. `own`: the listener of this line alone, if it has one."""

    http: int
    socks: int
    own: int | None


class Browser:
    """Of one number. Keeps one plain connection and one tunnel open between requests."""

    def __init__(self, number: str, doors: Doors) -> None:
        self._number = number
        self._doors = doors
        self._kept: Wire | None = None
        self._tunnel: tuple[str, Wire] | None = None

    @property
    def has_own(self) -> bool:
        return self._doors.own is not None

    def hang_up(self) -> None:
        """Close what is kept."""
        for wire in (self._kept, self._tunnel[1] if self._tunnel else None):
            if wire is not None:
                wire.close()
        self._kept = self._tunnel = None

    async def get(self, host: str) -> Page:
        """Plain HTTP on a connection of its own."""
        wire = await _open(self._doors.http)
        try:
            return _page(await self._ask(wire, host, credentials(self._number)))
        finally:
            wire.close()

    async def post(self, host: str) -> Page:
        wire = await _open(self._doors.http)
        try:
            return _page(await self._ask(wire, host, credentials(self._number), "POST"))
        finally:
            wire.close()

    async def get_at_own(self, host: str) -> Page:
        """By the line's own listener."""
        assert self._doors.own is not None
        wire = await _open(self._doors.own)
        try:
            return _page(await self._ask(wire, host, b""))
        finally:
            wire.close()

    async def get_kept(self, host: str) -> Page:
        """One request after another on one connection, as browsers do."""
        reused = self._kept is not None and not self._kept.ended
        wire = self._kept if reused and self._kept is not None else await self._anew()
        answer = await self._ask(wire, host, credentials(self._number))
        if answer.closes or not answer.status:
            wire.close()
            self._kept = None
        if reused and not answer.status:
            raise KeptEnded("kept connection ended")
        return _page(answer)

    async def _anew(self) -> Wire:
        if self._kept is not None:
            self._kept.close()
        self._kept = await _open(self._doors.http)
        return self._kept

    async def connect(self, host: str) -> Page:
        """HTTPS by CONNECT, and the tunnel kept."""
        wire = await _open(self._doors.http)
        head = f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n".encode() + credentials(self._number)
        await wire.send(head + b"\r\n")
        status = (await wire.head())[9:12]
        if status != b"200":
            wire.close()
            if status == b"403":
                return Page(Seen.REFUSED)
            raise Failed(status.decode() or "closed")
        return await self._inside(wire, host)

    async def socks(self, host: str) -> Page:
        """HTTPS by SOCKS5, and the tunnel kept."""
        wire = await _open(self._doors.socks)
        reply = await socks(wire, self._number, host, 443)
        if reply != 0:
            wire.close()
            if reply in (2, 254):
                return Page(Seen.REFUSED)
            raise Failed("closed" if reply == 255 else f"reply {reply}")
        return await self._inside(wire, host)

    async def _inside(self, wire: Wire, host: str) -> Page:
        if not await wire.tls(host):
            wire.close()
            raise Failed("TLS did not come about")
        self._keep_tunnel(host, wire)
        return await self._in_tunnel(wire, host)

    def _keep_tunnel(self, host: str, wire: Wire) -> None:
        if self._tunnel is not None:
            self._tunnel[1].close()
        self._tunnel = (host, wire)

    @property
    def tunnel_host(self) -> str | None:
        """Where the kept tunnel leads; None where there is none that is open."""
        return self._tunnel[0] if self._tunnel is not None and not self._tunnel[1].ended else None

    async def again_in_tunnel(self, host: str) -> Page:
        """A request in the tunnel that is open already: a line that may not go there any more has none."""
        assert self._tunnel is not None
        try:
            return await self._in_tunnel(self._tunnel[1], host)
        except Failed as failure:
            raise KeptEnded(str(failure)) from None

    async def _in_tunnel(self, wire: Wire, host: str) -> Page:
        await wire.send(f"GET /?soak HTTP/1.1\r\nHost: {host}\r\nUser-Agent: soak\r\n\r\n".encode())
        try:
            answer = await wire.answer()
        except (OSError, ssl.SSLError, EOFError):
            answer = Answer(0, [], b"")
        if not answer.status:
            wire.close()
            self._tunnel = None
            raise Failed("tunnel cut")
        return Page(Seen.SERVED)

    async def _ask(self, wire: Wire, host: str, user: bytes, method: str = "GET") -> Answer:
        head = f"{method} http://{host}/ HTTP/1.1\r\nHost: {host}\r\nUser-Agent: soak\r\nX-MSISDN: 8613800000000\r\n"
        body = b"Content-Length: 2\r\n\r\nhi" if method == "POST" else b"\r\n"
        await wire.send(head.encode() + user + body)
        try:
            return await wire.answer(method)
        except (OSError, EOFError):
            return Answer(0, [], b"")


async def _open(port: int) -> Wire:
    try:
        return await Wire.open(port)
    except OSError as error:
        raise Failed(f"connect: {type(error).__name__}") from None


def _page(answer: Answer) -> Page:
    if answer.status in (0, 407, 500, 502, 503, 504):
        raise Failed(str(answer.status or "closed"))
    text = answer.body.decode("utf-8", "replace")
    if answer.status == 511 or (answer.status == 302 and (answer.field("location") or "").startswith(LANDING)):
        return Page(Seen.REDIRECTED, text)
    if answer.status == 403 and answer.closes:
        return Page(Seen.REFUSED, text)
    return Page(Seen.SERVED, text)
