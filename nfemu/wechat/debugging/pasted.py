"""A request or a delivery as somebody has written it down: raw HTTP, headers and a body, or what `curl -v` prints.

Read generously: what is looked into is often what another program printed of it.
"""

import re
from urllib.parse import urlsplit

from nfemu.model.errors import InvalidInput
from nfemu.wechat.admission import SignedRequest
from nfemu.wechat.debugging.deliveries import Delivery

_BLANK = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE = re.compile(r"([A-Za-z]{1,16}) (\S+)(?: HTTP/[0-9.]+)?")
_MOST_LINES = 200


def read(text: bytes, body: bytes | None = None) -> SignedRequest | Delivery:
    """What has a `Wechatpay-Signature` is of the provider. `body`: instead of what follows the head; `curl -v` prints
    none. Raises InvalidInput."""
    head, following = _sides(text)
    lines = [line for line in head.decode("utf-8", "replace").splitlines() if line.strip()]
    if len(lines) > _MOST_LINES:
        raise InvalidInput(f"the request has {len(lines)} lines before its body; only HTTP is read here")
    start = _REQUEST_LINE.fullmatch(lines[0].strip()) if lines else None
    headers = _headers(lines)
    content = _content(following if body is None else body, headers.get("content-length"))
    if "wechatpay-signature" in headers:
        return Delivery(headers, content)
    if start is None:
        raise InvalidInput(
            "this is neither a request, which begins with a line like `POST /v3/pay/transactions/h5 HTTP/1.1`, "
            "nor has it a header `Wechatpay-Signature`"
        )
    url = urlsplit(start[2]) if start[2].startswith(("http://", "https://")) else None
    if url is None:
        return SignedRequest(start[1], start[2], headers, content)
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    return SignedRequest(start[1], target, {"host": url.netloc, **headers}, content)


def _sides(text: bytes) -> tuple[bytes, bytes]:
    """Head and body."""
    lines = text.splitlines()
    sent = [line[2:] for line in lines if line.startswith(b"> ")]
    if sent:  # of curl -v
        return b"\n".join(sent), b""
    parts = _BLANK.split(text.lstrip(b"\r\n"), maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else b""


def _headers(lines: list[str]) -> dict[str, str]:
    """Lower-case names; lines that are none, like the first one, are passed over."""
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon and " " not in name.strip()}


def _content(body: bytes, length: str | None) -> bytes:
    """Without the line end that an editor adds. Raises InvalidInput where some of it is missing."""
    if length is None or not (length.isascii() and length.isdigit() and len(length) <= 9):
        return body
    if len(body) < int(length):
        raise InvalidInput(
            f"the body has {len(body)} octets, and `Content-Length: {length}`: some of it is missing; curl -v prints "
            "none, give it beside"
        )
    return body[: int(length)]
