"""The log: for whoever runs the carrier, and without anything that tells who a subscriber is or lets somebody in.

Errors name numbers, since they are written for the person who gave them; the log outlives that conversation and is
passed around. So every line is masked as it is written, whoever wrote it: our own code, a library, a traceback.
"""

import logging
import re

_NUMBER = re.compile(r"(?<![0-9.])(?:\+|%2B)?([0-9]{3})[0-9]{2,8}([0-9]{4})(?![0-9A-Za-z])")
"""MSISDN or IMSI: 9 to 15 digits (E.164, TS 23.003 clause 2.2). Shown as `Msisdn.masked` does."""
_SECRET = re.compile(
    r"(\b(?:bearer|basic)\s+|\b(?:ticket|token|csrf|pin|password|secret|authorization|__Host-session)[\"']?\s*[=:]\s*[\"'`]?)"
    r"(?!\s|bearer|basic)[^\s&\"'`,;]{4,}",
    re.IGNORECASE,
)
_USER = re.compile(r"//[^/\s@]+@")


def masked(text: str) -> str:
    """`text` without the middle of numbers, and without tokens, tickets, passwords and cookies."""
    text = _USER.sub("//…@", text)
    text = _SECRET.sub(r"\1…", text)
    return _NUMBER.sub(r"\1****\2", text)


class MaskingFormatter(logging.Formatter):
    """As its base, exceptions included, with everything masked."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def log_to_stderr(process: str) -> None:
    """Warnings and errors of this process, a line each, under the name `process`."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskingFormatter(f"%(asctime)s {process} %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
