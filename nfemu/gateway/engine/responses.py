"""What the gateway itself answers on HTTP: complete responses as bytes, short, never cached, connection closed.

Everything that came from the client is encoded before it goes into an answer: percent-encoded in a Location,
escaped in a page. A refusal says why in its body, never in a header of its own.
"""

import re
from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from html import escape
from urllib.parse import quote

from nfemu.policy import connectivity
from nfemu.wire.protection import PROTECTION

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
_TITLES = {
    400: ("请求无效", "Bad request"),
    403: ("无法访问", "Not allowed"),
    407: ("需要号码", "Which number?"),
    408: ("请求超时", "Too slow"),
    431: ("请求过大", "Request too large"),
    503: ("暂时无法上网", "Service unavailable"),
}
_STYLE = (
    "body{margin:0;background:#f2f7f4;color:#14241b;font:1rem/1.55 system-ui,'PingFang SC','Noto Sans CJK SC',"
    "'Microsoft YaHei',sans-serif;overflow-wrap:anywhere}"
    "main{max-width:28rem;margin:0 auto;padding:1.25rem}"
    "h1{font-size:1.25rem;border-left:.25rem solid #0b7a43;padding-left:.75rem}"
    "a{color:#0b7a43;font-weight:600}"
)
_AUTHORITY = re.compile(rb"\Ahttp://[^/]*")
_PAGE = (
    '<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><style>{style}</style><main><h1>{title}</h1><p>{zh}<p lang=en>{en}</main></html>\n"
)
_LINK = "{link}"


def _page(title: str, zh: str, en: str) -> bytes:
    """All that is put in is HTML already."""
    return _PAGE.format(title=title, style=_STYLE, zh=zh, en=en).encode()


_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
CONTENT_POLICY = f"{PROTECTION['Content-Security-Policy']}; style-src 'sha256-{_HASH}'"
"""By which an answer of the gateway's own can be told from all others."""


def _common_fields() -> bytes:
    """As the portal's pages have them; the style sheet is in the page, since nothing else may be reachable."""
    fields = {"Content-Type": "text/html; charset=utf-8", **PROTECTION, "Content-Security-Policy": CONTENT_POLICY}
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"Connection: close\r\n\r\n"


_COMMON = _common_fields()
_LANDING = _page(
    "请前往指引页面 · Please continue",
    f'您的线路目前只能访问部分页面。<a href="{_LINK}">点此继续</a>',
    f'This line reaches certain pages only for now. <a href="{_LINK}">Continue here</a>',
).split(_LINK.encode())
"""Around the link: what every redirect has is made once."""
CONNECT_OK = b"HTTP/1.1 200 Connection established\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def response(status: int, page: bytes, fields: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A whole response; `fields` beside the ones that every answer of the gateway has."""
    own = "".join(f"{name}: {value}\r\n" for name, value in fields)
    head = f"HTTP/1.1 {status} {_REASONS[status]}\r\n{own}Content-Length: {len(page)}\r\n"
    return head.encode("ascii") + _COMMON + page


def without_body(answer: bytes) -> bytes:
    """The same answer to a HEAD request."""
    return answer[: answer.index(b"\r\n\r\n") + 4]


def refusal(status: int, reason: str, fields: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A page with the reason, in words of ours."""
    zh, en = _TITLES[status]
    text = f"The gateway did not forward this request: {escape(reason, quote=False)}"
    page = _page(f"{zh} · {en}", "网关没有转发这个请求。", text)
    return response(status, page, fields)


def redirect(landing: str, host: str, original: bytes) -> bytes:
    """302 to the landing page. `original`: the URL that was asked for, handed over as `url` if it is a page, which a
    connectivity check is not: there is nothing to return to.
    """
    location = landing if is_check(host, original) else _with_original(landing, original)
    return response(302, _to(location), (("Location", location),))


def sign_in_needed(landing: str) -> bytes:
    """511 for methods that are not repeated after a redirect (RFC 6585 section 6)."""
    return response(511, _to(landing))


def _to(landing: str) -> bytes:
    return escape(landing).encode().join(_LANDING)


def failure(status: int, reason: str) -> bytes:
    """The destination was not reached, or did not answer as it should."""
    page = _page(
        f"{status} {_REASONS[status]}", "目标网站暂时无法访问。", f"The site could not be reached: {escape(reason)}."
    )
    return response(status, page)


def cap_reached(cap: int, ends_at: datetime | None, landing: str | None) -> bytes:
    """429 (RFC 6585 section 4): the day's octets are used up. `landing`: the page that still works, if it does."""
    volume = f"{cap >> 20} MiB" if cap % (1 << 20) == 0 else f"{cap / 1024:g} KiB"
    until = f"{ends_at:%Y-%m-%d %H:%M}" if ends_at is not None else "24:00"
    link = escape(landing or "")
    still_zh = f'仍可打开：<a href="{link}">缴费或服务页面</a>。' if landing else ""
    still_en = f' Still open: <a href="{link}">the page for payment or service</a>.' if landing else ""
    page = _page(
        "今日流量已用完 · Daily volume used up",
        f"受限期间每天可用的 {volume} 流量已用完，{until} 起重新计算。{still_zh}紧急呼叫不受影响。",
        f"The {volume} that this line may use a day are used up until {until}.{still_en} "
        "Emergency calls are not affected.",
    )
    return response(429, page)


def over_rate(rate: int) -> bytes:
    """429: too many requests of the line wait for its turn. `rate`: bits per second."""
    kbits = f"{rate / 1000:g} kbit/s"
    page = _page(
        "请稍候 · One moment",
        f"您的线路目前网速为 {kbits}，正在排队的请求过多。请稍候再试。紧急呼叫不受影响。",
        f"This line goes at {kbits} for now, and too many of its requests are waiting. Try again in a moment. "
        "Emergency calls are not affected.",
    )
    return response(429, page, (("Retry-After", "10"),))


def is_check(host: str, original: bytes) -> bool:
    """Whether `original`, a URL or its path, is an operating system's connectivity check."""
    return connectivity.is_check(host, _AUTHORITY.sub(b"", original).decode("latin-1"))


def _with_original(landing: str, original: bytes) -> str:
    if len(original) > MAX_ORIGINAL_URL:
        return landing
    return f"{landing}{'&' if '?' in landing else '?'}url={quote(original, safe='')}"


def _who_are_you(text: str) -> bytes:
    return refusal(407, text, (("Proxy-Authenticate", 'Basic realm="subscriber number", charset="UTF-8"'),))


NO_NUMBER = _who_are_you("give the subscriber's number as proxy user name, for example 13800138000; any password")
NO_LINE = _who_are_you(
    "no subscriber with the number given as proxy user name was ever attached; `nfemu subscriber list` shows them"
)
UNAVAILABLE = response(
    503,
    _page(
        "暂时无法上网 · Service unavailable",
        "网络控制系统暂时不可用，请稍后再试。",
        "The network's control system is not available; try again in a moment.",
    ),
    (("Retry-After", "2"),),
)
