"""The destination that a URL names, as people type it into `nfemu explain`."""

from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from nfemu.model.destination import Destination, Scheme, Transport
from nfemu.model.errors import InvalidInput
from nfemu.model.urls import in_full, path_of
from nfemu.policy.names import normalise_host

_KINDS: dict[str, tuple[Transport, Scheme, int | None]] = {
    "http": (Transport.TCP, Scheme.HTTP, 80),
    "https": (Transport.TCP, Scheme.HTTPS, 443),
    "dns": (Transport.UDP, Scheme.DNS, 53),
    "tcp": (Transport.TCP, Scheme.RAW, None),
    "udp": (Transport.UDP, Scheme.RAW, None),
}
"""URL scheme → transport, application protocol, default port."""


def destination_of(url: str) -> Destination:
    """The destination that a URL names; without a scheme it is taken for `http`. `dns:NAME` is a question.

    Raises InvalidInput.
    """
    try:
        parts = urlsplit(in_full(url))
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in _KINDS or not host:
        raise InvalidInput(f"`{url}` is not a destination; write it like https://news.example/ or udp://192.0.2.1:53")
    transport, scheme, usual = _KINDS[parts.scheme]
    if port is None:
        port = usual
    if not port:
        raise InvalidInput(f"`{url}` names no port; write it like {parts.scheme}://{host}:8080")
    path = path_of(url) if scheme is Scheme.HTTP else ""
    place = normalise_host(host)
    if isinstance(place, IPv4Address | IPv6Address):
        return Destination(None, place, port, transport, scheme, path)
    return Destination(place, None, port, transport, scheme, path)
