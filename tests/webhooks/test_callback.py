"""Whom the carrier calls, and whom it does not."""

import pytest

from nfemu.model.errors import InvalidInput
from nfemu.webhooks.callback import Callback, check_allowed, check_resolved

HOSTS = ("crm.example", "192.0.2.7")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:9000/events", Callback("http", "127.0.0.1", 9000, "/events")),
        ("http://localhost", Callback("http", "localhost", 80, "/")),
        ("https://CRM.example./a?b=c", Callback("https", "crm.example", 443, "/a?b=c")),
        ("http://[::1]:9000/", Callback("http", "::1", 9000, "/")),
        ("http://192.0.2.7/", Callback("http", "192.0.2.7", 80, "/")),
    ],
)
def test_what_may_be_called(url: str, expected: Callback) -> None:
    found = Callback.parse(url)
    assert found == expected
    check_allowed(found, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "http://",
        "http:///events",
        "127.0.0.1:9000",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:70000/",
        "http://me:secret@127.0.0.1/",
        "http://127.0.0.1/#part",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nHost: other",
        "http://crm.example/ü",
        "http://[::1/",
        f"http://127.0.0.1/{'a' * 2048}",
    ],
)
def test_what_is_no_callback(url: str) -> None:
    with pytest.raises(InvalidInput, match="write it like"):
        Callback.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://other.example/",
        "http://crm.example.evil.example/",
        "http://192.0.2.8/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::]/",
        "http://localhost.evil.example/",
    ],
)
def test_who_may_not_be_called(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"add it to `webhooks\.hosts`"):
        check_allowed(Callback.parse(url), HOSTS)


def test_a_name_of_this_machine_must_lead_there() -> None:
    check_resolved(Callback.parse("http://localhost/"), "127.0.0.1", ())
    check_resolved(Callback.parse("http://crm.example/"), "192.0.2.1", HOSTS)
    with pytest.raises(InvalidInput, match="is not this machine"):
        check_resolved(Callback.parse("http://localhost/"), "192.0.2.1", ())


def test_what_stands_in_host() -> None:
    urls = ("http://127.0.0.1:9000/", "https://crm.example/", "http://[::1]:9/", "https://crm.example:80/")
    found = [Callback.parse(url).authority for url in urls]
    assert found == ["127.0.0.1:9000", "crm.example", "[::1]:9", "crm.example:80"]
