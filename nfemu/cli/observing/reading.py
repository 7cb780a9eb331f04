"""What answers are signs of: those of the gateway are known by themselves, not by their status."""

import re

from nfemu.client.line import Answer, Heard
from nfemu.gateway.engine.responses import CONTENT_POLICY
from nfemu.model.signs import ANSWERED, FAILED, FORBIDDEN, INSERTED, NOT_INSERTED

_FIELDS = frozenset({"host", "user-agent", "accept", "connection"})
_SHOWN = b"headers, as received:\n"
"""Of the emulated Internet's pages: a header per line follows."""
_ORIGINAL = re.compile(r"[?&]url=[^&]*\Z")


def sign_of(answer: Answer) -> tuple[str, str | None]:
    """Its sign, and whether a header was inserted where the answer shows it."""
    if not answer.status:
        return answer.failure, None
    if answer.header("content-security-policy") == CONTENT_POLICY:
        return _of_gateway(answer.status, answer.header("location") or ""), None
    return ANSWERED, _inserted(answer.body)


def sign_of_stream(heard: Heard) -> str:
    """What a tunnel that was not opened is a sign of."""
    fields = {name.lower(): value for name, value in heard.headers}
    if fields.get("content-security-policy") == CONTENT_POLICY:
        return _of_gateway(heard.status, fields.get("location", ""))
    return ANSWERED if heard.status else heard.failure


def _of_gateway(status: int, location: str) -> str:
    if status == 302:
        return f"redirect to {_ORIGINAL.sub('', location)}"
    if status == 403:
        return FORBIDDEN
    return FAILED if status in (502, 503, 504) else f"{status} from the gateway"


def _inserted(body: bytes) -> str | None:
    _, shown, fields = body.partition(_SHOWN)
    if not shown:
        return None
    names = {line.partition(b":")[0].strip().decode("latin-1").lower() for line in fields.splitlines()} - {""}
    return INSERTED if names - _FIELDS else NOT_INSERTED
