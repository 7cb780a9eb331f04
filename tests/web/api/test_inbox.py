"""The inbox pages: a one-time link, a cookie, messages that are shown and never run."""

from nfemu.carrier.ports import PutSubscriber
from nfemu.model.identity import AccountId, Msisdn
from nfemu.model.money import Money
from nfemu.model.subscriber import Subscriber
from tests.fakes.world import ZHANG, imsi_of
from tests.web.api.browser import Answer, ask
from tests.web.api.conftest import Api

HERE = ("Host", "127.0.0.1:8600")


async def page(api: Api, path: str, cookie: str = "", language: str = "en") -> Answer:
    headers = [HERE, ("Accept-Language", language)]
    return await ask(api.app, "GET", path, [*headers, ("Cookie", cookie)] if cookie else headers)


async def login(api: Api, number: str | None = None) -> Answer:
    link = (await api("POST", "/login-links", {"number": number})).json()["path"]
    return await page(api, link)


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


async def test_a_link_opens_the_pages_once(api: Api) -> None:
    link = (await api("POST", "/login-links", {"number": "+8613800138000"})).json()["path"]
    welcome = await page(api, link)
    assert welcome.status == 200
    assert 'content="0; url=/inbox/13800138000"' in welcome.text
    attributes = welcome.headers["set-cookie"].lower()
    assert "httponly" in attributes
    assert "samesite=strict" in attributes
    assert (await page(api, link)).status == 403
    assert (await page(api, "/inbox", cookie_of(welcome))).status == 200


async def test_links_and_cookies_expire(api: Api) -> None:
    link = (await api("POST", "/login-links", {})).json()["path"]
    api.seconds[0] += 301
    assert (await page(api, link)).status == 403
    cookie = cookie_of(await login(api))
    api.seconds[0] += 12 * 3600 - 1
    assert (await page(api, "/inbox", cookie)).status == 200
    api.seconds[0] += 2
    assert (await page(api, "/inbox", cookie)).status == 403
    assert (await login(api)).status == 200


async def test_old_links_make_room(api: Api) -> None:
    first = (await api("POST", "/login-links", {})).json()["path"]
    for _ in range(1000):
        await api("POST", "/login-links", {})
    assert (await page(api, first)).status == 403


async def test_without_a_cookie_nothing_is_shown(api: Api) -> None:
    for path in ("/inbox", "/inbox/13800138000", "/login", "/login?token=guess"):
        answer = await page(api, path, "nfemu_pages=guess")
        assert answer.status == 403
        assert "13800138000" not in answer.text
        assert "nfemu inbox --open" in answer.text


async def test_the_token_is_no_cookie_and_the_cookie_no_token(api: Api) -> None:
    cookie = cookie_of(await login(api))
    answer = await ask(api.app, "GET", "/api/v1/clock", [HERE, ("Cookie", cookie)])
    assert answer.status == 401


async def test_messages_are_shown_in_the_carrier_s_time(api: Api) -> None:
    await api.world.service.charge(ZHANG, Money(5900), "<script>alert(1)</script>")
    cookie = cookie_of(await login(api))
    answer = await page(api, "/inbox/13800138000", cookie)
    assert "http://portal.carrier.example/" in answer.text
    assert "2026-11-01 16:00:00" in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    empty = await page(api, "/inbox/13800138001", cookie)
    assert "No messages yet." in empty.text


async def test_a_message_shows_its_channel_its_link_and_when_that_was_opened(api: Api) -> None:
    await api.world.service.charge(ZHANG, Money(5900))
    (notice,) = await api.world.service.inbox(ZHANG)
    cookie = cookie_of(await login(api))
    unread = await page(api, "/inbox/13800138000", cookie)
    assert f'<a href="{notice.link}" rel="noreferrer">{notice.link}</a>' in unread.text
    assert '<span class="channel">SMS</span>' in unread.text
    assert "link opened" not in unread.text
    answer = await api("POST", f"/subscribers/13800138000/inbox/{notice.id}/click")
    assert (answer.json()["id"], answer.json()["clicked_at"]) == (notice.id, "2026-11-01T16:00:00+08:00")
    assert "link opened 2026-11-01 16:00:00" in (await page(api, "/inbox/13800138000", cookie)).text
    assert (await api("POST", f"/subscribers/13800138001/inbox/{notice.id}/click")).status == 404


async def test_texts_are_escaped(api: Api) -> None:
    await api.world.service.charge(ZHANG, Money(5900))
    notice = (await api.world.service.inbox(ZHANG))[0]
    object.__setattr__(notice, "text", "<img src=x onerror=alert(1)> & more")
    answer = await page(api, "/inbox/13800138000", cookie_of(await login(api)))
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; more" in answer.text


async def test_list_in_both_languages_and_pages(api: Api) -> None:
    cookie = cookie_of(await login(api))
    english = await page(api, "/inbox", cookie)
    assert "Subscribers" in english.text
    assert "/inbox/13800138000?lang=en" in english.text
    chinese = await page(api, "/inbox?lang=zh", cookie)
    assert "用户" in chinese.text
    assert "示例移动" in chinese.text
    assert "13800138000" not in (await page(api, "/inbox?after=13800138010", cookie)).text
    assert "No subscribers." in (await page(api, "/inbox?after=13999999999", cookie)).text


async def test_a_long_list_has_a_next_page(api: Api) -> None:
    cards = [Msisdn(str(8613700000000 + index)) for index in range(120)]
    await api.world.store.commit([PutSubscriber(Subscriber(imsi_of(card), card, AccountId("li"))) for card in cards])
    cookie = cookie_of(await login(api))
    assert "/inbox?after=13700000099&amp;lang=en" in (await page(api, "/inbox", cookie)).text


async def test_what_cannot_be_shown_says_why(api: Api) -> None:
    cookie = cookie_of(await login(api))
    assert (await page(api, "/inbox/13999999999", cookie)).status == 404
    assert (await page(api, "/inbox/zhang", cookie)).status == 422
    assert (await page(api, "/inbox?after=zhang", cookie)).status == 422
    assert (await api("POST", "/login-links", {"number": "13999999999"})).status == 404


async def test_the_style_sheet_is_free(api: Api) -> None:
    answer = await page(api, "/static/style.css")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
