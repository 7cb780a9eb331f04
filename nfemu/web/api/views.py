"""From the carrier's values to what the API sends. Times go into the carrier's zone."""

from datetime import tzinfo

from nfemu.carrier.bill import Bill
from nfemu.carrier.payments import Settlement
from nfemu.carrier.status import LineStatus
from nfemu.epc.pgw import is_acknowledged
from nfemu.model.account import LedgerEntry
from nfemu.model.money import Money
from nfemu.model.notices import Notice
from nfemu.model.session import PdnSession
from nfemu.model.timeline import TimelineEvent
from nfemu.policy.explain import Explanation, describe
from nfemu.policy.reach import Reach
from nfemu.web.api.models import (
    AccountOut,
    AutoDeductOut,
    BillOut,
    CandidateOut,
    ConsumptionOut,
    EntryOut,
    EventOut,
    ExplanationOut,
    FeesOut,
    GrantOut,
    MoneyOut,
    NoticeOut,
    PointOut,
    SessionOut,
    SettlementOut,
    SubscriberOut,
)


def money(value: Money) -> MoneyOut:
    return MoneyOut(amount=value.decimal(), currency=value.currency)


def bill(value: Bill, zone: tzinfo) -> BillOut:
    fees = value.next_fees
    return BillOut(
        plan=value.card.plan,
        services=list(value.card.services),
        consumption=[
            ConsumptionOut(measured=each.measured.value, used=each.used, units=each.units) for each in value.used
        ],
        next_fees=None if fees is None else FeesOut(amount=money(fees[0]), at=fees[1].astimezone(zone)),
        grants=[
            GrantOut(amount=money(each.amount), reason=each.reason, expires_at=each.expires_at.astimezone(zone))
            for each in value.grants
        ],
    )


def session(value: PdnSession, zone: tzinfo) -> SessionOut:
    return SessionOut(
        apn=value.apn.name,
        profile=value.profile,
        policy=value.policy,
        state=value.state.value,
        ue_ipv4=str(value.ue_ipv4) if value.ue_ipv4 is not None else None,
        ue_ipv6=str(value.ue_ipv6) if value.ue_ipv6 is not None else None,
        generation=value.generation,
        policy_version=value.policy_version,
        acknowledged=is_acknowledged(value),
        attached_at=value.attached_at.astimezone(zone),
    )


def subscriber(status: LineStatus, country_code: str, zone: tzinfo) -> SubscriberOut:
    card, account = status.line.subscriber, status.account
    latest = status.line.session
    return SubscriberOut(
        number=card.msisdn.national(country_code),
        e164=card.msisdn.e164,
        imsi=card.imsi.digits,
        role=card.role.value,
        language=card.language,
        account=AccountOut(
            id=account.id,
            kind=account.kind.value,
            level=account.level,
            balance=money(status.balance),
            credit_limit=money(account.credit_limit),
            granted=money(account.limit - account.credit_limit),
            standing=status.standing.value,
            amount_due=money(status.amount_due),
        ),
        share=money(status.share),
        shown_due=money(status.shown_due),
        ordered=status.ordered.value,
        hold=status.line.subscription.hold.value,
        permitted=status.permitted,
        profile=status.profile,
        effective=status.effective,
        session=session(latest, zone) if latest is not None else None,
        auto_deduct=auto_deduct(status, zone),
    )


def auto_deduct(status: LineStatus, zone: tzinfo) -> AutoDeductOut | None:
    agreement, open_ = status.agreement, status.deduction
    if agreement is None:
        return None
    return AutoDeductOut(
        provider=agreement.provider,
        contract=agreement.contract,
        cap=money(agreement.cap),
        signed_at=agreement.signed_at.astimezone(zone),
        unanswered=money(open_.amount) if open_ is not None else None,
    )


def settlement(value: Settlement, country_code: str, zone: tzinfo) -> SettlementOut:
    return SettlementOut(
        trade_no=value.entry.trade_no or "",
        paid=money(value.entry.amount),
        missing=money(value.missing),
        repeated=value.repeated,
        subscriber=subscriber(value.status, country_code, zone),
    )


def notice(value: Notice, zone: tzinfo) -> NoticeOut:
    return NoticeOut(
        id=value.id,
        kind=value.kind.value,
        channel=value.channel.value,
        sender=value.sender,
        text=value.text,
        link=value.link,
        state=value.state.value,
        sent_at=value.sent_at.astimezone(zone) if value.sent_at is not None else None,
        clicked_at=value.clicked_at.astimezone(zone) if value.clicked_at is not None else None,
    )


def event(value: TimelineEvent, zone: tzinfo) -> EventOut:
    return EventOut(
        name=value.name,
        at=value.at.astimezone(zone),
        business_at=value.business_at.astimezone(zone) if value.business_at is not None else None,
        elapsed_ms=value.elapsed_ms,
        correlation=value.correlation,
        detail=dict(value.detail),
    )


def entry(value: LedgerEntry, zone: tzinfo) -> EntryOut:
    return EntryOut(
        kind=value.kind.value,
        amount=money(value.amount),
        at=value.at.astimezone(zone),
        trade_no=value.trade_no,
        imsi=value.imsi.digits if value.imsi is not None else None,
        note=value.note,
    )


def explanation(value: Explanation, reach: Reach) -> ExplanationOut:
    """The policy's answer, unless the gateway itself refuses."""
    decision, guard = value.decision, reach.guard
    return ExplanationOut(
        destination=describe(value.destination),
        profile=value.profile,
        verdict=decision.verdict.value if guard is None else "reject",
        enrich=decision.enrich and guard is None,
        rule=decision.rule if guard is None else guard.rule,
        reason=decision.reason if guard is None else guard.reason,
        summary=value.verdict if guard is None else "refused by the gateway, whatever the policy says",
        addresses=[str(address) for address in reach.addresses],
        leads_to=reach.leads_to,
        candidates=[
            CandidateOut(group=one.group, pattern=one.pattern, decided=one.decided, remark=one.remark)
            for one in value.candidates
        ],
        points=[
            PointOut(place=one.place.value, verdict=one.verdict, rule=one.rule, sign=one.sign) for one in reach.points
        ],
    )
