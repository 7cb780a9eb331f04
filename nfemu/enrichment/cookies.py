"""Cookies that carry an identity, removed from `Cookie` headers; the others stay as they were."""

from collections.abc import Iterable

from nfemu.enrichment.spelling import canonical, readings

_PUNCTUATION = bytes(byte for byte in range(256) if not chr(byte).isalnum() or byte > 127)
_LOWER = bytes(range(256)).lower()


class CookieFilter:
    """Knows names in any spelling that some server reads as the same: case, punctuation, percent-encoding (PHP)."""

    __slots__ = ("_bounded", "_skeletons")

    def __init__(self, names: Iterable[bytes]) -> None:
        spellings = {canonical(name) for name in names}
        self._bounded = [b"-%b-" % name for name in spellings]
        self._skeletons = [name.replace(b"-", b"") for name in spellings]

    def clean(self, value: bytes) -> bytes:
        """The value of a `Cookie` header without the listed cookies; empty when nothing is left.

        A comma separates cookies too (RFC 2965 section 3.4): some servers still read it so. Only what bears a
        listed name is cut there, commas in other values stay.
        """
        if not self._may_hold(value):
            return value
        kept, cut = [], False
        for cookie in value.split(b";"):
            parts = cookie.split(b",")
            left = [part for part in parts if not self._is_listed(part)]
            cut = cut or len(left) < len(parts)
            kept.append(b",".join(left).strip())
        return b"; ".join(filter(None, kept)) if cut else value

    def _may_hold(self, value: bytes) -> bool:
        """Quick and never wrongly false: most Cookie headers end here."""
        skeleton = value.translate(_LOWER, _PUNCTUATION)
        return b"%" in value or any(name in skeleton for name in self._skeletons)

    def _is_listed(self, cookie: bytes) -> bool:
        """Wherever in front of a `=` the name stands: to Python's `http.cookies` a blank ends a cookie, to PHP a
        bracket ends a name."""
        texts = [b"-%b-" % reading for reading in readings(cookie.rpartition(b"=")[0] or cookie)]
        return any(name in text for name in self._bounded for text in texts)
