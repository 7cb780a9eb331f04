"""What a line of the log shows, and what it never does."""

import logging

import pytest

from nfemu.runtime.logs import MaskingFormatter, masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("account `8613900000000` is not finished", "account `861****0000` is not finished"),
        ("+8613800138000, 008613800138000", "861****8000, 008****8000"),
        ("GET /api/v1/subscribers/13800138000/charges", "GET /api/v1/subscribers/138****8000/charges"),
        ("url=%2B8613800138000&x", "url=861****8000&x"),
        ("IMSI 460001380013800.", "IMSI 460****3800."),
        ("http://13800138000:x@127.0.0.1:8610 refused", "http://…@127.0.0.1:8610 refused"),
        ("postgresql+psycopg://nfemu:geheim@db/nfemu", "postgresql+psycopg://…@db/nfemu"),
        ("/enter?ticket=Zm9v-bar_1&lang=en", "/enter?ticket=…&lang=en"),
        ("Authorization: Bearer abcdefgh", "Authorization: Bearer …"),
        ("Proxy-Authorization: Basic MTM4MDAxMzgwMDA6eA==", "Proxy-Authorization: Basic …"),
        ('{"token": "abcdefgh", "pin": "123456"}', '{"token": "…", "pin": "…"}'),
        ("Cookie: __Host-session=eyJ.abc; a=b", "Cookie: __Host-session=…; a=b"),
    ],
)
def test_numbers_and_secrets_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "worker 12345678 ended with status -9: replaced",
        "order `ord-6fd1e0a2b3c4d5e6f7a8b9c0` waits",
        "2026-11-27 16:10:00,123 carrier WARNING nfemu.runtime.retries: x",
        "PROXY header: wrong token; only the gateway of this emulator may connect",
        "10.45.0.2 and 2001:db8:4500:1::/64 after 0.123456789 s",
    ],
)
def test_everything_else_stays_readable(text: str) -> None:
    assert masked(text) == text


def test_what_an_exception_says_is_masked_too() -> None:
    failure = ValueError("8613800138000 is attached already")
    record = logging.LogRecord(
        "n", logging.ERROR, "", 1, "failed for %s", ("13800138000",), (ValueError, failure, None)
    )
    written = MaskingFormatter("%(message)s").format(record)
    assert written == "failed for 138****8000\nValueError: 861****8000 is attached already"
