"""Messages: languages, the exact amount, the link, emergency calls; a notice is delivered once."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from nfemu.bss.notices import TRANSITIONS, Letterhead, NoticeInput, compose, delivered
from nfemu.bss.texts import TEXTS, Template
from nfemu.model.errors import Conflict, InvalidInput
from nfemu.model.identity import AccountId, CorrelationId, Imsi, Msisdn, NoticeId
from nfemu.model.money import Money
from nfemu.model.notices import Notice, NoticeKind, NoticeState
from nfemu.model.subscriber import Subscriber

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PORTAL = "http://portal.carrier.example/green"
LINK = f"{PORTAL}?n=1"
LETTERHEAD = Letterhead({"zh": "示例移动", "en": "Example Mobile"}, PORTAL)
OWNER = Subscriber(Imsi("460000000000001"), Msisdn("8613800138000"), AccountId("zhang"))


def message(template: Template, language: str = "zh", sender: str | None = None) -> Notice:
    owner = replace(OWNER, language=language)
    return compose(NoticeId("ntc-1"), template, LETTERHEAD, owner, Money(2900), CorrelationId("cor-1"), NOW, sender)


def test_every_text_exists_in_both_languages() -> None:
    assert set(TEXTS) == set(product(Template, ("zh", "en")))


@pytest.mark.parametrize(("template", "language"), list(TEXTS))
def test_a_text_about_service_says_that_emergency_calls_are_unaffected(template: Template, language: str) -> None:
    """G17."""
    says_so = ("紧急呼叫" if language == "zh" else "Emergency calls") in message(template, language).text
    assert says_so is (template not in (Template.PAYMENT_CONFIRMED, Template.PAYMENT_REFUNDED, Template.DEDUCTED))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "template",
    [Template.STOPPED_GREEN, Template.STOPPED_BARRED, Template.STOPPED_UNIT, Template.STOPPED_UNIT_BARRED],
)
def test_a_stop_notice_names_the_amount_and_the_link(template: Template, language: str) -> None:
    """G1, S8."""
    notice = message(template, language)
    assert notice.kind is NoticeKind.STOPPED
    assert notice.link == LINK
    assert LINK in notice.text
    assert "¥29.00" in notice.text
    assert "138****8000" in notice.text
    assert "13800138000" not in notice.text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("template", [Template.STOPPED_BY_HAND, Template.STOPPED_UNIT_SETTLED])
def test_who_owes_nothing_is_not_told_to_pay(template: Template, language: str) -> None:
    notice = message(template, language)
    assert "¥" not in notice.text
    assert notice.link == LINK


def test_the_carrier_signs_in_the_owners_language_and_the_provider_with_its_name() -> None:
    assert message(Template.RESTORED).sender == "示例移动"
    assert message(Template.RESTORED, "en").sender == "Example Mobile"
    paid = message(Template.PAYMENT_CONFIRMED, sender="sandbox")
    assert (paid.sender, paid.kind, paid.link) == ("sandbox", NoticeKind.PAYMENT_CONFIRMED, None)


def test_a_language_without_texts_gets_english() -> None:
    notice = message(Template.RESTORED, "fr")
    assert notice.sender == "Example Mobile"
    assert notice.text.startswith("Example Mobile: service of your number")


def test_the_carrier_needs_an_english_name() -> None:
    with pytest.raises(InvalidInput, match="no name in `en`"):
        Letterhead({"zh": "示例移动"}, LINK)


@pytest.mark.parametrize(("state", "event"), list(product(NoticeState, NoticeInput)))
def test_a_notice_is_delivered_once(state: NoticeState, event: NoticeInput) -> None:
    notice = replace(message(Template.RESTORED), state=state)
    if (state, event) in TRANSITIONS:
        sent = delivered(notice, NOW)
        assert (sent.state, sent.sent_at) == (NoticeState.SENT, NOW)
    else:
        with pytest.raises(Conflict, match=f"`ntc-1` is {state.value} already"):
            delivered(notice, NOW)
