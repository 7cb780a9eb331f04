"""What every Store must do, by the words of `carrier.ports`. A subclass gives the fixture `store`, empty and open."""

from dataclasses import replace
from datetime import date, timedelta, timezone

import pytest

from nfemu.carrier.ports import (
    AddEvent,
    AppendEntry,
    PaymentView,
    PlanDuty,
    PutAccount,
    PutAgreement,
    PutAhead,
    PutConsumption,
    PutDeduction,
    PutDuty,
    PutGrant,
    PutLevel,
    PutNotice,
    PutOrder,
    PutPayment,
    PutPosted,
    PutSession,
    PutSubscriber,
    PutSubscription,
    Relay,
    Store,
)
from nfemu.model.account import AccountKind
from nfemu.model.agreements import AgreementState, DeductionState
from nfemu.model.consumption import Consumption, PostedUsage
from nfemu.model.credits import CreditRecord, GrantState
from nfemu.model.duties import AccountDuty, DutyKind
from nfemu.model.errors import Conflict
from nfemu.model.identity import AccountId, Imsi, Msisdn, PaymentNo, PlanName, PolicyName, ServiceName
from nfemu.model.listing import AccountsWanted, CardsWanted, PaymentsWanted
from nfemu.model.money import Money
from nfemu.model.notices import Channel, NoticeKind, NoticeState, Relayed
from nfemu.model.orders import OrderKind, OrderState, PaymentState, RefundState
from nfemu.model.plans import Measured
from nfemu.model.subscriber import Hold, OrderedProfile, Segment, Subscription
from nfemu.model.usage import Usage
from tests.store.people import (
    ACCOUNTS,
    CARDS,
    MAIN,
    PHONE,
    SECOND,
    START,
    WANG,
    ZHANG,
    after,
    agreement,
    deduction,
    entry,
    event,
    grant,
    notice,
    order,
    payment,
    people,
    released,
    session,
)

FIRST = Subscription(PHONE.imsi)
STOPPED = replace(FIRST, ordered=OrderedProfile.ARREARS, version=2, hold=Hold.RESTRICT)


async def _balance(store: Store) -> int:
    view = await store.account(ZHANG)
    assert view is not None
    return view.balance.minor


class StoreContract:
    async def test_lines_that_are_not_where_the_rules_want_them(self, store: Store) -> None:
        """By hand is by hand; in grace nobody is moved; another profile than the restricted one is always named."""

        async def misplaced(resume: int = 0, restricted: OrderedProfile = OrderedProfile.ARREARS) -> list[AccountId]:
            return await store.misplaced_accounts(Money(resume), restricted)

        await store.commit(people())
        card = FIRST
        assert (await store.ordered_profiles(), await misplaced()) == ({}, [])
        owing = -(await _balance(store)) - 1
        await store.commit([AppendEntry(replace(entry(owing), trade_no="misplaced-1"))])
        assert await misplaced() == [ZHANG]
        view = await store.account(ZHANG)
        assert view is not None
        limited = replace(view.account, credit_limit=Money(1))
        await store.commit([PutAccount(limited)])
        assert await misplaced() == []
        await store.commit([PutAccount(view.account)])
        for line in view.lines:
            card = replace(line.subscription, ordered=OrderedProfile.ARREARS, version=line.subscription.version + 1)
            await store.commit([PutSubscription(card)])
        assert await misplaced() == []
        assert set((await store.ordered_profiles()).values()) == {OrderedProfile.ARREARS}
        assert await misplaced(restricted=OrderedProfile.BARRED) == [ZHANG]
        await store.commit([AppendEntry(replace(entry(1), trade_no="misplaced-2"))])
        assert (await misplaced(), await misplaced(resume=1)) == ([ZHANG], [])
        for line in view.lines:
            held = replace(line.subscription, ordered=OrderedProfile.ARREARS, version=line.subscription.version + 2)
            await store.commit([PutSubscription(replace(held, hold=Hold.RESTRICT))])
        assert await misplaced() == []

    async def test_an_empty_store_knows_nobody(self, store: Store) -> None:
        assert await store.count_subscribers() == 0
        assert await store.subscribers() == []
        assert await store.subscriber(PHONE.msisdn) is None
        assert await store.subscriber_by_imsi(PHONE.imsi) is None
        assert await store.account(ZHANG) is None
        assert await store.ledger(ZHANG) == []
        assert await store.entry("t-1") is None
        assert await store.payment(PaymentNo("pay-1")) is None
        assert await store.payment_view(PaymentNo("pay-1"), "t-1") is None
        assert await store.events(PHONE.imsi) == []
        assert await store.read_clock() is None

    async def test_people_are_given_back_as_they_were_put(self, store: Store) -> None:
        await store.commit(people())
        assert [await store.subscriber(card.msisdn) for card in CARDS] == list(CARDS)
        assert [await store.subscriber_by_imsi(card.imsi) for card in CARDS] == list(CARDS)
        assert await store.count_subscribers() == 3
        for account in ACCOUNTS:
            view = await store.account(account.id)
            assert view is not None
            assert view.account == account

    async def test_an_account_comes_with_its_cards_records_and_sums(self, store: Store) -> None:
        await store.commit([*people(), PutSession(session("ses-1", MAIN)), PutSubscription(STOPPED)])
        charges = [entry(-700, card=MAIN), entry(-200, card=SECOND), entry(-50, card=SECOND)]
        await store.commit([AppendEntry(each) for each in (*charges, entry(5000, "t-1", MAIN, by_card=False))])
        view = await store.account(WANG)
        assert view is not None
        assert view.balance == Money(4050, "EUR")
        assert view.shares == {MAIN.imsi: Money(-700, "EUR"), SECOND.imsi: Money(-250, "EUR")}
        lines = {line.subscriber: (line.subscription, line.session) for line in view.lines}
        assert lines == {
            MAIN: (Subscription(MAIN.imsi), session("ses-1", MAIN)),
            SECOND: (Subscription(SECOND.imsi), None),
        }

    async def test_a_new_account_has_nothing(self, store: Store) -> None:
        await store.commit([PutAccount(ACCOUNTS[1])])
        view = await store.account(WANG)
        assert view is not None
        assert (view.balance, view.shares, view.lines, view.orders) == (Money(0, "EUR"), {}, (), ())

    async def test_putting_an_account_again_keeps_its_ledger(self, store: Store) -> None:
        await store.commit([*people(), AppendEntry(entry(3000))])
        changed = replace(ACCOUNTS[0], kind=AccountKind.UNIT, credit_limit=Money(1500), level=10)
        await store.commit([PutAccount(changed)])
        view = await store.account(ZHANG)
        assert view is not None
        assert (view.account, view.balance) == (changed, Money(3000))

    async def test_putting_a_card_again_keeps_its_hss_record(self, store: Store) -> None:
        await store.commit([*people(), PutSubscription(STOPPED)])
        moved = replace(PHONE, msisdn=Msisdn("8613700137000"), language="en")
        await store.commit([PutSubscriber(moved)])
        view = await store.account(ZHANG)
        assert view is not None
        assert [(line.subscriber, line.subscription) for line in view.lines] == [(moved, STOPPED)]
        assert await store.subscriber(PHONE.msisdn) is None

    @pytest.mark.parametrize("version", [1, 3])
    async def test_a_subscription_must_follow_the_stored_version(self, store: Store, version: int) -> None:
        await store.commit(people())
        with pytest.raises(Conflict):
            await store.commit([PutSubscription(replace(STOPPED, version=version))])
        view = await store.account(ZHANG)
        assert view is not None
        assert view.lines[0].subscription == FIRST

    async def test_subscribers_are_paged_by_number(self, store: Store) -> None:
        await store.commit(people())
        await store.commit([PutSubscriber(replace(PHONE, imsi=Imsi("460009"), msisdn=Msisdn("8613800138001")))])
        first = await store.subscribers(limit=2)
        assert [card.msisdn.e164 for card in first] == ["8613800138000", "8613800138001"]
        rest = await store.subscribers(after=first[-1].msisdn, limit=2)
        assert rest == [MAIN, SECOND]
        assert await store.subscribers(after=SECOND.msisdn) == []

    async def test_a_commit_is_all_or_nothing(self, store: Store) -> None:
        await store.commit([*people(), AppendEntry(entry(3000, "t-1"))])
        with pytest.raises(Conflict):
            await store.commit(
                [
                    PutPayment(payment("pay-1")),
                    PutSubscription(STOPPED),
                    AppendEntry(entry(5900)),
                    AddEvent(event("ledger.appended")),
                    AppendEntry(entry(5900, "t-1")),
                ]
            )
        view = await store.account(ZHANG)
        assert view is not None
        assert (view.balance, view.shares) == (Money(3000), {PHONE.imsi: Money(3000)})
        assert view.lines[0].subscription == FIRST
        assert await store.payment(PaymentNo("pay-1")) is None
        assert await store.events(PHONE.imsi) == []
        assert len(await store.ledger(ZHANG)) == 1

    async def test_a_payment_is_read_with_its_account_and_what_the_ledger_has_of_it(self, store: Store) -> None:
        ordered = payment("pay-1")
        await store.commit([*people(), PutPayment(ordered), AppendEntry(entry(3000, "t-1"))])
        account = await store.account(ordered.account)
        assert account is not None
        assert await store.payment_view(ordered.no, "t-1") == PaymentView(ordered, account, entry(3000, "t-1"))
        assert await store.payment_view(ordered.no, "t-2") == PaymentView(ordered, account, None)

    async def test_a_trade_number_is_taken_once_over_all_accounts(self, store: Store) -> None:
        await store.commit([*people(), AppendEntry(entry(3000, "t-1"))])
        with pytest.raises(Conflict, match="t-1"):
            await store.commit([AppendEntry(entry(100, "t-1", MAIN))])
        with pytest.raises(Conflict, match="t-2"):
            await store.commit([AppendEntry(entry(1, "t-2")), AppendEntry(entry(2, "t-2"))])
        assert await store.entry("t-1") == entry(3000, "t-1")
        assert await store.entry("t-2") is None

    async def test_entries_without_trade_number_repeat_freely(self, store: Store) -> None:
        await store.commit([*people(), AppendEntry(entry(-100)), AppendEntry(entry(-100))])
        assert await store.ledger(ZHANG) == [entry(-100), entry(-100)]

    async def test_the_ledger_is_newest_first(self, store: Store) -> None:
        await store.commit(people())
        for number in range(1, 6):
            await store.commit([AppendEntry(entry(number, f"t-{number}"))])
        assert [each.amount.minor for each in await store.ledger(ZHANG, limit=3)] == [5, 4, 3]
        assert await store.ledger(ZHANG, limit=1) == [entry(5, "t-5")]
        assert await store.ledger(WANG) == []

    async def test_payments_are_open_until_paid_or_closed(self, store: Store) -> None:
        first, second = payment("pay-1"), payment("pay-2", seconds=1)
        third = replace(payment("pay-3", seconds=2), immediate=True)
        await store.commit([*people(), PutPayment(first), PutPayment(second), PutPayment(third)])
        paid = replace(first, state=PaymentState.PAID, trade_no="t-1")
        await store.commit([PutPayment(paid)])
        assert await store.payment(first.no) == paid
        assert await store.open_payments() == [second, third]
        assert await store.unpaid(PHONE.imsi) == [second, third]
        assert await store.unpaid(MAIN.imsi) == []
        await store.commit([PutPayment(replace(second, state=PaymentState.CLOSED))])
        assert await store.open_payments() == [third]

    async def test_an_account_has_one_signed_agreement(self, store: Store) -> None:
        first, other = agreement("agr-1"), agreement("agr-2", MAIN)
        await store.commit([*people(), PutAgreement(first), PutAgreement(other)])
        with pytest.raises(Conflict):
            await store.commit([PutAgreement(agreement("agr-3"))])
        for account, signed in ((ZHANG, first), (WANG, other)):
            view = await store.account(account)
            assert view is not None
            assert view.agreement == signed
        ended = replace(first, state=AgreementState.REVOKED, revoked_at=after(1))
        await store.commit([PutAgreement(ended), PutAgreement(agreement("agr-3"))])
        view = await store.account(ZHANG)
        assert view is not None
        assert view.agreement == agreement("agr-3")

    async def test_an_account_has_one_open_deduction(self, store: Store) -> None:
        first, other = deduction("ded-1", "agr-1"), deduction("ded-2", "agr-2", MAIN)
        agreements = [PutAgreement(agreement("agr-1")), PutAgreement(agreement("agr-2", MAIN))]
        await store.commit([*people(), *agreements, PutDeduction(first), PutDeduction(other)])
        with pytest.raises(Conflict):
            await store.commit([PutDeduction(deduction("ded-3", "agr-1"))])
        waiting = replace(first, state=DeductionState.UNANSWERED, retry_at=after(600))
        await store.commit([PutDeduction(waiting)])
        assert await store.open_deductions() == [waiting, other]
        view = await store.account(ZHANG)
        assert view is not None
        assert view.deduction == waiting
        done = replace(waiting, state=DeductionState.DEDUCTED, retry_at=None, trade_no="t-1")
        await store.commit([PutDeduction(done), PutDeduction(deduction("ded-3", "agr-1"))])
        assert await store.open_deductions() == [other, deduction("ded-3", "agr-1")]

    async def test_sessions_are_the_latest_of_each_subscriber(self, store: Store) -> None:
        old, other = session("ses-1"), session("ses-2", MAIN, last=2)
        await store.commit([*people(), PutSession(old), PutSession(other)])
        new = session("ses-3", version=2, last=3)
        await store.commit([PutSession(released(old, 5)), PutSession(new)])
        assert set(await store.sessions()) == {other, new}
        await store.commit([PutSession(released(new, 9))])
        assert set(await store.sessions()) == {other, released(new, 9)}
        view = await store.account(ZHANG)
        assert view is not None
        assert view.lines[0].session == released(new, 9)

    async def test_an_old_session_put_again_does_not_become_the_latest(self, store: Store) -> None:
        old, new = released(session("ses-1"), 5), session("ses-2", version=2, last=2)
        await store.commit([*people(), PutSession(old), PutSession(new)])
        await store.commit([PutSession(replace(old, acknowledged_version=1))])
        assert await store.sessions() == [new]

    async def test_a_session_of_a_lower_version_is_not_the_latest(self, store: Store) -> None:
        new, late = session("ses-2", version=2, last=2), released(session("ses-1"), 5)
        await store.commit([*people(), PutSession(new), PutSession(late)])
        assert await store.sessions() == [new]
        assert await store.sessions_released_since(START) == [late]

    async def test_a_session_without_addresses_is_kept(self, store: Store) -> None:
        bare = replace(session("ses-1"), ue_ipv4=None, ue_ipv6=None)
        await store.commit([*people(), PutSession(bare)])
        assert await store.sessions() == [bare]

    async def test_released_sessions_are_found_by_time_of_release(self, store: Store) -> None:
        first = released(session("ses-1"), 10)
        second = released(session("ses-2", version=2, last=2), 30)
        other = released(session("ses-3", MAIN, last=3), 20)
        await store.commit([*people(), *(PutSession(each) for each in (first, second, other))])
        await store.commit([PutSession(session("ses-4", version=3))])
        assert await store.sessions_released_since(after(10)) == [first, other, second]
        assert await store.sessions_released_since(after(20)) == [other, second]
        assert await store.sessions_released_since(after(20.000001)) == [second]
        assert await store.sessions_released_since(after(31)) == []

    async def test_orders_stay_until_they_are_done_or_superseded(self, store: Store) -> None:
        first, second, third = order("ord-1"), order("ord-2", MAIN, 1), order("ord-3", SECOND, 2)
        await store.commit([*people(), PutOrder(first), PutOrder(second), PutOrder(third)])
        assert await store.unfinished_orders() == [first, second, third]
        executed = replace(second, state=OrderState.EXECUTED)
        superseded = replace(first, state=OrderState.SUPERSEDED)
        await store.commit([PutOrder(executed), PutOrder(superseded)])
        assert await store.unfinished_orders() == [executed, third]
        view = await store.account(WANG)
        assert view is not None
        assert view.orders == (executed, third)
        await store.commit([PutOrder(replace(executed, state=OrderState.DONE, done_at=after(3)))])
        assert await store.unfinished_orders() == [third]
        other = await store.account(ZHANG)
        assert other is not None
        assert other.orders == ()

    async def test_an_order_keeps_its_times_and_attempts_until_somebody_resubmits_it(self, store: Store) -> None:
        waits = replace(order("ord-1"), billed_at=after(1), attempts=2, next_attempt_at=after(60))
        dead = replace(order("ord-2"), state=OrderState.DEAD, billed_at=after(2), attempts=5)
        await store.commit([*people(), PutOrder(waits), PutOrder(dead)])
        assert await store.unfinished_orders() == [waits, dead]
        done = replace(waits, state=OrderState.DONE, executed_at=after(70), done_at=after(71), next_attempt_at=None)
        done = replace(done, ahead=timedelta(days=3))
        await store.commit([PutOrder(done)])
        assert await store.unfinished_orders() == [dead]
        assert await store.orders_moved_since(after(2)) == [dead, done]
        assert await store.orders_moved_since(after(71)) == [done]
        assert await store.orders_moved_since(after(72)) == []

    async def test_payments_that_are_to_be_given_back(self, store: Store) -> None:
        first = replace(payment("pay-1"), due=Money(2900), refund=RefundState.WANTED)
        second = replace(payment("pay-2", MAIN, 1), refund=RefundState.WANTED)
        await store.commit([*people(), PutPayment(second), PutPayment(first), PutPayment(payment("pay-3"))])
        assert sorted(await store.refunds_wanted(), key=lambda each: each.no) == [first, second]
        await store.commit([PutPayment(replace(first, refund=RefundState.DONE))])
        assert await store.refunds_wanted() == [second]

    async def test_payments_are_found_by_when_they_were_ordered(self, store: Store) -> None:
        first, second = payment("pay-1"), payment("pay-2", MAIN, 5)
        await store.commit([*people(), PutPayment(second), PutPayment(first)])
        assert await store.payments_ordered(after(0), after(6)) == [first, second]
        assert await store.payments_ordered(after(1), after(5)) == []

    async def test_what_has_gone_back_is_found_by_when_it_was_booked(self, store: Store) -> None:
        numbers = (None, "charge/1", "refund/sandbox/1", "refund/WeChat Pay/1")
        booked = [replace(entry(-100, number), at=after(at)) for at, number in enumerate(numbers)]
        await store.commit([*people(), *map(AppendEntry, booked)])
        assert await store.refund_entries(after(0), after(9)) == booked[2:]
        assert await store.refund_entries(after(3), after(4)) == booked[3:]

    async def test_payments_are_found_by_when_they_were_booked(self, store: Store) -> None:
        paid = replace(payment("pay-1"), state=PaymentState.PAID, trade_no="t-1", paid_at=after(3), posted_at=after(5))
        await store.commit([*people(), PutPayment(paid), PutPayment(payment("pay-2"))])
        assert await store.payments_posted_since(after(5)) == [paid]
        assert await store.payments_posted_since(after(6)) == []

    async def test_notices_are_pending_then_in_the_inbox(self, store: Store) -> None:
        first, second, foreign = notice("not-1"), notice("not-2", seconds=1), notice("not-3", MAIN, 2)
        await store.commit([*people(), PutNotice(first), PutNotice(second), PutNotice(foreign)])
        assert await store.pending_notices(PHONE.account) == [first, second]
        assert await store.pending_notices(MAIN.account) == [foreign]
        assert await store.notices(PHONE.imsi) == []
        sent = [notice("not-1", sent=5), notice("not-2", seconds=1, sent=6)]
        await store.commit([PutNotice(each) for each in sent])
        assert await store.pending_notices(PHONE.account) == []
        assert await store.pending_notices(MAIN.account) == [foreign]
        assert await store.notices(PHONE.imsi) == sent[::-1]
        assert await store.notices(PHONE.imsi, limit=1) == [sent[1]]

    async def test_the_last_message_of_a_kind_is_the_newest_that_was_sent(self, store: Store) -> None:
        first, second = notice("not-1", sent=5), notice("not-2", sent=6)
        other = replace(notice("not-3", sent=7), kind=NoticeKind.DETECTED)
        await store.commit([*people(), *map(PutNotice, (second, first, other, notice("not-4", seconds=9)))])
        assert await store.last_notice(PHONE.imsi, NoticeKind.STOPPED) == second
        assert await store.last_notice(PHONE.imsi, NoticeKind.DETECTED) == other
        assert await store.last_notice(PHONE.imsi, NoticeKind.RESTORED) is None
        assert await store.last_notice(MAIN.imsi, NoticeKind.STOPPED) is None

    async def test_what_is_due_comes_by_urgency_then_by_age(self, store: Store) -> None:
        """S7. What failed waits for its time, and each channel has a queue of its own."""
        late = replace(notice("not-1"), kind=NoticeKind.MONTH_END)
        wave = replace(notice("not-2", seconds=1), kind=NoticeKind.DUNNING)
        older = replace(notice("not-3", MAIN), kind=NoticeKind.DUNNING)
        urgent = notice("not-4", MAIN, seconds=2)
        failed = replace(notice("not-5", seconds=1), attempts=1, retry_at=after(60))
        by_wechat = replace(notice("not-6"), channel=Channel.WECHAT)
        ended = [replace(notice(f"not-{end.value}"), state=end) for end in (NoticeState.FAILED, NoticeState.CANCELLED)]
        assert await store.next_notice() is None
        await store.commit([*people(), *map(PutNotice, (late, wave, older, urgent, failed, by_wechat, *ended))])
        due = [identifier for _, identifier in await store.notices_due(Channel.SMS, after(2), 100)]
        assert due == ["not-4", "not-3", "not-2", "not-1"]
        assert await store.notices_due(Channel.SMS, after(2), 1) == [(MAIN.account, urgent.id)]
        assert await store.notices_due(Channel.WECHAT, after(2), 100) == [(PHONE.account, by_wechat.id)]
        assert failed.id in [identifier for _, identifier in await store.notices_due(Channel.SMS, after(60), 100)]
        assert await store.next_notice() == after(0)
        sent = [replace(each, state=NoticeState.SENT) for each in (late, wave, older, urgent, by_wechat)]
        await store.commit([PutNotice(each) for each in sent])
        assert await store.next_notice() == after(60)
        assert await store.pending_notices(PHONE.account) == [failed]

    async def test_what_was_sent_waits_for_receivers_in_its_order(self, store: Store) -> None:
        sent = [notice(f"not-{number}", card, sent=5) for number, card in enumerate((PHONE, MAIN, PHONE))]
        await store.commit([*people(), *(change for each in sent for change in (PutNotice(each), Relay(each.id)))])
        waiting = [Relayed(sent[0], PHONE.msisdn), Relayed(sent[1], MAIN.msisdn), Relayed(sent[2], PHONE.msisdn)]
        assert await store.relayed(10) == waiting
        assert await store.relayed(2) == waiting[:2]
        await store.forget_relayed([sent[1].id, sent[0].id])
        assert await store.relayed(10) == waiting[2:]

    async def test_the_timeline_gives_the_latest_oldest_first(self, store: Store) -> None:
        events = [event(f"step.{number}", seconds=number) for number in range(5)]
        await store.commit([*people(), *(AddEvent(each) for each in events), AddEvent(event("other", MAIN))])
        assert await store.events(PHONE.imsi) == events
        assert await store.events(PHONE.imsi, limit=2) == events[3:]

    async def test_duties_come_in_the_order_in_which_they_fall_due(self, store: Store) -> None:
        """By moment, then kind, then account; one of each kind for an account."""
        await store.commit(people())
        assert (await store.next_duty(), await store.duties_due(after(9))) == (None, [])
        planned = [
            AccountDuty(WANG, DutyKind.DUNNING, after(1)),
            AccountDuty(WANG, DutyKind.FEES, after(2)),
            AccountDuty(ZHANG, DutyKind.FEES, after(2)),
            AccountDuty(ZHANG, DutyKind.CREDIT, after(2)),
            AccountDuty(ZHANG, DutyKind.GRANTS, after(5)),
        ]
        await store.commit([PutDuty(each.account, each.kind, each.due_at) for each in reversed(planned)])
        assert await store.next_duty() == planned[0]
        assert await store.duties_due(after(2)) == planned[:4]
        assert await store.duties_due(after(5), limit=2) == planned[:2]
        assert await store.duties(ZHANG) == planned[2:]
        later = AccountDuty(WANG, DutyKind.FEES, after(7))
        await store.commit([PutDuty(WANG, DutyKind.DUNNING, None), PutDuty(WANG, DutyKind.FEES, later.due_at)])
        assert await store.duties_due(after(9)) == [*planned[2:], later]
        assert await store.duties(WANG) == [later]

    async def test_a_kind_of_duty_is_planned_for_all_who_have_none_and_forgotten_for_all(self, store: Store) -> None:
        await store.commit(
            [*people(), PutDuty(WANG, DutyKind.DUNNING, after(9)), PutDuty(WANG, DutyKind.FEES, after(9))]
        )
        await store.plan_duties(DutyKind.DUNNING, after(3))
        assert await store.duties(ZHANG) == [AccountDuty(ZHANG, DutyKind.DUNNING, after(3))]
        assert AccountDuty(WANG, DutyKind.DUNNING, after(9)) in await store.duties(WANG)
        await store.forget_duties(DutyKind.DUNNING)
        assert await store.duties_due(after(9)) == [AccountDuty(WANG, DutyKind.FEES, after(9))]
        await store.put_duties(DutyKind.FEES, [])
        await store.put_duties(DutyKind.FEES, [(WANG, after(5)), (ZHANG, after(4))])
        assert await store.duties_due(after(9)) == [
            AccountDuty(ZHANG, DutyKind.FEES, after(4)),
            AccountDuty(WANG, DutyKind.FEES, after(5)),
        ]

    async def test_an_account_ahead_of_the_carrier_is_due_so_much_earlier(self, store: Store) -> None:
        """Its duties and messages keep its own time; who is due is judged by the carrier's."""
        await store.commit(people())
        await store.commit([PutAhead(WANG, timedelta(hours=1)), PutAhead(WANG, timedelta(days=1))])
        assert dict(await store.ahead()) == {WANG: timedelta(days=1)}
        own = PutDuty(WANG, DutyKind.FEES, after(86_400 + 60))
        await store.commit([own, PutDuty(ZHANG, DutyKind.FEES, after(90)), PutDuty(ZHANG, DutyKind.CREDIT, after(30))])
        first, second, third = await store.duties_due(after(90))
        assert (first.account, second.account, third.account) == (ZHANG, WANG, ZHANG)
        assert (second.due_at, second.comes_at) == (own.due_at, after(60))
        assert await store.next_duty() == first
        assert await store.duties_due(after(59)) == [first]
        assert await store.duties_due(after(90), 2) == [first, second]
        await store.commit([PutDuty(ZHANG, DutyKind.CREDIT, None), PutDuty(ZHANG, DutyKind.FEES, None)])
        assert await store.next_duty() == second
        await store.commit([PutNotice(notice("ntc-carrier", PHONE, 6)), PutNotice(notice("ntc-own", MAIN, 86_400 + 5))])
        assert await store.next_notice() == after(5)
        assert await store.notices_due(Channel.SMS, after(4), 9) == []
        assert [name for _, name in await store.notices_due(Channel.SMS, after(6), 9)] == ["ntc-own", "ntc-carrier"]

    async def test_use_is_posted_under_a_key_once(self, store: Store) -> None:
        await store.commit(people())
        posted = PostedUsage("2026-11-01/7", PHONE.imsi, Measured.DATA, 1000)
        assert await store.posted(posted.key) is None
        await store.commit([PutPosted(posted)])
        assert await store.posted(posted.key) == posted
        with pytest.raises(Conflict):
            await store.commit([PutPosted(replace(posted, imsi=MAIN.imsi))])

    async def test_what_an_account_was_charged_and_told_since_then(self, store: Store) -> None:
        """Oldest first, of all its cards and of no other account's."""
        await store.commit(people())
        card = replace(PHONE, segment=Segment.SENIOR, wechat=True)
        entries = [entry(-100, "charge/1"), entry(300, "pay/2")]
        said = [notice("n1", seconds=1), notice("n2", seconds=2, sent=3)]
        told = [PutNotice(each) for each in (*said, notice("n3", MAIN, 2))]
        await store.commit([PutSubscriber(card), *map(AppendEntry, entries), *told])
        assert await store.subscriber(PHONE.msisdn) == card
        assert await store.ledger_since(PHONE.account, after(0)) == entries
        assert await store.ledger_since(PHONE.account, entries[1].at + timedelta(days=1)) == []
        assert await store.told_since(PHONE.account, after(1)) == said
        assert await store.told_since(PHONE.account, after(2)) == said[1:]

    async def test_fees_are_planned_for_accounts_that_pay_any(self, store: Store) -> None:
        """By account, those that have no duty of fees, with all cards that cost something."""
        await store.commit(people())
        assert await store.cards_without_fees_planned() == []
        phone, main = (
            replace(PHONE, plan=PlanName("basic")),
            replace(MAIN, services=(ServiceName("a"), ServiceName("b"))),
        )
        await store.commit([PutSubscriber(phone), PutSubscriber(main)])
        assert await store.subscriber(MAIN.msisdn) == main
        assert await store.cards_without_fees_planned() == [main, phone]
        assert await store.cards_without_fees_planned(limit=1) == [main]
        assert await store.cards_without_fees_planned(after=WANG) == [phone]
        await store.commit([PutDuty(WANG, DutyKind.FEES, after(1)), PutDuty(ZHANG, DutyKind.CREDIT, after(1))])
        assert await store.cards_without_fees_planned() == [phone]

    async def test_open_grants_add_up_to_what_the_account_may_owe_beside_its_limit(self, store: Store) -> None:
        first, second = grant("grt-1", 500, 9), grant("grt-2", 700, 5)
        await store.commit([*people(), PutGrant(first), PutGrant(second)])
        assert await store.open_grants(ZHANG) == [second, first]
        view = await store.account(ZHANG)
        assert view is not None
        assert (view.account.granted, view.account.limit) == (1200, Money(1200))
        await store.commit([AppendEntry(entry(-800)), PutAccount(replace(view.account, level=7))])
        assert await store.misplaced_accounts(Money(0), OrderedProfile.ARREARS) == []
        await store.commit([PutGrant(replace(first, state=GrantState.EXPIRED))])
        assert await store.open_grants(ZHANG) == [second]
        view = await store.account(ZHANG)
        assert view is not None
        assert (view.account.granted, view.account.level) == (700, 7)
        assert await store.misplaced_accounts(Money(0), OrderedProfile.ARREARS) == [ZHANG]

    async def test_a_level_that_is_earned_outranks_the_configuration_s(self, store: Store) -> None:
        """Whatever is put again; the other account has its own still."""
        await store.commit([*people(), PutLevel(ZHANG, 8)])
        await store.commit([PutAccount(replace(ACCOUNTS[0], level=3))])
        views = [await store.account(account) for account in (ZHANG, WANG)]
        assert [view.account.level for view in views if view is not None] == [8, ACCOUNTS[1].level]

    async def test_the_record_of_an_account_is_a_year_of_entries_and_all_stops(self, store: Store) -> None:
        """In the order of booking, from the first one behind the moment on; orders by when they were done."""
        await store.commit(people())
        assert await store.credit_record(ZHANG, START) == CreditRecord((), (), None)
        old, late = replace(entry(-100), at=after(-9)), replace(entry(-300), at=after(-5))
        entries = [old, replace(entry(-200), at=after(1)), late, replace(entry(500), at=after(2))]
        stop, by_hand, other = order("ord-1"), order("ord-2", seconds=1), order("ord-3", MAIN)
        resume = replace(order("ord-4", seconds=2), kind=OrderKind.RESUME)
        profile = replace(order("ord-5", seconds=3), kind=OrderKind.PROFILE)
        done = [
            replace(each, state=OrderState.DONE, done_at=after(9 - index))
            for index, each in enumerate((by_hand, stop, other, resume, profile))
        ]
        begun = replace(order("ord-6"), state=OrderState.EXECUTED)
        await store.commit([*map(AppendEntry, [*entries, entry(-1, card=MAIN)]), *map(PutOrder, [*done, begun])])
        known = await store.credit_record(ZHANG, START)
        assert known == CreditRecord(tuple(entries[1:]), (done[3], done[1], done[0]), after(-9))
        assert (await store.credit_record(ZHANG, after(2))).entries == ()

    async def test_a_duty_is_planned_where_there_is_none(self, store: Store) -> None:
        await store.commit(
            [*people(), PlanDuty(ZHANG, DutyKind.CREDIT, after(5)), PlanDuty(WANG, DutyKind.FEES, after(1))]
        )
        await store.commit([PlanDuty(ZHANG, DutyKind.CREDIT, after(2)), PlanDuty(ZHANG, DutyKind.FEES, after(7))])
        assert await store.duties(ZHANG) == [
            AccountDuty(ZHANG, DutyKind.CREDIT, after(5)),
            AccountDuty(ZHANG, DutyKind.FEES, after(7)),
        ]

    async def test_consumption_is_kept_by_month_and_measure(self, store: Store) -> None:
        november, december = date(2026, 11, 1), date(2026, 12, 1)
        data = Consumption(PHONE.imsi, november, Measured.DATA, 1 << 40, 3)
        voice = Consumption(PHONE.imsi, november, Measured.VOICE, 60)
        await store.commit([*people(), PutConsumption(replace(data, used=1)), PutConsumption(voice)])
        await store.commit([PutConsumption(data)])
        assert await store.consumption(PHONE.imsi, november, Measured.DATA) == data
        assert await store.consumption(PHONE.imsi, november, Measured.VOICE) == voice
        assert await store.consumption(PHONE.imsi, december, Measured.DATA) is None
        assert await store.consumption(MAIN.imsi, november, Measured.DATA) is None

    async def test_usage_adds_up_by_day_policy_and_group(self, store: Store) -> None:
        today, other = date(2026, 11, 1), date(2026, 11, 2)
        portal = Usage(PHONE.imsi, PolicyName("arrears"), "portal", 1, 10)
        rest = Usage(PHONE.imsi, PolicyName("open"), "", 2, 20)
        foreign = Usage(MAIN.imsi, PolicyName("arrears"), "portal", 4, 40)
        await store.commit(people())
        for usage in ([portal, foreign], [portal, rest]):
            await store.add_usage(today, usage)
        await store.add_usage(other, [rest])
        assert await store.usage(PHONE.imsi, today) == [replace(portal, up=2, down=20), rest]
        assert await store.usage(PHONE.imsi, other) == [rest]
        assert set(await store.usage_of_day(today)) == {replace(portal, up=2, down=20), rest, foreign}
        await store.forget_usage(other)
        assert await store.usage_of_day(today) == []
        assert await store.usage_of_day(other) == [rest]

    async def test_a_time_is_the_same_instant_whatever_its_zone(self, store: Store) -> None:
        shanghai = timezone(timedelta(hours=8))
        local = START.astimezone(shanghai)
        await store.commit([*people(), AppendEntry(replace(entry(100), at=local))])
        (found,) = await store.ledger(ZHANG)
        assert found.at == START
        assert found.at.utcoffset() is not None

    async def test_the_clock_is_where_it_was_left(self, store: Store) -> None:
        for now in (START, START + timedelta(days=31, microseconds=1)):
            await store.write_clock(now)
            assert await store.read_clock() == now
        await store.write_clock(None)
        assert await store.read_clock() is None

    async def test_an_empty_commit_changes_nothing(self, store: Store) -> None:
        await store.commit([])
        assert await store.account(AccountId("nobody")) is None
        assert await store.read_clock() is None

    async def test_what_is_read_does_not_change_later(self, store: Store) -> None:
        await store.commit([*people(), AppendEntry(entry(100))])
        before = await store.account(ZHANG)
        await store.commit([AppendEntry(entry(200))])
        assert before is not None
        assert (before.balance, dict(before.shares)) == (Money(100), {PHONE.imsi: Money(100)})

    async def test_pages_from_the_front(self, store: Store) -> None:
        everyone, anything = AccountsWanted(), PaymentsWanted()
        assert (await store.accounts(everyone, 0, 10), await store.payments(anything, 0, 10)) == (([], 0), ([], 0))
        await store.commit(people())
        assert await store.accounts(everyone, 0, 10) == ([WANG, ZHANG], 2)
        assert await store.accounts(everyone, 1, 10) == ([ZHANG], 2)
        assert await store.cards(CardsWanted(), 1, 1) == ([MAIN], 3)
        assert await store.cards(CardsWanted(), 3, 10) == ([], 3)
        orders = [payment(f"pay-{number}") for number in range(3)]
        await store.commit([PutPayment(each) for each in orders])
        assert await store.payments(anything, 0, 2) == (orders[:0:-1], 3)
        assert await store.payments(anything, 2, 2) == (orders[:1], 3)

    async def test_pages_of_what_is_wanted(self, store: Store) -> None:
        await store.commit(people())
        await store.commit([PutSubscription(replace(FIRST, imsi=MAIN.imsi, ordered=OrderedProfile.ARREARS, version=2))])
        assert await store.cards(CardsWanted(is_open=False), 0, 10) == ([MAIN], 1)
        assert (await store.cards(CardsWanted(True, MAIN.account), 0, 10))[1] == 1
        assert await store.cards(CardsWanted(account=AccountId("nobody")), 0, 10) == ([], 0)
        assert await store.accounts(AccountsWanted(is_open=False), 0, 10) == ([MAIN.account], 1)
        assert (await store.accounts(AccountsWanted(True), 0, 10))[1] == 1
        assert await store.accounts(AccountsWanted(True, MAIN.account), 0, 10) == ([], 0)
        paid = replace(payment("pay-1"), state=PaymentState.CLOSED)
        await store.commit([PutPayment(paid), PutPayment(payment("pay-2"))])
        assert await store.payments(PaymentsWanted(PaymentState.CLOSED, paid.account, paid.imsi), 0, 10) == ([paid], 1)
        for wanted in (PaymentsWanted(account=AccountId("nobody")), PaymentsWanted(imsi=MAIN.imsi)):
            assert await store.payments(wanted, 0, 10) == ([], 0)
