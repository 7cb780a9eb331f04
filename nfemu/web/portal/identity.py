"""How the portal reads the enriched header in each encoding (G10, G12): plain, pseudonym, encrypted token.

Whatever the header says, the portal then checks that the number's session has the request's UE address
(`Shell.visitor`).
"""

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from nfemu.enrichment.encodings import pseudonym
from nfemu.enrichment.values import Encoding, EnrichedValue, HeaderRule
from nfemu.model.destination import IpAddress
from nfemu.model.errors import InvalidInput
from nfemu.model.identity import Msisdn
from nfemu.model.session import PdnSession
from nfemu.web.origins.connection import OriginRequest
from nfemu.web.portal.config import Identify

_ALGORITHMS = ["A256KW", "A256GCM"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """What the portal shares with the gateway. `token_keys`: key id → 32 octets; `group`: the policy group of the
    portal's host, which pseudonyms are keyed by; `session_at`: whose active session has a UE address."""

    host: str
    group: str
    country_code: str
    pseudonym_key: bytes
    token_keys: Mapping[str, bytes]
    session_at: Callable[[IpAddress], PdnSession | None]
    wall: Callable[[], datetime]


def identify_by(rules: Sequence[HeaderRule], recognition: Recognition) -> Identify:
    """Reads the first header that carries the number, in whatever encoding it is configured; without one, nobody is
    ever recognised."""
    rule = next((each for each in rules if each.value is EnrichedValue.MSISDN), None)
    if rule is None:
        return lambda _: None
    read = _READERS[rule.encoding]

    def identify(request: OriginRequest) -> Msisdn | None:
        value = _only_value(request, rule.name)
        return None if value is None else read(value, request, recognition)

    return identify


def _only_value(request: OriginRequest, header: str) -> str | None:
    """The value of the only header of that name; None when there is none, or more than one."""
    wanted = header.lower().encode()
    values = [value for name, value in request.headers if name.lower() == wanted]
    return values[0].decode("latin-1") if len(values) == 1 else None


def _plain(value: str, _: OriginRequest, recognition: Recognition) -> Msisdn | None:
    try:
        return Msisdn.parse(value, recognition.country_code)
    except InvalidInput:
        return None


def _pseudonym(value: str, request: OriginRequest, recognition: Recognition) -> Msisdn | None:
    """A pseudonym cannot be turned back; it is compared with that of the line whose address sends it."""
    session = recognition.session_at(request.connection.ue_address)
    if session is None:
        return None
    own = pseudonym(recognition.pseudonym_key, recognition.group, EnrichedValue.MSISDN, session.msisdn.e164)
    return session.msisdn if hmac.compare_digest(own.encode(), value.encode()) else None


def _token(value: str, _: OriginRequest, recognition: Recognition) -> Msisdn | None:
    """A JWE under a live key (`kid`), for this portal (`aud`), not over (`exp`)."""
    keys = KeySet([OctKey.import_key(secret, {"kid": kid}) for kid, secret in recognition.token_keys.items()])
    try:
        claims = json.loads(jwe.decrypt_compact(value, keys, algorithms=_ALGORITHMS).plaintext or b"")
        valid = claims["aud"] == recognition.host and recognition.wall().timestamp() < claims["exp"]
        return Msisdn(claims[EnrichedValue.MSISDN.value]) if valid else None
    except (JoseError, ValueError, KeyError, InvalidInput):
        return None


_Read = Callable[[str, OriginRequest, Recognition], Msisdn | None]
_READERS: Mapping[Encoding, _Read] = {
    Encoding.PLAIN: _plain,
    Encoding.PSEUDONYM: _pseudonym,
    Encoding.TOKEN: _token,
}
