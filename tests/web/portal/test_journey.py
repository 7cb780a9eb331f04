"""The green channel from the first page to the restored line (G2, G3, G10, G11, G13, G14, S27)."""

import asyncio

from nfemu.model.money import Money
from nfemu.model.subscriber import OrderedProfile
from tests.fakes.world import ACME_ONE, ACME_TWO, LI, WANG, WANG_SECOND, ZHANG
from tests.web.stack import PORTAL, Stack, query

GREEN = f"http://{PORTAL}/green?url=http%3A%2F%2Fnews.example%2Fa%3Fb%3Dc%26d"


async def test_pay_and_be_restored_without_typing_anything(stack: Stack) -> None:
    await stack.overdue(ZHANG)
    browser = stack.browser(ZHANG)
    landing = await browser.open(GREEN)
    assert landing.status == 200
    assert "您好，138****8000" in landing.text
    assert "¥29.00" in landing.text
    assert "紧急呼叫" in landing.text
    assert "8613800138000" not in landing.text

    order = await browser.submit()
    assert browser.url == f"https://{PORTAL}/order"
    assert 'value="29.00"' in order.text

    pay = await browser.submit(amount="29.00")
    assert browser.url.startswith("https://pay.provider.example/pay/")
    assert "¥29.00" in pay.text

    await browser.click("付款 ¥29.00")
    result = await browser.submit(pin="123456")
    assert browser.url.startswith(f"https://{PORTAL}/result?lang=zh&payment=pay-")
    assert "服务已恢复" in result.text
    assert 'href="http://news.example/a?b=c&amp;d"' in result.text
    assert (await stack.service.status(ZHANG)).ordered is OrderedProfile.OPEN

    account = await browser.open(f"http://{PORTAL}/")
    assert "¥0.00" in account.text
    assert "上网服务正常" in account.text
    kinds = [notice.kind.value for notice in await stack.service.inbox(ZHANG)]
    assert kinds.count("payment confirmed") == 1
    assert kinds.count("restored") == 1


async def test_opening_a_message_s_link_on_its_own_line_marks_it(stack: Stack) -> None:
    await stack.overdue(ZHANG)
    (notice,) = await stack.service.inbox(ZHANG)
    assert notice.link is not None
    for foreign in (stack.browser(LI).open(notice.link), stack.browser(ZHANG).open(f"http://{PORTAL}/green?n=guess")):
        assert (await foreign).status == 200
    assert (await stack.service.inbox(ZHANG))[0].clicked_at is None
    landing = await stack.browser(ZHANG).open(notice.link)
    assert "¥29.00" in landing.text
    assert (await stack.service.inbox(ZHANG))[0].clicked_at == stack.service.now()


async def test_the_page_says_restored_only_after_the_flip_is_acknowledged(stack: Stack) -> None:
    await stack.overdue(ZHANG)
    browser = stack.browser(ZHANG)
    await browser.open(GREEN)
    await browser.submit()
    await browser.submit(amount="29.00")
    pay_page, pin_page = browser.url, browser.url.partition("?")[0] + "/verify"
    stack.world.enforcer.gate = asyncio.Event()
    paying = asyncio.create_task(browser.post(pin_page, {"pin": "123456"}))
    other = stack.browser(ZHANG)
    other.cookie = browser.cookie
    while not (await stack.service.ledger(ZHANG))[0].trade_no:
        await other.request_once("GET", f"http://{PORTAL}/")
    payment = (await stack.service.ledger(ZHANG))[0].note
    waiting = await other.request_once("GET", f"https://{PORTAL}/result?payment={payment}")
    assert "正在恢复" in waiting.text
    assert "服务已恢复" not in waiting.text
    assert waiting.header("refresh") == "2"
    api = await other.request_once("GET", f"https://{PORTAL}/captive-api")
    assert api.json()["captive"] is True
    stack.world.enforcer.gate.set()
    assert "服务已恢复" in (await paying).text
    assert (await other.request_once("GET", f"https://{PORTAL}/captive-api")).json() == {"captive": False}
    again = await browser.open(pay_page)
    assert "付款成功" in again.text


async def test_a_part_payment_says_what_is_missing(stack: Stack) -> None:
    await stack.overdue(LI, 20000)
    browser = stack.browser(LI)
    await browser.open(GREEN)
    order = await browser.submit()
    assert "With less than ¥100.00, service is not restored." in order.text
    await browser.submit(amount="￥４０")
    await browser.open(browser.url + "/verify?lang=en")
    result = await browser.submit(pin="123456")
    assert "¥60.00 still missing" in result.text
    assert "We received ¥40.00" in result.text
    rest = await browser.click("Pay ¥60.00")
    assert 'value="60.00"' in rest.text
    assert (await stack.service.status(LI)).ordered is OrderedProfile.ARREARS


async def test_a_member_of_a_unit_sees_the_own_share_only(stack: Stack) -> None:
    await stack.overdue(ACME_ONE, 60000)
    await stack.overdue(ACME_TWO, 1000)
    browser = stack.browser(ACME_TWO)
    landing = await browser.open(f"http://{PORTAL}/")
    assert "¥10.00" in landing.text
    assert "110.00" not in landing.text
    await browser.submit()
    await browser.submit(amount="10.00")
    await browser.open(browser.url + "/verify")
    result = await browser.submit(pin="123456")
    assert "单位账户结清后服务恢复" in result.text
    assert "100.00" not in result.text
    landing = await browser.open(f"http://{PORTAL}/")
    assert "您个人没有欠费" in landing.text


async def test_a_secondary_card_pays_for_both(stack: Stack) -> None:
    await stack.overdue(WANG)
    browser = stack.browser(WANG_SECOND)
    assert "¥39.00" in (await browser.open(GREEN)).text
    await browser.submit()
    await browser.submit(amount="39")
    await browser.open(browser.url + "/verify")
    assert "服务已恢复" in (await browser.submit(pin="123456")).text
    assert (await stack.service.status(WANG)).ordered is OrderedProfile.OPEN


async def test_a_line_restricted_by_hand_is_told_that_paying_does_not_help(stack: Stack) -> None:
    await stack.service.restrict(ZHANG)
    browser = stack.browser(ZHANG)
    assert "缴费不能解除" in (await browser.open(GREEN)).text
    await browser.submit()
    await browser.submit(amount="10")
    await browser.open(browser.url + "/verify")
    assert "缴费不能解除" in (await browser.submit(pin="123456")).text


async def test_cancel_and_come_back(stack: Stack) -> None:
    await stack.overdue(ZHANG)
    browser = stack.browser(ZHANG)
    await browser.open(GREEN)
    await browser.submit()
    await browser.submit(amount="29")
    cancelled = await browser.submit()
    assert "已取消付款" in cancelled.text
    waiting = await browser.click("返回商户")
    assert "等待付款结果" in waiting.text
    assert 'href="/order?lang=zh"' in waiting.text
    await stack.service.set_clock(stack.service.now().replace(hour=9))
    closed = await browser.open(browser.url)
    assert "订单已关闭" in closed.text
    assert "确认订单" in (await browser.click("重新缴费")).text


async def test_the_language_follows_choice_subscriber_and_browser(stack: Stack) -> None:
    zhang, li = stack.browser(ZHANG, "en-GB,en"), stack.browser(LI, "zh-CN")
    assert '<html lang="zh">' in (await zhang.open(GREEN)).text
    assert '<html lang="en">' in (await li.open(GREEN)).text
    english = await zhang.click("English")
    assert '<html lang="en">' in english.text
    assert query(zhang.url)["url"] == "http://news.example/a?b=c&d"
    assert '<html lang="en">' in (await zhang.submit()).text
    stranger = stack.browser(ZHANG, "fr, en;q=0.5, zh;q=0.4, de;q=x")
    stranger.enriched = False
    assert '<html lang="en">' in (await stranger.open(GREEN)).text


async def test_an_agreement_is_shown_to_the_payer_of_a_personal_account_only(stack: Stack) -> None:
    """G19; a member of a unit sees nothing of the unit's."""
    for number, shown in ((ZHANG, True), (ACME_ONE, False)):
        await stack.service.sign_agreement(number, Money(10_000))
        landing = await stack.browser(number).open(f"http://{PORTAL}/")
        assert ("每次不超过 ¥100.00" in landing.text) is shown
