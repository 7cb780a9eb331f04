"""What a phone sees of a destination: at each point that `explain` speaks of, in the same words."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

from nfemu.cli.observing.reading import sign_of, sign_of_stream
from nfemu.client.line import Answer, Heard, Phone, Stage
from nfemu.client.line.agent import AT_ONCE
from nfemu.model.destination import Destination, IpAddress, Scheme, Transport
from nfemu.model.signs import CONNECTED, NO_DATA, NOT_SENT, SENT, SINKHOLE, TLS
from nfemu.model.urls import host_as_written, path_of
from nfemu.policy.points import Place
from nfemu.policy.urls import destination_of

Seen = dict[str, str]
"""Place → sign."""
_MOST = 64 * 1024
_ACCEPT = (("Accept", "text/plain"),)


def observe_all(phone: Phone, urls: Sequence[str]) -> list[Seen]:
    """What was seen of each, in order, many at once. Raises as `observe`."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        return list(pool.map(lambda url: observe(phone, url), urls))
    finally:
        pool.shutdown(cancel_futures=True)


def observe(phone: Phone, url: str) -> Seen:
    """Each connection is new, and nobody's certificate is believed or refused.

    Raises InvalidInput for what is no destination, Unavailable where the line is gone.
    """
    destination = destination_of(url)
    return _on_bearer(phone, url, destination) if phone.has_bearer else _by_proxy(phone, url, destination)


def _on_bearer(phone: Phone, url: str, destination: Destination) -> Seen:
    seen: Seen = {}
    address = destination.address
    if destination.host is not None:
        address = _asked(phone, _spelled(url, destination), seen)
    if destination.scheme is Scheme.DNS or address is None:
        return seen
    at = str(address)
    if destination.transport is not Transport.TCP:
        sent = phone.datagram(at, destination.port, b"nfemu").failure or SENT
        seen[Place.NFT.value] = seen[Place.PHONE.value] = sent
        return seen
    fate: Answer | Heard
    if destination.scheme is Scheme.HTTP:
        fate = _request(phone, url, destination, at)
    else:
        fate = _stream(phone, url, destination, at)
    reached = fate.stage is not Stage.CONNECT
    seen[Place.NFT.value] = seen[Place.PHONE.value] = CONNECTED if reached else fate.failure
    if reached:
        seen |= _used(fate, destination)
    return seen


def _used(fate: Answer | Heard, destination: Destination) -> Seen:
    """Whoever answers: where a handshake ends, the SNI gate, the HTTP engine and the origin look alike."""
    if isinstance(fate, Answer):
        answered = _answered(fate)
        return {**answered, Place.SNI.value: answered[Place.HTTP.value]}
    if destination.scheme is Scheme.HTTPS:
        return dict.fromkeys((Place.SNI.value, Place.HTTP.value, Place.ORIGIN.value), fate.failure or TLS)
    return {}


def _by_proxy(phone: Phone, url: str, destination: Destination) -> Seen:
    if destination.scheme is Scheme.DNS or destination.transport is not Transport.TCP:
        return {Place.PROXY.value: NOT_SENT}
    if destination.scheme is Scheme.HTTP:
        answer = _request(phone, url, destination, "")
        return {Place.PROXY.value: answer.failure} if answer.stage is Stage.CONNECT else _answered(answer)
    heard = _stream(phone, url, destination, "")
    if heard.stage is Stage.CONNECT:
        return {Place.PROXY.value: heard.failure}
    if heard.stage is Stage.TUNNEL:
        return {Place.CONNECT.value: sign_of_stream(heard)}
    seen = {Place.CONNECT.value: CONNECTED}
    if destination.scheme is Scheme.HTTPS:
        seen[Place.SNI.value] = heard.failure or TLS
    return seen


def _request(phone: Phone, url: str, destination: Destination, at: str) -> Answer:
    place = _bracketed(url, destination)
    asked = f"http://{place}:{destination.port}{path_of(url)}"
    return phone.request(asked, headers=_ACCEPT, at=at, most=_MOST)


def _stream(phone: Phone, url: str, destination: Destination, at: str) -> Heard:
    host = str(destination.address) if destination.host is None else _spelled(url, destination)
    tls = destination.scheme is Scheme.HTTPS
    return phone.exchange(host, destination.port, tls=tls, at=at, verify=False, most=0)


def _answered(answer: Answer) -> Seen:
    sign, inserted = sign_of(answer)
    return {Place.HTTP.value: sign} | ({} if inserted is None else {Place.IDENTITY.value: inserted})


def _asked(phone: Phone, name: str, seen: Seen) -> IpAddress | None:
    found: list[IpAddress] = []
    for place, kind in ((Place.DNS_A, "A"), (Place.DNS_AAAA, "AAAA")):
        told = phone.dig(name, kind)
        sign = SINKHOLE if told.is_sinkhole else ", ".join(sorted(map(str, told.addresses)))
        seen[place.value] = sign or told.sign or NO_DATA
        found += told.addresses
    return next((each for version in phone.families for each in found if each.version == version), None)


def _spelled(url: str, destination: Destination) -> str:
    """As the user wrote it, where it can be sent so."""
    written = host_as_written(url)
    return written if written.isascii() or destination.host is None else destination.host


def _bracketed(url: str, destination: Destination) -> str:
    address = destination.address
    if address is None:
        return _spelled(url, destination)
    return str(address) if isinstance(address, IPv4Address) else f"[{address}]"
