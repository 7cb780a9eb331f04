"""Model values to rows and back. What was validated when it entered is validated again when it is read."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from ipaddress import IPv4Address, IPv6Network
from typing import Any

from sqlalchemy import Row

from nfemu.model.account import Account, AccountKind, EntryKind, LedgerEntry
from nfemu.model.agreements import Agreement, AgreementState, Deduction, DeductionState
from nfemu.model.consumption import Consumption, PostedUsage
from nfemu.model.credits import CreditGrant, GrantState
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.errors import InvalidInput
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
    PlanName,
    PolicyName,
    ProfileName,
    ServiceName,
    SessionId,
)
from nfemu.model.money import Money
from nfemu.model.notices import Channel, Notice, NoticeKind, NoticeState
from nfemu.model.orders import OrderKind, OrderState, Payment, PaymentState, RefundState, WorkOrder
from nfemu.model.plans import Measured
from nfemu.model.session import PdnSession, SessionState
from nfemu.model.subscriber import CardRole, Hold, OrderedProfile, Segment, Subscriber, Subscription
from nfemu.model.timeline import TimelineEvent
from nfemu.store import schema
from nfemu.store.times import from_micros, from_micros_or_none, span_to_micros, to_micros, to_micros_or_none

Values = dict[str, Any]
ACCOUNT = ("id", "kind", "currency", "credit_limit", "level")
_TERMS = ("kind", "credit_limit", "level")
NEW_TERMS = (
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _TERMS)} "
    "WHERE account.currency = excluded.currency AND "
    f"({' OR '.join(f'account.{name} <> excluded.{name}' for name in _TERMS)})"
)
"""Ends an INSERT of accounts: one that is there keeps its balance and gets the terms, if they are others."""
SUBSCRIBER = (
    "imsi",
    "msisdn",
    "account_id",
    "role",
    "language",
    "static_ipv4",
    "static_ipv6",
    "segment",
    "wechat",
    "plan",
    "services",
)
NEW_FEES = (
    "ON CONFLICT (imsi) DO UPDATE SET plan = excluded.plan, services = excluded.services "
    "WHERE coalesce(subscriber.plan, '') <> coalesce(excluded.plan, '') "
    "OR coalesce(subscriber.services, '') <> coalesce(excluded.services, '')"
)
"""Ends an INSERT of cards: one that is there stays as it is, but for what it costs from now on."""


def account_values(account: Account) -> Values:
    """Without the balance, which only the ledger moves. Raises InvalidInput for a limit in a foreign currency."""
    return dict(zip(ACCOUNT, account_tuple(account), strict=True))


def account_tuple(account: Account) -> tuple[str | int, ...]:
    """The same in the order of `ACCOUNT`, for the driver."""
    limit = account.credit_limit
    if limit.currency != account.currency:
        raise InvalidInput(
            f"account `{account.id}` is in {account.currency}, its credit limit in {limit.currency}; use one currency"
        )
    return account.id, account.kind.value, account.currency, limit.minor, account.level


def account_from(row: Row[Any]) -> Account:
    return Account(
        id=AccountId(row.id),
        kind=AccountKind(row.kind),
        currency=row.currency,
        credit_limit=Money(row.credit_limit, row.currency),
        level=row.scored_level if row.scored_level != schema.NO_LEVEL else row.level,
        granted=row.granted,
    )


def subscriber_values(subscriber: Subscriber) -> Values:
    """The card, without its HSS record."""
    return dict(zip(SUBSCRIBER, subscriber_tuple(subscriber), strict=True))


def subscriber_tuple(subscriber: Subscriber) -> tuple[str | int | None, ...]:
    """The same in the order of `SUBSCRIBER`, for the driver."""
    return (
        subscriber.imsi.digits,
        subscriber.msisdn.e164,
        subscriber.account,
        subscriber.role.value,
        subscriber.language,
        _text(subscriber.static_ipv4),
        _text(subscriber.static_ipv6),
        None if subscriber.segment is Segment.GENERAL else subscriber.segment.value,
        1 if subscriber.wechat else None,
        subscriber.plan,
        " ".join(subscriber.services) or None,
    )


def subscriber_from(row: Row[Any]) -> Subscriber:
    return Subscriber(
        imsi=Imsi(row.imsi),
        msisdn=Msisdn(row.msisdn),
        account=AccountId(row.account_id),
        role=CardRole(row.role),
        language=row.language,
        static_ipv4=_ipv4(row.static_ipv4),
        static_ipv6=_ipv6(row.static_ipv6),
        segment=Segment.GENERAL if row.segment is None else Segment(row.segment),
        wechat=bool(row.wechat),
        plan=None if row.plan is None else PlanName(row.plan),
        services=() if row.services is None else tuple(map(ServiceName, row.services.split(" "))),
    )


def subscription_values(subscription: Subscription) -> Values:
    return {
        "ordered": subscription.ordered.value,
        "version": subscription.version,
        "hold": subscription.hold.value,
        "profile": subscription.profile or schema.NO_PROFILE,
    }


def subscription_from(row: Row[Any]) -> Subscription:
    own = ProfileName(row.profile) if row.profile != schema.NO_PROFILE else None
    return Subscription(Imsi(row.imsi), OrderedProfile(row.ordered), row.version, Hold(row.hold), own)


def session_values(session: PdnSession) -> Values:
    return {
        "id": session.id,
        "imsi": session.imsi.digits,
        "msisdn": session.msisdn.e164,
        "apn": session.apn.name,
        "profile": session.profile,
        "policy": session.policy,
        "ue_ipv4": _text(session.ue_ipv4),
        "ue_ipv6": _text(session.ue_ipv6),
        "generation": session.generation,
        "policy_version": session.policy_version,
        "acknowledged_version": session.acknowledged_version,
        "attached_at": to_micros(session.attached_at),
        "state": session.state.value,
        "released_at": to_micros_or_none(session.released_at),
        "ebi": session.ebi,
    }


def session_from(row: Row[Any]) -> PdnSession:
    return PdnSession(
        id=SessionId(row.id),
        imsi=Imsi(row.imsi),
        msisdn=Msisdn(row.msisdn),
        apn=Apn(row.apn),
        profile=ProfileName(row.profile),
        policy=PolicyName(row.policy),
        ue_ipv4=_ipv4(row.ue_ipv4),
        ue_ipv6=_ipv6(row.ue_ipv6),
        generation=row.generation,
        policy_version=row.policy_version,
        acknowledged_version=row.acknowledged_version,
        attached_at=from_micros(row.attached_at),
        state=SessionState(row.state),
        released_at=from_micros_or_none(row.released_at),
        ebi=row.ebi,
    )


def entry_values(entry: LedgerEntry) -> Values:
    return {
        "account_id": entry.account,
        "kind": entry.kind.value,
        "amount": entry.amount.minor,
        "currency": entry.amount.currency,
        "at": to_micros(entry.at),
        "trade_no": entry.trade_no,
        "imsi": None if entry.imsi is None else entry.imsi.digits,
        "note": entry.note,
    }


def entry_from(row: Row[Any]) -> LedgerEntry:
    return LedgerEntry(
        account=AccountId(row.account_id),
        kind=EntryKind(row.kind),
        amount=Money(row.amount, row.currency),
        at=from_micros(row.at),
        trade_no=row.trade_no,
        imsi=None if row.imsi is None else Imsi(row.imsi),
        note=row.note,
    )


def order_values(order: WorkOrder) -> Values:
    return {
        "id": order.id,
        "imsi": order.imsi.digits,
        "kind": order.kind.value,
        "target": order.target.value,
        "cause": order.cause,
        "correlation": order.correlation,
        "created_at": to_micros(order.created_at),
        "state": order.state.value,
        "done_at": to_micros_or_none(order.done_at),
        "profile": order.profile,
        "billed_at": to_micros_or_none(order.billed_at),
        "executed_at": to_micros_or_none(order.executed_at),
        "attempts": order.attempts,
        "next_attempt_at": to_micros_or_none(order.next_attempt_at),
        "moved_at": to_micros(order.done_at or order.executed_at or order.billed_at or order.created_at),
        "ahead": span_to_micros(order.ahead) or None,
    }


def order_from(row: Row[Any]) -> WorkOrder:
    return WorkOrder(
        id=OrderId(row.id),
        imsi=Imsi(row.imsi),
        kind=OrderKind(row.kind),
        target=OrderedProfile(row.target),
        cause=row.cause,
        correlation=CorrelationId(row.correlation),
        created_at=from_micros(row.created_at),
        state=OrderState(row.state),
        done_at=from_micros_or_none(row.done_at),
        profile=None if row.profile is None else ProfileName(row.profile),
        billed_at=from_micros_or_none(row.billed_at),
        executed_at=from_micros_or_none(row.executed_at),
        attempts=row.attempts,
        next_attempt_at=from_micros_or_none(row.next_attempt_at),
        ahead=timedelta(microseconds=row.ahead or 0),
    )


def notice_values(notice: Notice) -> Values:
    return {
        "id": notice.id,
        "imsi": notice.imsi.digits,
        "kind": notice.kind.value,
        "sender": notice.sender,
        "text": notice.text,
        "correlation": notice.correlation,
        "created_at": to_micros(notice.created_at),
        "link": notice.link,
        "state": notice.state.value,
        "sent_at": to_micros_or_none(notice.sent_at),
        "channel": notice.channel.value,
        "amount": None if notice.amount is None else notice.amount.minor,
        "currency": None if notice.amount is None else notice.amount.currency,
        "clicked_at": to_micros_or_none(notice.clicked_at),
        "attempts": notice.attempts,
        "retry_at": to_micros_or_none(notice.retry_at),
    }


def notice_from(row: Row[Any]) -> Notice:
    return Notice(
        id=NoticeId(row.id),
        imsi=Imsi(row.imsi),
        kind=NoticeKind(row.kind),
        sender=row.sender,
        text=row.text,
        correlation=CorrelationId(row.correlation),
        created_at=from_micros(row.created_at),
        link=row.link,
        state=NoticeState(row.state),
        sent_at=from_micros_or_none(row.sent_at),
        channel=Channel(row.channel),
        amount=None if row.amount is None else Money(row.amount, row.currency),
        clicked_at=from_micros_or_none(row.clicked_at),
        attempts=row.attempts,
        retry_at=from_micros_or_none(row.retry_at),
    )


def payment_values(payment: Payment) -> Values:
    return {
        "no": payment.no,
        "account_id": payment.account,
        "imsi": payment.imsi.digits,
        "amount": payment.amount.minor,
        "currency": payment.amount.currency,
        "provider": payment.provider,
        "created_at": to_micros(payment.created_at),
        "expires_at": to_micros(payment.expires_at),
        "state": payment.state.value,
        "trade_no": payment.trade_no,
        "immediate": int(payment.immediate),
        "paid_at": to_micros_or_none(payment.paid_at),
        "posted_at": to_micros_or_none(payment.posted_at),
        "due": None if payment.due is None else payment.due.minor,
        "refund": None if payment.refund is None else payment.refund.value,
    }


def payment_from(row: Row[Any]) -> Payment:
    return Payment(
        no=PaymentNo(row.no),
        account=AccountId(row.account_id),
        imsi=Imsi(row.imsi),
        amount=Money(row.amount, row.currency),
        provider=row.provider,
        created_at=from_micros(row.created_at),
        expires_at=from_micros(row.expires_at),
        state=PaymentState(row.state),
        trade_no=row.trade_no,
        immediate=bool(row.immediate),
        paid_at=from_micros_or_none(row.paid_at),
        posted_at=from_micros_or_none(row.posted_at),
        due=None if row.due is None else Money(row.due, row.currency),
        refund=None if row.refund is None else RefundState(row.refund),
    )


def agreement_values(agreement: Agreement) -> Values:
    return {
        "no": agreement.no,
        "account_id": agreement.account,
        "imsi": agreement.imsi.digits,
        "provider": agreement.provider,
        "contract": agreement.contract,
        "cap": agreement.cap.minor,
        "currency": agreement.cap.currency,
        "signed_at": to_micros(agreement.signed_at),
        "state": agreement.state.value,
        "revoked_at": to_micros_or_none(agreement.revoked_at),
    }


def agreement_from(row: Row[Any]) -> Agreement:
    return Agreement(
        no=AgreementNo(row.no),
        account=AccountId(row.account_id),
        imsi=Imsi(row.imsi),
        provider=row.provider,
        contract=row.contract,
        cap=Money(row.cap, row.currency),
        signed_at=from_micros(row.signed_at),
        state=AgreementState(row.state),
        revoked_at=from_micros_or_none(row.revoked_at),
    )


def deduction_values(deduction: Deduction) -> Values:
    return {
        "no": deduction.no,
        "agreement_no": deduction.agreement,
        "account_id": deduction.account,
        "imsi": deduction.imsi.digits,
        "provider": deduction.provider,
        "amount": deduction.amount.minor,
        "before": deduction.before.minor,
        "currency": deduction.amount.currency,
        "correlation": deduction.correlation,
        "requested_at": to_micros(deduction.requested_at),
        "state": deduction.state.value,
        "retry_at": to_micros_or_none(deduction.retry_at),
        "trade_no": deduction.trade_no,
    }


def deduction_from(row: Row[Any]) -> Deduction:
    return Deduction(
        no=DeductionNo(row.no),
        agreement=AgreementNo(row.agreement_no),
        account=AccountId(row.account_id),
        imsi=Imsi(row.imsi),
        provider=row.provider,
        amount=Money(row.amount, row.currency),
        before=Money(row.before, row.currency),
        correlation=CorrelationId(row.correlation),
        requested_at=from_micros(row.requested_at),
        state=DeductionState(row.state),
        retry_at=from_micros_or_none(row.retry_at),
        trade_no=row.trade_no,
    )


def grant_values(grant: CreditGrant) -> Values:
    return {
        "id": grant.id,
        "account_id": grant.account,
        "imsi": grant.imsi.digits,
        "amount": grant.amount.minor,
        "currency": grant.amount.currency,
        "reason": grant.reason,
        "granted_at": to_micros(grant.granted_at),
        "expires_at": to_micros(grant.expires_at),
        "state": grant.state.value,
    }


def grant_from(row: Row[Any]) -> CreditGrant:
    return CreditGrant(
        id=GrantId(row.id),
        account=AccountId(row.account_id),
        imsi=Imsi(row.imsi),
        amount=Money(row.amount, row.currency),
        reason=row.reason,
        granted_at=from_micros(row.granted_at),
        expires_at=from_micros(row.expires_at),
        state=GrantState(row.state),
    )


def consumption_values(consumption: Consumption) -> Values:
    return {
        "imsi": consumption.imsi.digits,
        "month": consumption.month.isoformat(),
        "measured": consumption.measured.value,
        "used": consumption.used,
        "units": consumption.units,
    }


def consumption_from(row: Row[Any]) -> Consumption:
    return Consumption(Imsi(row.imsi), date.fromisoformat(row.month), Measured(row.measured), row.used, row.units)


def posted_values(posted: PostedUsage) -> Values:
    return {
        "key": posted.key,
        "imsi": posted.imsi.digits,
        "measured": posted.measured.value,
        "amount": posted.amount,
    }


def posted_from(row: Row[Any]) -> PostedUsage:
    return PostedUsage(row.key, Imsi(row.imsi), Measured(row.measured), row.amount)


def duty_from(row: Row[Any]) -> AccountDuty:
    return AccountDuty(AccountId(row.account_id), DutyKind(row.kind), from_micros(row.due_at))


def ahead_from(row: Row[Any]) -> tuple[AccountId, timedelta]:
    return AccountId(row.account_id), timedelta(microseconds=row.ahead)


def event_values(event: TimelineEvent) -> Values:
    return {
        "imsi": event.imsi.digits,
        "correlation": event.correlation,
        "name": event.name,
        "at": to_micros(event.at),
        "elapsed_ms": event.elapsed_ms,
        "detail": json.dumps(dict(event.detail), ensure_ascii=False),
        "business_at": to_micros_or_none(event.business_at),
    }


def event_from(row: Row[Any]) -> TimelineEvent:
    detail: Mapping[str, str] = json.loads(row.detail)
    return TimelineEvent(
        imsi=Imsi(row.imsi),
        correlation=CorrelationId(row.correlation),
        name=row.name,
        at=from_micros(row.at),
        elapsed_ms=row.elapsed_ms,
        detail=detail,
        business_at=from_micros_or_none(row.business_at),
    )


def _text(address: IPv4Address | IPv6Network | None) -> str | None:
    return None if address is None else str(address)


def _ipv4(text: str | None) -> IPv4Address | None:
    return None if text is None else IPv4Address(text)


def _ipv6(text: str | None) -> IPv6Network | None:
    return None if text is None else IPv6Network(text)
