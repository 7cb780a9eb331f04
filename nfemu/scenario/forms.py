"""The form of single values in a scenario: what could never be done is refused where it is written."""

import re
from collections.abc import Callable

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from nfemu.files.findings import nearest
from nfemu.files.sections import CUSTOM
from nfemu.model import events
from nfemu.model.errors import InvalidInput
from nfemu.model.notices import NoticeKind
from nfemu.model.urls import can_be_asked_for

_MOST_PORT = 65_535
_STATE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_FIELD_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""What a line of a request's head can carry (RFC 9110 section 5.5)."""
_KINDS = tuple(kind.value for kind in NoticeKind)
_EVENTS = tuple(value for name, value in vars(events).items() if name.isupper())


def checked(check: Callable[[str], object]) -> AfterValidator:
    """For a text that `check` does not raise InvalidInput for."""

    def validate(text: str) -> str:
        try:
            check(text)
        except InvalidInput as error:
            raise PydanticCustomError(CUSTOM, "{text}", {"text": str(error)}) from None
        return text

    return AfterValidator(validate)


def place_of(text: str) -> tuple[str, int]:
    """`192.0.2.1:22`, `[2001:db8::1]:22`, `news.example:80`. Raises InvalidInput."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise InvalidInput(f"`{text}` names no port; write it like 192.0.2.1:22")
    if not 0 < int(port) <= _MOST_PORT:
        raise InvalidInput(f"`{text}` has a port that does not exist; write one from 1 to {_MOST_PORT}")
    return host.strip("[]"), int(port)


def check_url(text: str) -> None:
    """Raises InvalidInput for what cannot be asked for."""
    if not can_be_asked_for(text):
        raise InvalidInput(f"`{text}` is no URL that can be asked for; write it like https://news.example/")


def check_state(text: str) -> None:
    """Raises InvalidInput."""
    if not _STATE.fullmatch(text):
        raise InvalidInput(f"`{text}` is not the name of a state; write it like after-payment")


def check_field_name(text: str) -> None:
    """Raises InvalidInput."""
    if not _FIELD_NAME.fullmatch(text):
        raise InvalidInput(f"`{text}` is not the name of a header; write it like X-Request-Id")


def check_field_value(text: str) -> None:
    """Raises InvalidInput."""
    if not _FIELD_VALUE.fullmatch(text):
        raise InvalidInput(f"`{text}` cannot be sent as a header; write one line of Latin letters")


def check_record_kind(text: str) -> None:
    """Raises InvalidInput for what no DNS question can be about."""
    from nfemu.client.line.asking import number_of_kind

    number_of_kind(text)


def check_message(text: str) -> None:
    """Raises InvalidInput."""
    if text not in _KINDS:
        raise InvalidInput(f"`{text}` is no kind of message; {nearest(text, _KINDS)}")


def check_event(text: str) -> None:
    """Raises InvalidInput."""
    if text not in _EVENTS:
        raise InvalidInput(f"`{text}` is no event; {nearest(text, _EVENTS)}")
