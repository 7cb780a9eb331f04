"""Pieces of a URL as somebody typed it, before anything is normalised."""

from urllib.parse import quote, urlsplit

MOST_URL = 2048
"""Characters of a URL that one can ask about."""
_SENT_AS_IT_IS = "/?:@!$&'()*+,;=~%[]|"
_ASKED_BY = ("http", "https")


def can_be_asked_for(url: str) -> bool:
    """Whether it is whole: `http` or `https`, a host, and no port that cannot be."""
    try:
        parts = urlsplit(url)
        return parts.scheme in _ASKED_BY and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def host_as_written(url: str) -> str:
    """The host with its capitals and its trailing dot, without brackets, for a URL that names a destination."""
    place = urlsplit(in_full(url)).netloc.rpartition("@")[2]
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.partition(":")[0]


def path_of(url: str) -> str:
    """What a request for the URL asks for: path and query in ASCII, as a client sends them."""
    parts = urlsplit(in_full(url))
    asked = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return quote(asked, safe=_SENT_AS_IT_IS)


def in_full(url: str) -> str:
    """With a scheme and `//`."""
    if "://" in url:
        return url
    scheme, _, rest = url.partition(":")
    return f"dns://{rest}" if scheme.lower() == "dns" else f"http://{url}"
