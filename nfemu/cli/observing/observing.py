"""What a phone sees of a destination: at each point that `explain` speaks of, in the same words."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from nfemu.cli.observing.asking import ask
from nfemu.cli.observing.speaking import Stream, connect, datagram, handshake, request, tunnel
from nfemu.model.destination import Destination, IpAddress, Scheme, Transport
from nfemu.policy.points import CONNECTED, NOT_SENT, Place
from nfemu.policy.urls import destination_of, host_as_written, path_of

Seen = dict[str, str]
"""Place → sign."""


@dataclass(frozen=True, slots=True)
class OnBearer:
    """From inside the phone's network. `families` that it has addresses of, the one that it goes by first."""

    resolver: str
    families: tuple[int, ...]

    async def observe(self, url: str) -> Seen:
        """Raises InvalidInput for what is no destination."""
        destination = destination_of(url)
        seen: Seen = {}
        address = destination.address
        if destination.host is not None:
            address = await self._asked(_spelled(url, destination), seen)
        if destination.scheme is Scheme.DNS or address is None:
            return seen
        if destination.transport is not Transport.TCP:
            seen[Place.NFT.value] = seen[Place.PHONE.value] = await datagram(str(address), destination.port)
            return seen
        seen[Place.NFT.value], stream = await connect(str(address), destination.port)
        seen[Place.PHONE.value] = seen[Place.NFT.value]
        if stream is not None:
            await _used(stream, url, destination, seen)
        return seen

    async def _asked(self, name: str, seen: Seen) -> IpAddress | None:
        found: list[IpAddress] = []
        for place, kind in ((Place.DNS_A, "A"), (Place.DNS_AAAA, "AAAA")):
            seen[place.value], addresses = await ask(self.resolver, name, kind)
            found += addresses
        return next((each for version in self.families for each in found if each.version == version), None)


@dataclass(frozen=True, slots=True)
class ByProxy:
    """`credentials`: header lines that say whose line it is; none for a listener of that line alone."""

    host: str
    port: int
    credentials: str

    async def observe(self, url: str) -> Seen:
        """Raises InvalidInput for what is no destination."""
        destination = destination_of(url)
        if destination.scheme is Scheme.DNS or destination.transport is not Transport.TCP:
            return {Place.PROXY.value: NOT_SENT}
        sign, stream = await connect(self.host, self.port)
        if stream is None:
            return {Place.PROXY.value: sign}
        seen: Seen = {}
        if destination.scheme is Scheme.HTTP:
            target = f"http://{_authority(url, destination)}{path_of(url)}"
            await _requested(stream, target, _authority(url, destination), self.credentials, seen)
            return seen
        place = f"{_bracketed(url, destination)}:{destination.port}"
        seen[Place.CONNECT.value] = await tunnel(stream, place, self.credentials)
        if seen[Place.CONNECT.value] == CONNECTED and destination.scheme is Scheme.HTTPS:
            seen[Place.SNI.value] = await handshake(stream, _server_name(url, destination))
        await stream.close()
        return seen


async def _used(stream: Stream, url: str, destination: Destination, seen: Seen) -> None:
    """Whoever answers: where a handshake ends, the SNI gate, the HTTP engine and the origin look alike."""
    if destination.scheme is Scheme.HTTP:
        await _requested(stream, path_of(url), _authority(url, destination), "", seen)
        seen[Place.SNI.value] = seen[Place.HTTP.value]
        return
    if destination.scheme is Scheme.HTTPS:
        sign = await handshake(stream, _server_name(url, destination))
        seen |= {place.value: sign for place in (Place.SNI, Place.HTTP, Place.ORIGIN)}
    await stream.close()


async def _requested(stream: Stream, target: str, host: str, extra: str, seen: Seen) -> None:
    seen[Place.HTTP.value], inserted = await request(stream, target, host, extra)
    if inserted is not None:
        seen[Place.IDENTITY.value] = inserted
    await stream.close()


def _spelled(url: str, destination: Destination) -> str:
    """As the user wrote it, where it can be sent so."""
    written = host_as_written(url)
    return written if written.isascii() or destination.host is None else destination.host


def _bracketed(url: str, destination: Destination) -> str:
    address = destination.address
    if address is None:
        return _spelled(url, destination)
    return str(address) if isinstance(address, IPv4Address) else f"[{address}]"


def _authority(url: str, destination: Destination) -> str:
    place = _bracketed(url, destination)
    return place if destination.port == 80 else f"{place}:{destination.port}"


def _server_name(url: str, destination: Destination) -> str | None:
    """Without a trailing dot (RFC 6066 section 3); a literal is never sent."""
    return None if destination.host is None else _spelled(url, destination).removesuffix(".")
