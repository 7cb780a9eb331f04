"""A browser on a restricted line, driven by Playwright: `pip install nfemu pytest playwright`, then `pytest` here.

Chromium is the system's, or Playwright's own (`playwright install chromium`).
"""

import pytest

from nfemu.pytest_plugin.line import SubscriberLine

pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")


def test_any_page_leads_to_the_portal_and_paying_back_to_it(restricted_subscriber: SubscriberLine) -> None:
    page = restricted_subscriber.browser.page
    page.goto("http://news.example/")
    assert page.url.startswith("http://portal.carrier.example/")
    page.locator("form button").first.click()  # to the order
    page.locator("form[method=post] button").first.click()  # to the provider
    page.get_by_role("link", name="¥").first.click()
    page.locator("[name=pin]").fill("123456")
    page.locator("form[method=post] button").first.click()
    restricted_subscriber.wait_for_notice("restored")
    page.goto("https://news.example/")
    assert "Example News" in page.content()


def test_https_is_refused_and_no_certificate_is_forged(restricted_subscriber: SubscriberLine) -> None:
    with pytest.raises(Exception, match=r"ERR_(CONNECTION_RESET|CONNECTION_REFUSED|TUNNEL_CONNECTION_FAILED)"):
        restricted_subscriber.browser.open("https://news.example/")
