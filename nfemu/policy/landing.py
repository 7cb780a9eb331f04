"""The landing page of a redirecting profile: a URL that is safe to put into a Location header."""

import re
from urllib.parse import urlsplit

from nfemu.model.destination import Destination, Scheme
from nfemu.model.errors import InvalidInput
from nfemu.policy.names import normalise_host, shown

_VISIBLE = re.compile(r"[!-~]+")


def landing_destination(url: str) -> Destination:
    """Where the landing page is. Raises InvalidInput unless `url` is an absolute `http://` URL in plain ASCII, without
    user information and fragment: the portal believes enrichment headers on plain HTTP only (architecture, section 5).
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _not_a_landing_page(url) from None
    if not _VISIBLE.fullmatch(url) or parts.scheme != "http" or not host or port == 0:
        raise _not_a_landing_page(url)
    if "@" in parts.netloc or "#" in url:
        raise _not_a_landing_page(url)
    name = normalise_host(f"[{host}]" if ":" in host else host)
    if isinstance(name, str):
        return Destination(name, None, port or 80, scheme=Scheme.HTTP)
    return Destination(None, name, port or 80, scheme=Scheme.HTTP)


def _not_a_landing_page(url: str) -> InvalidInput:
    return InvalidInput(
        f"redirect target {shown(url)} is not a plain http:// URL; write it like http://portal.carrier.example/green"
    )
