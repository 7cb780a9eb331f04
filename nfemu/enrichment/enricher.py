"""Removal of clients' copies and insertion of our own, on header lists as HTTP engines hold them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from nfemu.enrichment.cookies import CookieFilter
from nfemu.enrichment.encodings import Encoder, Target, encoder_for
from nfemu.enrichment.spelling import HOP_BY_HOP, canonical, checked_cookie, checked_name, readings
from nfemu.enrichment.values import HeaderRule, Identity, TokenSealer, plain, sendable
from nfemu.model.errors import InvalidInput

Headers = Sequence[tuple[bytes, bytes]]

_CACHED_NAMES = 4096
_LONGEST_CACHED = 64
"""Octets. Clients choose names; with this the cache cannot grow beyond a few hundred kilobytes."""
_LISTS_OF_NAMES = frozenset({b"connection", b"trailer"})
"""RFC 9110 sections 7.6.1 and 6.6.2."""

_Cleaner = Callable[[bytes], bytes | None]
"""What is left of a header's value: the same object where nothing is to be removed, empty or None for nothing."""


@dataclass(frozen=True, slots=True)
class _Header:
    rule: HeaderRule
    name: bytes
    encode: Encoder


class Enricher:
    """Built once from configuration, then only read; one for all subscribers and destinations."""

    __slots__ = ("_cached_cleaner", "_cookies", "_headers", "_identity")

    def __init__(
        self,
        rules: Sequence[HeaderRule],
        aliases: Sequence[str] = (),
        cookies: Sequence[str] = (),
        pseudonym_key: bytes = b"",
        sealer: TokenSealer | None = None,
    ) -> None:
        """`aliases` are removed beside the rules' own names; `pseudonym_key` has 32 octets or more where it is needed.

        Raises InvalidInput: a name that is none or that HTTP needs, two rules for one name, a missing key or sealer.
        """
        self._headers = tuple(
            _Header(rule, checked_name(rule.name, "enrichment header"), encoder_for(rule, pseudonym_key, sealer))
            for rule in rules
        )
        own = [canonical(header.name) for header in self._headers]
        for position, header in enumerate(self._headers):
            if own[position] in own[:position]:
                raise InvalidInput(f"header `{header.rule.name}` is there twice for some servers; keep one spelling")
        self._identity = frozenset(own) | {canonical(checked_name(alias, "alias")) for alias in aliases}
        self._cookies = CookieFilter([checked_cookie(cookie) for cookie in cookies])
        self._cached_cleaner = lru_cache(maxsize=_CACHED_NAMES)(self._cleaner_for)

    def is_identity_header(self, name: str) -> bool:
        """Whether `name`, in whatever spelling, is one of the headers or aliases."""
        return not self._identity.isdisjoint(readings(name.encode("utf-8", "replace")))

    def strip(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        """A request's headers (or trailers) without clients' copies; order and all other octets are kept.

        Gone: headers and aliases in any spelling, their mention in `Connection` and `Trailer`, listed cookies, and
        `Proxy-*`, which is meant for this proxy alone.
        """
        cleaner_for, uncached = self._cached_cleaner, self._cleaner_for
        cleaners = [cleaner_for(name) if len(name) <= _LONGEST_CACHED else uncached(name) for name, _ in headers]
        if not any(cleaners):
            return list(headers)
        kept = []
        for clean, header in zip(cleaners, headers, strict=True):
            value = header[1]
            left = clean(value) if clean is not None else value
            if left is value:
                kept.append(header)
            elif left:
                kept.append((header[0], left))
        return kept

    def headers_for(
        self, identity: Identity, destination_host: str, group: str, now: datetime
    ) -> list[tuple[bytes, bytes]]:
        """The headers to insert into a *stripped* request that a Decision with `enrich` lets through.

        `destination_host` is the audience of tokens, `group` (Decision.group) what pseudonyms are keyed by, `now` wall
        time. Raises InvalidInput when a value has characters that no header may carry: do not forward then.
        """
        target = Target(destination_host, group, now)
        made = []
        for header in self._headers:
            text = plain(identity, header.rule.value)
            if text is not None:
                made.append((header.name, sendable(header.rule.name, header.encode(text, target))))
        return made

    def _cleaner_for(self, name: bytes) -> _Cleaner | None:
        """By the name alone; None for what passes as it is."""
        spellings = readings(name)
        if any(spelling in self._identity or spelling.startswith(HOP_BY_HOP) for spelling in spellings):
            return _drop
        if not _LISTS_OF_NAMES.isdisjoint(spellings):
            return self._clean_list
        return self._cookies.clean if b"cookie" in spellings else None

    def _clean_list(self, value: bytes) -> bytes:
        """A comma-separated list of names (RFC 9110 section 5.6.1) without those that are dropped as headers."""
        names = [name.strip() for name in value.split(b",")]
        left = [name for name in names if not self._is_dropped(name)]
        return value if len(left) == len(names) else b", ".join(filter(None, left))

    def _is_dropped(self, name: bytes) -> bool:
        return (self._cached_cleaner(name) if len(name) <= _LONGEST_CACHED else self._cleaner_for(name)) is _drop


def _drop(_value: bytes) -> None:
    return None
