"""The page that the subscriber wanted when the portal stepped in: shown as a link on the success page, so it must
be an ordinary web address and nothing cleverer."""

import re
from urllib.parse import urlsplit

_LONGEST = 1500
"""It travels in the session cookie, which browsers cut at 4,096 bytes."""
_PLAIN = re.compile(r"https?://[A-Za-z0-9.\-_\[\]:]+(?:[/?][!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*)?", re.IGNORECASE)


def safe_back_url(text: str, portal_host: str) -> str | None:
    """`text` if it is an absolute http or https URL of another site, without user name or anything unprintable."""
    if len(text) > _LONGEST or _PLAIN.fullmatch(text) is None:
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return text if host and host.rstrip(".") != portal_host else None


def shown_host(url: str) -> str:
    """The host of a URL that `safe_back_url` let pass, for a link's text."""
    return urlsplit(url).hostname or ""
