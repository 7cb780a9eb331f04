"""A few people and papers for the store's tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Network

from nfemu.carrier.ports import Change, PutAccount, PutSubscriber
from nfemu.model.account import Account, AccountKind, EntryKind, LedgerEntry
from nfemu.model.agreements import Agreement, Deduction
from nfemu.model.credits import CreditGrant
from nfemu.model.identity import (
    AccountId,
    AgreementNo,
    Apn,
    CorrelationId,
    DeductionNo,
    GrantId,
    Imsi,
    Msisdn,
    NoticeId,
    OrderId,
    PaymentNo,
    PolicyName,
    ProfileName,
    SessionId,
)
from nfemu.model.money import Money
from nfemu.model.notices import Notice, NoticeKind, NoticeState
from nfemu.model.orders import OrderKind, Payment, WorkOrder
from nfemu.model.session import PdnSession, SessionState
from nfemu.model.subscriber import CardRole, OrderedProfile, Subscriber
from nfemu.model.timeline import TimelineEvent

START = datetime(2026, 11, 1, 8, 0, 0, 123456, tzinfo=UTC)
ZHANG = AccountId("zhang")
WANG = AccountId("wang")
ACCOUNTS = (
    Account(ZHANG, AccountKind.PERSONAL, "CNY", Money(0), 5),
    Account(WANG, AccountKind.UNIT, "EUR", Money(2000, "EUR"), 9),
)
PHONE = Subscriber(Imsi("460001380013800"), Msisdn("8613800138000"), ZHANG)
MAIN = Subscriber(Imsi("460001380013802"), Msisdn("8613800138002"), WANG, language="en")
SECOND = Subscriber(
    Imsi("001010000000003"),
    Msisdn("8613800138003"),
    WANG,
    CardRole.SECONDARY,
    static_ipv4=IPv4Address("10.45.3.3"),
    static_ipv6=IPv6Network("2001:db8:4500:3::/64"),
)
CARDS = (PHONE, MAIN, SECOND)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def people() -> list[Change]:
    """A personal account with one card, a unit account in euros with two."""
    return [*(PutAccount(account) for account in ACCOUNTS), *(PutSubscriber(card) for card in CARDS)]


def entry(minor: int, trade_no: str | None = None, card: Subscriber = PHONE, *, by_card: bool = True) -> LedgerEntry:
    """An entry of so many minor units, in the currency of the card's account."""
    return LedgerEntry(
        account=card.account,
        kind=EntryKind.PAYMENT if minor > 0 else EntryKind.CHARGE,
        amount=Money(minor, "CNY" if card.account == ZHANG else "EUR"),
        at=START,
        trade_no=trade_no,
        imsi=card.imsi if by_card else None,
        note="monthly fee",
    )


def session(name: str, card: Subscriber = PHONE, version: int = 1, last: int = 1) -> PdnSession:
    """An active session on address 10.45.0.`last`."""
    return PdnSession(
        id=SessionId(name),
        imsi=card.imsi,
        msisdn=card.msisdn,
        apn=Apn("internet"),
        profile=ProfileName("internet"),
        policy=PolicyName("open"),
        ue_ipv4=IPv4Address(f"10.45.0.{last}"),
        ue_ipv6=IPv6Network(f"2001:db8:4500:{last}::/64"),
        generation=version,
        policy_version=version,
        acknowledged_version=version - 1,
        attached_at=START,
    )


def released(it: PdnSession, seconds: float) -> PdnSession:
    return replace(it, state=SessionState.RELEASED, released_at=after(seconds))


def order(name: str, card: Subscriber = PHONE, seconds: float = 0) -> WorkOrder:
    return WorkOrder(
        id=OrderId(name),
        imsi=card.imsi,
        kind=OrderKind.STOP,
        target=OrderedProfile.ARREARS,
        cause="balance -¥29.00",
        correlation=CorrelationId("cor-1"),
        created_at=after(seconds),
    )


def notice(name: str, card: Subscriber = PHONE, seconds: float = 0, *, sent: float | None = None) -> Notice:
    return Notice(
        id=NoticeId(name),
        imsi=card.imsi,
        kind=NoticeKind.STOPPED,
        sender="10086",
        text="【示例移动】您已欠费29.00元，点击链接缴费",
        correlation=CorrelationId("cor-1"),
        created_at=after(seconds),
        link="http://portal.carrier.example/green",
        state=NoticeState.PENDING if sent is None else NoticeState.SENT,
        sent_at=None if sent is None else after(sent),
    )


def payment(name: str, card: Subscriber = PHONE, seconds: float = 0) -> Payment:
    return Payment(
        no=PaymentNo(name),
        account=card.account,
        imsi=card.imsi,
        amount=Money(5900),
        provider="plain",
        created_at=after(seconds),
        expires_at=after(seconds + 300),
    )


def agreement(name: str, card: Subscriber = PHONE) -> Agreement:
    currency = "CNY" if card.account == ZHANG else "EUR"
    return Agreement(AgreementNo(name), card.account, card.imsi, "plain", f"c-{name}", Money(20000, currency), START)


def deduction(name: str, of: str, card: Subscriber = PHONE) -> Deduction:
    currency = "CNY" if card.account == ZHANG else "EUR"
    return Deduction(
        no=DeductionNo(name),
        agreement=AgreementNo(of),
        account=card.account,
        imsi=card.imsi,
        provider="plain",
        amount=Money(2900, currency),
        before=Money(-100, currency),
        correlation=CorrelationId("cor-1"),
        requested_at=START,
    )


def event(name: str, card: Subscriber = PHONE, seconds: float = 0) -> TimelineEvent:
    detail = {"理由": "欠费", "rule": "S27"}
    return TimelineEvent(card.imsi, CorrelationId("cor-1"), name, after(seconds), 1.25, detail, after(seconds + 3600))


def grant(name: str, minor: int, seconds: float, card: Subscriber = PHONE) -> CreditGrant:
    """An open one of a card's account, until so many seconds after the start."""
    amount = Money(minor, "CNY" if card.account == ZHANG else "EUR")
    return CreditGrant(GrantId(name), card.account, card.imsi, amount, "patience", START, after(seconds))
