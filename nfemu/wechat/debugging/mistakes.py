"""The strings that merchants sign by mistake: each is the right one with one or two things done as people do them.

A string is METHOD, target, timestamp, nonce and body, laid out in lines. A mistake changes one of these parts, or the
layout. Two at once are tried too, of two different parts or of a part and the layout.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import combinations, product
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

_PAIRS_UP_TO = 8 * 1024
"""Octets of a body up to which two mistakes are tried at once: every string has to be hashed."""
_MILLISECONDS = 1000
_CLOCK_READ_AGAIN = 10
"""Seconds between two looks at the clock."""
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Mistake(Enum):
    METHOD = "method"
    LOWER_METHOD = "method-lower-case"
    WITH_HOST = "url-with-host"
    NO_QUERY = "url-without-query"
    UNESCAPED = "url-unescaped"
    ESCAPED = "url-escaped"
    NO_SLASH = "url-without-leading-slash"
    END_SLASH = "url-slash-at-end"
    SORTED_QUERY = "url-query-sorted"
    MILLISECONDS = "timestamp-milliseconds"
    CLOCK_TWICE = "timestamp-taken-twice"
    NONCE_CASE = "nonce-case"
    NO_BODY = "body-empty"
    SOME_BODY = "body-not-empty"
    BODY_JSON = "body-written-again"
    BODY_ENDS = "body-trimmed"
    BODY_LINES = "body-line-ends"
    BODY_CODING = "body-encoding"
    NO_LAST_LINE_FEED = "no-last-line-feed"
    EXTRA_LINE_FEED = "extra-line-feed"
    NO_LINE_FEEDS = "no-line-feeds"
    CRLF = "crlf"
    BACKSLASH_N = "backslash-n"
    NONCE_FIRST = "nonce-before-timestamp"
    OF_ANSWERS = "layout-of-answers"
    OTHER_HASH = "other-hash"
    HASHED_TWICE = "hashed-twice"
    BARE_HASH = "bare-hash"
    PSS = "pss"
    OTHER_KEY = "other-key"
    BASE64 = "base64-spelling"
    HEX = "hex"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a string is made of. `host`: where the request went, without scheme."""

    method: str
    target: str
    timestamp: str
    nonce: str
    body: bytes
    host: str

    def lines(self) -> tuple[bytes, ...]:
        return self.method.encode(), self.target.encode(), self.timestamp.encode(), self.nonce.encode(), self.body


@dataclass(frozen=True, slots=True)
class Guess:
    """A string that may have been signed, and what is wrong with it; empty: it is the right one."""

    mistakes: tuple[Mistake, ...]
    message: bytes


_Change = tuple[Mistake, dict[str, Any]]
_Layout = Callable[[Parts], bytes]


def guesses(parts: Parts) -> Iterator[Guess]:
    """The right string first, then what is wrong in one thing, then in two; none twice."""
    seen: set[bytes] = set()
    for guess in _all(parts):
        if guess.message not in seen:
            seen.add(guess.message)
            yield guess


def _all(parts: Parts) -> Iterator[Guess]:
    groups = [list(changes(parts)) for changes in (_methods, _targets, _timestamps, _nonces, _bodies)]
    yield Guess((), _usual(parts))
    for mistake, layout in _LAYOUTS:
        yield Guess((mistake,), layout(parts))
    for mistake, fields in (change for group in groups for change in group):
        yield Guess((mistake,), _usual(replace(parts, **fields)))
    for milliseconds in range(_MILLISECONDS):
        later = replace(parts, timestamp=f"{parts.timestamp}{milliseconds:03d}")
        yield Guess((Mistake.MILLISECONDS,), _usual(later))
    if len(parts.body) <= _PAIRS_UP_TO:
        yield from _pairs(parts, groups)


def _pairs(parts: Parts, groups: list[list[_Change]]) -> Iterator[Guess]:
    for (mistake, fields), (other, layout) in product([each for group in groups for each in group], _LAYOUTS):
        yield Guess((mistake, other), layout(replace(parts, **fields)))
    for one, two in combinations(groups, 2):
        for (mistake, fields), (other, more) in product(one, two):
            yield Guess((mistake, other), _usual(replace(parts, **fields, **more)))


def _methods(parts: Parts) -> Iterator[_Change]:
    yield Mistake.LOWER_METHOD, {"method": parts.method.lower()}
    for method in _METHODS:
        yield Mistake.METHOD, {"method": method}


def _targets(parts: Parts) -> Iterator[_Change]:
    target = parts.target
    path, _, query = target.partition("?")
    for prefix in (f"https://{parts.host}", f"http://{parts.host}", parts.host, f"https://api.{_DOMAIN}"):
        yield Mistake.WITH_HOST, {"target": prefix + target}
    yield Mistake.NO_QUERY, {"target": path}
    yield Mistake.NO_QUERY, {"target": f"{path}?"}
    for unescaped in (unquote(target), unquote_plus(target)):
        yield Mistake.UNESCAPED, {"target": unescaped}
    for escaped in (
        quote(target, safe="/?&=%"),
        quote(target, safe="/?&="),
        quote(target, safe="/"),
        quote(target, ""),
    ):
        yield Mistake.ESCAPED, {"target": escaped}
    yield Mistake.NO_SLASH, {"target": target.lstrip("/")}
    yield Mistake.END_SLASH, {"target": f"{target}/"}
    yield Mistake.SORTED_QUERY, {"target": f"{path}?{'&'.join(sorted(query.split('&')))}"}


_DOMAIN = "mch.weixin.qq.com"


def _timestamps(parts: Parts) -> Iterator[_Change]:
    if not (parts.timestamp.isascii() and parts.timestamp.isdigit() and len(parts.timestamp) <= 16):
        return
    at = int(parts.timestamp)
    yield Mistake.MILLISECONDS, {"timestamp": str(at // _MILLISECONDS)}
    yield Mistake.MILLISECONDS, {"timestamp": f"{parts.timestamp}000"}
    for seconds in range(1, _CLOCK_READ_AGAIN + 1):
        for moment in (at - seconds, at + seconds):
            yield Mistake.CLOCK_TWICE, {"timestamp": str(moment)}


def _nonces(parts: Parts) -> Iterator[_Change]:
    for nonce in (parts.nonce.lower(), parts.nonce.upper()):
        yield Mistake.NONCE_CASE, {"nonce": nonce}


def _bodies(parts: Parts) -> Iterator[_Change]:
    yield Mistake.NO_BODY, {"body": b""}
    for mistake, body in body_guesses(parts.body):
        yield mistake, {"body": body}


def body_guesses(body: bytes) -> Iterator[tuple[Mistake, bytes]]:
    """What a body may have been before somebody read and wrote it again."""
    if not body:
        yield from ((Mistake.SOME_BODY, some) for some in (b"{}", b"null", b"[]", b'""'))
        return
    yield from ((Mistake.BODY_ENDS, ended) for ended in (body.strip(), body + b"\n", body + b"\r\n"))
    yield from ((Mistake.BODY_LINES, body.replace(*pair)) for pair in ((b"\r\n", b"\n"), (b"\n", b"\r\n")))
    yield from ((Mistake.BODY_CODING, coded) for coded in _coded(body))
    yield from ((Mistake.BODY_JSON, written) for written in _written(body))


def _coded(body: bytes) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf" + body
    yield body.removeprefix(b"\xef\xbb\xbf")
    text = body.decode("utf-8", "replace")
    for coding in ("gbk", "latin-1", "utf-16-le"):
        yield text.encode(coding, "replace")
    yield body.decode("latin-1").encode()


def _written(body: bytes) -> Iterator[bytes]:
    """The same document as other programs write it."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    spacings: tuple[dict[str, Any], ...] = (
        {"separators": (",", ":")}, {}, {"indent": 2}, {"indent": 4}, {"indent": "\t"})  # fmt: skip
    for spacing, ascii_only, in_order in product(spacings, (False, True), (False, True)):
        text = json.dumps(document, ensure_ascii=ascii_only, sort_keys=in_order, **spacing)
        yield text.encode("utf-8", "surrogatepass")
        yield text.replace("/", "\\/").encode("utf-8", "surrogatepass")  # as PHP does
        for character in "<>&":  # as Go does
            text = text.replace(character, f"\\u{ord(character):04x}")
        yield text.encode("utf-8", "surrogatepass")


def _usual(parts: Parts) -> bytes:
    return b"".join(line + b"\n" for line in parts.lines())


def _nonce_first(parts: Parts) -> bytes:
    return _usual(replace(parts, timestamp=parts.nonce, nonce=parts.timestamp))


def _of_answers(parts: Parts) -> bytes:
    return b"".join(line + b"\n" for line in parts.lines()[2:])


_LAYOUTS: tuple[tuple[Mistake, _Layout], ...] = (
    (Mistake.NO_LAST_LINE_FEED, lambda parts: b"\n".join(parts.lines())),
    (Mistake.EXTRA_LINE_FEED, lambda parts: _usual(parts) + b"\n"),
    (Mistake.NO_LINE_FEEDS, lambda parts: b"".join(parts.lines())),
    (Mistake.CRLF, lambda parts: b"".join(line + b"\r\n" for line in parts.lines())),
    (Mistake.BACKSLASH_N, lambda parts: b"".join(line + b"\\n" for line in parts.lines())),
    (Mistake.NONCE_FIRST, _nonce_first),
    (Mistake.OF_ANSWERS, _of_answers),
)
