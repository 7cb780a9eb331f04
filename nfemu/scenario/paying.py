"""Paying as a phone's owner does: the link, the portal, the provider's pages, the page that says what became of it."""

import time
from threading import Event

from nfemu.client import Client
from nfemu.client.line import Answer, Phone
from nfemu.client.line.browsing import Browser
from nfemu.model.errors import Conflict

_PIN = "123456"
"""That the built-in provider asks for, and shows."""
_ANY_SITE = "http://any.example/"
_WITHOUT = "`pay: {by: api}` pays without it"
_PATIENCE_S = 10.0
_PAUSE_S = 0.1


def pay_by_phone(client: Client, phone: Phone, amount: str | None) -> Answer:
    """All that the portal proposes, or `amount`. Raises Conflict, NotFound where the pages do not lead there."""
    browser = Browser(phone)
    _enter(client, phone, browser)
    browser.submit()
    browser.submit(amount=amount if amount is not None else browser.form("amount").fields["amount"])
    browser.click("/verify")
    return _settled(browser, browser.submit(pin=_PIN))


def last_link(client: Client, number: str) -> str | None:
    """Of the latest message that has one."""
    return next((notice.link for notice in client.inbox(number) if notice.link), None)


def _enter(client: Client, phone: Phone, browser: Browser) -> None:
    """By the link of the latest message; without one, any site leads there (G2)."""
    link = last_link(client, phone.number)
    page = browser.open(link if link is not None else _ANY_SITE)
    if page.status != 200:
        raise Conflict(f"the portal at `{page.url}` answers with {page.status or page.failure}; {_WITHOUT}")
    if link is None and page.url == _ANY_SITE:
        raise Conflict(f"no message and no redirect leads the phone to the portal; {_WITHOUT}")


def _settled(browser: Browser, page: Answer) -> Answer:
    """Once the page no longer asks to be opened again."""
    deadline = time.monotonic() + _PATIENCE_S
    while page.header("refresh") is not None and time.monotonic() < deadline:
        Event().wait(_PAUSE_S)
        page = browser.open(page.url)
    return page
