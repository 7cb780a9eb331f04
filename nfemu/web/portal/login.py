"""The HTTPS session: a signed cookie that says which line, which session and generation, until when.

It holds no secret and needs no store, so it survives a restart of the portal; every request checks it against the
live session. The CSRF token is derived from it.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nfemu.model.identity import Msisdn, SessionId
from nfemu.model.session import PdnSession

COOKIE = "__Host-session"
LIFETIME = timedelta(minutes=15)
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Login:
    """Who is on HTTPS. `expires` is wall time in whole seconds; `nonce` makes each login its own."""

    msisdn: Msisdn
    session: SessionId
    generation: int
    back: str | None
    language: str | None
    expires: datetime
    nonce: str


class LoginSeal:
    """Signs and reads logins with `key`."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def open(
        self,
        msisdn: Msisdn,
        session: SessionId,
        generation: int,
        wall: datetime,
        back: str | None = None,
        language: str | None = None,
    ) -> Login:
        """A new login that begins at wall time `wall`."""
        expires = (wall + LIFETIME).replace(microsecond=0)
        return Login(msisdn, session, generation, back, language, expires, secrets.token_hex(8))

    def cookie_value(self, login: Login) -> str:
        fields = [
            login.msisdn.e164,
            login.session,
            login.generation,
            login.back,
            login.language,
            int(login.expires.timestamp()),
            login.nonce,
        ]
        payload = base64.urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode()).decode()
        return f"{payload}.{self._mac('login', payload)}"

    def read(self, value: str, wall: datetime) -> Login | None:
        """The login in a cookie's value; None unless it is ours and still valid."""
        payload, _, mac = value.partition(".")
        if len(value) > _LONGEST or not hmac.compare_digest(mac.encode(), self._mac("login", payload).encode()):
            return None
        msisdn, session, generation, back, language, expires, nonce = json.loads(base64.urlsafe_b64decode(payload))
        login = Login(
            Msisdn(msisdn), SessionId(session), generation, back, language, datetime.fromtimestamp(expires, UTC), nonce
        )
        return login if wall < login.expires else None

    def csrf_token(self, login: Login) -> str:
        """What a form of this login must send back."""
        return self._mac("csrf", login.nonce)

    def is_csrf_token(self, login: Login, token: str) -> bool:
        return hmac.compare_digest(self.csrf_token(login).encode(), token.encode())

    def landing_token(self, session: PdnSession) -> str:
        """What the landing page's form must send back. On plain HTTP the gateway is who logs in, for whatever page
        sends the request; only our own page knows this text."""
        return self._mac("landing", f"{session.id} {session.generation}")

    def is_landing_token(self, session: PdnSession, token: str) -> bool:
        return hmac.compare_digest(self.landing_token(session).encode(), token.encode())

    def _mac(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose} {text}".encode(), hashlib.sha256).hexdigest()
