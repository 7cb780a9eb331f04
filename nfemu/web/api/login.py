"""One-time links into the pages, and the cookie that they leave: the token itself never enters a browser."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

COOKIE = "nfemu_pages"
LINK_LIFE_S = 300.0
SESSION_LIFE_S = 12 * 3600.0
_MAX_KEPT = 1000


@dataclass(frozen=True, slots=True)
class _Granted:
    target: str
    until: float


class Logins:
    """Links and sessions of this process; a restart ends them all. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._links: dict[str, _Granted] = {}
        self._sessions: dict[str, _Granted] = {}
        self._form_key = secrets.token_bytes(32)

    def link(self, target: str) -> str:
        """A word that opens the pages once, at the path `target`."""
        return self._grant(self._links, target, LINK_LIFE_S)

    def redeem(self, word: str) -> tuple[str, str] | None:
        """Session and target path of a link that was not used yet and has not expired."""
        granted = self._links.pop(word, None)
        if granted is None or granted.until < self._clock():
            return None
        return self._grant(self._sessions, granted.target, SESSION_LIFE_S), granted.target

    def is_valid(self, session: str) -> bool:
        granted = self._sessions.get(session)
        return granted is not None and granted.until >= self._clock()

    def form_token(self, session: str) -> str:
        """What a form on the pages of that session must bring along; it tells nothing of the session."""
        return hmac.new(self._form_key, session.encode(), hashlib.sha256).hexdigest()

    def is_form_token(self, session: str, token: str) -> bool:
        return hmac.compare_digest(self.form_token(session).encode(), token.encode())

    def _grant(self, kept: dict[str, _Granted], target: str, life_s: float) -> str:
        now = self._clock()
        for word in [word for word, granted in kept.items() if granted.until < now]:
            del kept[word]
        while len(kept) >= _MAX_KEPT:
            del kept[next(iter(kept))]
        word = secrets.token_urlsafe(32)
        kept[word] = _Granted(target, now + life_s)
        return word
