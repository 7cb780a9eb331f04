"""What the gateway itself answers on HTTP: complete responses as bytes, short, never cached, connection closed.

Everything that came from the client is encoded before it goes into an answer: percent-encoded in a Location,
escaped in a page. A refusal says why in its body, never in a header of its own.
"""

from datetime import datetime
from html import escape
from urllib.parse import quote, urlsplit

MAX_ORIGINAL_URL = 2048
"""Longer original URLs are not handed to the landing page."""

_REASONS = {
    302: "Found",
    400: "Bad Request",
    403: "Forbidden",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    511: "Network Authentication Required",
}
_HTML = "text/html; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_PAGE = (
    '<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><p>{zh}<p lang=en>{en}</html>\n"
)
_LANDING = _PAGE.format(
    title="请前往指引页面 · Please continue",
    zh='您的线路目前只能访问部分页面。<a href="{link}">点此继续</a>',
    en='This line reaches certain pages only for now. <a href="{link}">Continue here</a>',
)
CONNECT_OK = b"HTTP/1.1 200 Connection established\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

# How operating systems find out that they are behind a portal. Each asks a fixed page for a fixed answer; a redirect
# makes Android, Apple's systems, Windows and Firefox alike open their sign-in page. There is nothing to return to
# afterwards, so the page that was asked for is not handed to the landing page.
CONNECTIVITY_CHECKS = frozenset(
    (
        ("connectivitycheck.gstatic.com", "/generate_204"),
        ("connectivitycheck.android.com", "/generate_204"),
        ("clients3.google.com", "/generate_204"),
        ("www.google.com", "/gen_204"),
        ("www.google.com", "/generate_204"),
        ("play.googleapis.com", "/generate_204"),
        ("captive.apple.com", "/"),
        ("captive.apple.com", "/hotspot-detect.html"),
        ("www.apple.com", "/library/test/success.html"),
        ("www.msftconnecttest.com", "/connecttest.txt"),
        ("www.msftconnecttest.com", "/redirect"),
        ("ipv6.msftconnecttest.com", "/connecttest.txt"),
        ("www.msftncsi.com", "/ncsi.txt"),
        ("detectportal.firefox.com", "/canonical.html"),
        ("detectportal.firefox.com", "/success.txt"),
    )
)


def response(status: int, body: str, content_type: str = _TEXT, fields: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A whole response; `fields` beside the ones that every answer of the gateway has."""
    payload = body.encode()
    head = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        *(f"{name}: {value}" for name, value in fields),
        f"Content-Type: {content_type}",
        f"Content-Length: {len(payload)}",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    return "\r\n".join(head).encode("ascii") + b"\r\n\r\n" + payload


def without_body(answer: bytes) -> bytes:
    """The same answer to a HEAD request."""
    return answer[: answer.index(b"\r\n\r\n") + 4]


def refusal(status: int, reason: str) -> bytes:
    """Plain text with the reason."""
    return response(status, reason.rstrip() + "\n")


def redirect(landing: str, host: str, original: bytes) -> bytes:
    """302 to the landing page. `original`: the URL that was asked for, handed over as `url` if it is a page."""
    location = landing if is_check(host, original) else _with_original(landing, original)
    return response(302, _LANDING.format(link=escape(location)), _HTML, (("Location", location),))


def sign_in_needed(landing: str) -> bytes:
    """511 for methods that are not repeated after a redirect (RFC 6585 section 6)."""
    return response(511, _LANDING.format(link=escape(landing)), _HTML)


def failure(status: int, reason: str) -> bytes:
    """The destination was not reached, or did not answer as it should."""
    page = _PAGE.format(
        title=f"{status} {_REASONS[status]}",
        zh="目标网站暂时无法访问。",
        en=f"The site could not be reached: {escape(reason)}.",
    )
    return response(status, page, _HTML)


def cap_reached(cap: int, ends_at: datetime | None, landing: str | None) -> bytes:
    """429 (RFC 6585 section 4): the day's octets are used up. `landing`: the page that still works, if it does."""
    volume = f"{cap >> 20} MiB" if cap % (1 << 20) == 0 else f"{cap / 1024:g} KiB"
    until = f"{ends_at:%Y-%m-%d %H:%M}" if ends_at is not None else "24:00"
    link = escape(landing or "")
    still_zh = f'仍可打开：<a href="{link}">缴费或服务页面</a>。' if landing else ""
    still_en = f' Still open: <a href="{link}">the page for payment or service</a>.' if landing else ""
    page = _PAGE.format(
        title="今日流量已用完 · Daily volume used up",
        zh=f"受限期间每天可用的 {volume} 流量已用完，{until} 起重新计算。{still_zh}紧急呼叫不受影响。",
        en=f"The {volume} that this line may use a day are used up until {until}.{still_en} "
        "Emergency calls are not affected.",
    )
    return response(429, page, _HTML)


def is_check(host: str, original: bytes) -> bool:
    """Whether `original`, a URL or its path, is an operating system's connectivity check."""
    return (host, urlsplit(original).path.decode("latin-1")) in CONNECTIVITY_CHECKS


def _with_original(landing: str, original: bytes) -> str:
    if len(original) > MAX_ORIGINAL_URL:
        return landing
    return f"{landing}{'&' if '?' in landing else '?'}url={quote(original, safe='')}"


def _who_are_you(text: str) -> bytes:
    return response(407, text, fields=(("Proxy-Authenticate", 'Basic realm="subscriber number", charset="UTF-8"'),))


NO_NUMBER = _who_are_you("give the subscriber's number as proxy user name, for example 13800138000; any password\n")
NO_LINE = _who_are_you(
    "no subscriber with the number given as proxy user name was ever attached; `nfemu subscriber list` shows them\n"
)
UNAVAILABLE = response(
    503,
    _PAGE.format(
        title="暂时无法上网 · Service unavailable",
        zh="网络控制系统暂时不可用，请稍后再试。",
        en="The network's control system is not available; try again in a moment.",
    ),
    _HTML,
    (("Retry-After", "2"),),
)
