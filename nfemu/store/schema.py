"""The tables. `migrations/` builds them step by step; a test holds the two equal.

* Money is a BIGINT of minor units; its currency stands beside it or is the account's. Times are UTC in
  microseconds (`times`). Addresses and prefixes are text. States and roles are closed lists here as in the model,
  by CHECK; kinds of orders and notices grow with the product, and are the model's alone.
* `account.balance` and `share.amount` are sums over the append-only ledger, kept in the transaction that appends,
  so that no decision reads a growing table.
* The HSS record (`ordered`, `version`, `hold`, `profile`) stands in the subscriber's row: a million
  subscribers are a million rows, not two.
* Closed lists are written `a = 'x' OR a = 'y'`: under an `IN` of three words SQLite builds a temporary tree for
  every row that it inserts, which doubled the time to load a million subscribers.
* Conditions of partial indices are literal text that queries repeat word for word: SQLite uses such an index only
  when it sees while compiling that the condition holds.
"""

from typing import Any

import sqlalchemy as sa

from nfemu.model.account import AccountKind
from nfemu.model.agreements import AgreementState, Bank, DeductionState
from nfemu.model.credits import GrantState
from nfemu.model.notices import Channel, NoticeState
from nfemu.model.orders import OrderState, PaymentState
from nfemu.model.plans import Measured
from nfemu.model.provider import ProviderStage
from nfemu.model.session import SessionState
from nfemu.model.subscriber import CardRole, Hold, OrderedProfile
from nfemu.model.webhooks import DeliveryState
from nfemu.store.columns import MOMENT, SERIAL, one_of, partial

HEAD = "0017"
"""The newest migration. A store at this version opens without loading the migration machinery."""

NO_PROFILE = "-"
"""No profile has such a name."""

NO_LEVEL = 0
"""None was computed: the configuration's level holds."""

LATEST = sa.text("latest = 1")
ACTIVE = sa.text("state = 'active'")
RELEASED = sa.text("state = 'released'")
UNFINISHED = sa.text("(state = 'created' OR state = 'executed' OR state = 'dead')")
DONE = sa.text("state = 'done'")
POSTED = sa.text("posted_at IS NOT NULL")
REFUND = sa.text("substr(trade_no, 1, 7) = 'refund/'")
REFUND_WANTED = sa.text("refund = 'wanted'")
SENT = sa.text("state = 'sent'")
PENDING = sa.text("state = 'pending'")
OPEN = sa.text("state = 'created'")
GRANTED = sa.text("state = 'open'")
HAS_FEES = sa.text("(plan IS NOT NULL OR services IS NOT NULL)")
TO_NOTIFY = sa.text("notify_at IS NOT NULL")
SIGNED = sa.text("state = 'signed'")
SETTLED = sa.text("settled_at IS NOT NULL")
UNSETTLED = sa.text("(state = 'requested' OR state = 'unanswered')")

metadata = sa.MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _unique_partial(name: str, column: sa.Column[Any], where: sa.TextClause) -> sa.Index:
    return sa.Index(name, column, unique=True, sqlite_where=where, postgresql_where=where)


account = sa.Table(
    "account",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("credit_limit", sa.BigInteger, nullable=False),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("balance", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("granted", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("scored_level", sa.SmallInteger, nullable=False, server_default=str(NO_LEVEL)),
    one_of("kind", AccountKind),
    sa.CheckConstraint("level BETWEEN 1 AND 10", name="level"),
    sqlite_with_rowid=False,
)

subscriber = sa.Table(
    "subscriber",
    metadata,
    sa.Column("imsi", sa.Text, primary_key=True),
    sa.Column("msisdn", sa.Text, nullable=False),
    sa.Column("account_id", sa.Text, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("static_ipv4", sa.Text),
    sa.Column("static_ipv6", sa.Text),
    sa.Column("ordered", sa.Text, nullable=False, server_default=OrderedProfile.OPEN.value),
    sa.Column("version", sa.BigInteger, nullable=False, server_default="1"),
    sa.Column("hold", sa.Text, nullable=False, server_default=Hold.NONE.value),
    sa.Column("profile", sa.Text, nullable=False, server_default=NO_PROFILE),
    sa.Column("segment", sa.Text),
    sa.Column("wechat", sa.SmallInteger),
    sa.Column("plan", sa.Text),
    sa.Column("services", sa.Text),
    one_of("role", CardRole),
    one_of("ordered", OrderedProfile),
    one_of("hold", Hold),
    sqlite_with_rowid=False,
)
subscriber_by_msisdn = sa.Index("ux_subscriber_msisdn", subscriber.c.msisdn, unique=True)
subscriber_by_account = sa.Index("ix_subscriber_account_id", subscriber.c.account_id)
partial("ix_subscriber_fees", subscriber.c.account_id, where=HAS_FEES)

session = sa.Table(
    "session",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi"), nullable=False),
    sa.Column("msisdn", sa.Text, nullable=False),
    sa.Column("apn", sa.Text, nullable=False),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("ue_ipv4", sa.Text),
    sa.Column("ue_ipv6", sa.Text),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("policy_version", sa.BigInteger, nullable=False),
    sa.Column("acknowledged_version", sa.BigInteger, nullable=False),
    sa.Column("attached_at", MOMENT, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("released_at", MOMENT),
    sa.Column("ebi", sa.SmallInteger, nullable=False),
    sa.Column("latest", sa.SmallInteger, nullable=False),
    one_of("state", SessionState),
    sa.CheckConstraint("acknowledged_version <= policy_version", name="acknowledged_version"),
    sa.CheckConstraint("ebi BETWEEN 5 AND 15", name="ebi"),
    sa.CheckConstraint("latest = 0 OR latest = 1", name="latest"),
    sa.CheckConstraint("latest = 1 OR state = 'released'", name="older_is_released"),
)
"""Every session there was. `latest` is 1 for the subscriber's one of the highest policy version; only that one can
be active, so nobody has two."""
_unique_partial("ux_session_latest", session.c.imsi, LATEST)
partial("ix_session_released_at", session.c.released_at, where=RELEASED)
_unique_partial("ux_session_active_ipv4", session.c.ue_ipv4, ACTIVE)
_unique_partial("ux_session_active_ipv6", session.c.ue_ipv6, ACTIVE)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("account_id", sa.Text, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("trade_no", sa.Text),
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi")),
    sa.Column("note", sa.Text, nullable=False),
    sa.CheckConstraint("(kind = 'charge' AND amount < 0) OR (kind = 'payment' AND amount > 0)", name="amount"),
)
ledger_by_trade_no = sa.Index("ux_ledger_trade_no", ledger.c.trade_no, unique=True)
partial("ix_ledger_refund", ledger.c.at, where=REFUND)
ledger_by_account = sa.Index("ix_ledger_account_id", ledger.c.account_id, ledger.c.serial)

share = sa.Table(
    "share",
    metadata,
    sa.Column("account_id", sa.Text, sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi"), primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Sum of an account's ledger entries that one card caused or paid."""

work_order = sa.Table(
    "work_order",
    metadata,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("correlation", sa.Text, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("done_at", MOMENT),
    sa.Column("profile", sa.Text),
    sa.Column("billed_at", MOMENT),
    sa.Column("executed_at", MOMENT),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("next_attempt_at", MOMENT),
    sa.Column("moved_at", MOMENT, nullable=False),
    sa.Column("ahead", sa.BigInteger),
    one_of("target", OrderedProfile),
    one_of("state", OrderState),
)
"""`moved_at`: the last of its times but `next_attempt_at`, by which those of the last hour are found. `ahead`:
microseconds that the account's clock was ahead of the carrier's when it was done; null: none."""
partial("ix_work_order_unfinished", work_order.c.imsi, where=UNFINISHED)
partial("ix_work_order_done", work_order.c.imsi, work_order.c.done_at, where=DONE)
sa.Index("ix_work_order_moved_at", work_order.c.moved_at)

notice = sa.Table(
    "notice",
    metadata,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("correlation", sa.Text, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("link", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("sent_at", MOMENT),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger),
    sa.Column("currency", sa.Text),
    sa.Column("clicked_at", MOMENT),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("retry_at", MOMENT),
    one_of("state", NoticeState),
    one_of("channel", Channel),
)
sa.Index("ix_notice_told", notice.c.imsi, notice.c.created_at)
partial("ix_notice_pending", notice.c.imsi, where=PENDING)
partial("ix_notice_inbox", notice.c.imsi, notice.c.sent_at, notice.c.serial, where=SENT)

relay = sa.Table(
    "relay",
    metadata,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("notice_id", sa.Text, sa.ForeignKey("notice.id"), nullable=False, unique=True),
)
"""Short messages in the inbox that no receiver of SMPP has acknowledged yet, in the order in which they were sent."""

payment = sa.Table(
    "payment",
    metadata,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("no", sa.Text, nullable=False, unique=True),
    sa.Column("account_id", sa.Text, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi"), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("expires_at", MOMENT, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("trade_no", sa.Text),
    sa.Column("immediate", sa.SmallInteger),
    sa.Column("paid_at", MOMENT),
    sa.Column("posted_at", MOMENT),
    sa.Column("due", sa.BigInteger),
    sa.Column("refund", sa.Text),
    one_of("state", PaymentState),
    sa.CheckConstraint("amount > 0", name="amount"),
)
partial("ix_payment_open", payment.c.imsi, where=OPEN)
sa.Index("ix_payment_created_at", payment.c.created_at)
partial("ix_payment_posted_at", payment.c.posted_at, where=POSTED)
partial("ix_payment_refund_wanted", payment.c.created_at, where=REFUND_WANTED)

provider_order = sa.Table(
    "provider_order",
    metadata,
    sa.Column("no", sa.Text, primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("wrong_pins", sa.SmallInteger, nullable=False),
    sa.Column("paid_at", MOMENT),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("notify_at", MOMENT),
    one_of("stage", ProviderStage),
    sqlite_with_rowid=False,
)
"""Of the payment provider, another company: nothing here refers to the carrier's tables."""
partial("ix_provider_order_notify_at", provider_order.c.notify_at, where=TO_NOTIFY)

agreement = sa.Table(
    "agreement",
    metadata,
    sa.Column("no", sa.Text, primary_key=True),
    sa.Column("account_id", sa.Text, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi"), nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("contract", sa.Text, nullable=False),
    sa.Column("cap", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("signed_at", MOMENT, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("revoked_at", MOMENT),
    one_of("state", AgreementState),
    sa.CheckConstraint("cap > 0", name="cap"),
    sqlite_with_rowid=False,
)
_unique_partial("ux_agreement_signed", agreement.c.account_id, SIGNED)

deduction = sa.Table(
    "deduction",
    metadata,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("no", sa.Text, nullable=False, unique=True),
    sa.Column("agreement_no", sa.Text, sa.ForeignKey("agreement.no"), nullable=False),
    sa.Column("account_id", sa.Text, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi"), nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("before", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("correlation", sa.Text, nullable=False),
    sa.Column("requested_at", MOMENT, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("retry_at", MOMENT),
    sa.Column("trade_no", sa.Text),
    one_of("state", DeductionState),
    sa.CheckConstraint("amount > 0", name="amount"),
)
_unique_partial("ux_deduction_unsettled", deduction.c.account_id, UNSETTLED)

usage = sa.Table(
    "usage",
    metadata,
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("imsi", sa.Text, primary_key=True),
    sa.Column("policy", sa.Text, primary_key=True),
    sa.Column("destinations", sa.Text, primary_key=True),
    sa.Column("up", sa.BigInteger, nullable=False),
    sa.Column("down", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Octets of a line in one business day (ISO 8601, the carrier's), by policy profile and group of destinations."""

credit_grant = sa.Table(
    "credit_grant",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account_id", sa.Text, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi"), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("granted_at", MOMENT, nullable=False),
    sa.Column("expires_at", MOMENT, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    one_of("state", GrantState),
    sa.CheckConstraint("amount > 0", name="amount"),
    sqlite_with_rowid=False,
)
"""Credit for a while. `account.granted` is the sum of the open ones, kept in the transaction that puts one."""
partial("ix_credit_grant_open", credit_grant.c.account_id, where=GRANTED)

consumption = sa.Table(
    "consumption",
    metadata,
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi"), primary_key=True),
    sa.Column("month", sa.Text, primary_key=True),
    sa.Column("measured", sa.Text, primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.Column("units", sa.BigInteger, nullable=False),
    one_of("measured", Measured),
    sqlite_with_rowid=False,
)
"""What a card has used in a calendar month (its first day, ISO 8601), as its tariff counts it."""

posted_usage = sa.Table(
    "posted_usage",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi"), nullable=False),
    sa.Column("measured", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    one_of("measured", Measured),
    sqlite_with_rowid=False,
)
"""What was posted under keys of their senders', so that it counts once."""

duty = sa.Table(
    "duty",
    metadata,
    sa.Column("account_id", sa.Text, sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("due_at", MOMENT, nullable=False),
    sqlite_with_rowid=False,
)
"""What an account has to expect next, of each kind (`model.duties`)."""
duty_in_order = sa.Index("ix_duty_due_at", duty.c.due_at, duty.c.kind, duty.c.account_id)

account_clock = sa.Table(
    "account_clock",
    metadata,
    sa.Column("account_id", sa.Text, sa.ForeignKey("account.id"), primary_key=True),
    sa.Column("ahead", sa.BigInteger, nullable=False),
    sa.CheckConstraint("ahead >= 0", name="ahead"),
    sqlite_with_rowid=False,
)
"""The accounts on clocks of their own: microseconds ahead of the carrier's. All of an account's moments but those of
orders and sessions are of its own time, so an account that is moved has nothing but this row changed."""

provider_contract = sa.Table(
    "provider_contract",
    metadata,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("bank", sa.Text, nullable=False),
    sa.Column("ended", sa.SmallInteger, nullable=False),
    one_of("bank", Bank),
    sa.CheckConstraint("ended = 0 OR ended = 1", name="ended"),
    sqlite_with_rowid=False,
)
"""Of the built-in payment provider, which is another house: nothing of the carrier's refers to it."""

provider_deduction = sa.Table(
    "provider_deduction",
    metadata,
    sa.Column("no", sa.Text, primary_key=True),
    sa.Column("decided", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What the built-in provider decided on each deduction, once."""

event = sa.Table(
    "event",
    metadata,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("imsi", sa.Text, sa.ForeignKey("subscriber.imsi"), nullable=False),
    sa.Column("correlation", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("elapsed_ms", sa.Double, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("business_at", MOMENT),
)
"""The timeline. `detail` is a JSON object of texts; `business_at` is null where a program of before wrote it."""
sa.Index("ix_event_imsi", event.c.imsi, event.c.serial)

webhook_position = sa.Table(
    "webhook_position",
    metadata,
    sa.Column("webhook", sa.Text, primary_key=True),
    sa.Column("serial", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Up to which event of all timelines a receiver's deliveries have been made. Who is a receiver is kept elsewhere."""

webhook_delivery = sa.Table(
    "webhook_delivery",
    metadata,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("webhook", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("since", MOMENT, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("refusals", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", MOMENT),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("settled_at", MOMENT),
    one_of("state", DeliveryState),
)
sa.Index("ux_webhook_delivery_event", webhook_delivery.c.webhook, webhook_delivery.c.event, unique=True)
partial("ix_webhook_delivery_pending", webhook_delivery.c.webhook, webhook_delivery.c.serial, where=PENDING)
partial("ix_webhook_delivery_settled_at", webhook_delivery.c.settled_at, where=SETTLED)

host_name = sa.Table(
    "host_name",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False, unique=True),
)
"""Numbers of host names in the order of first use, from 1."""

setting = sa.Table(
    "setting",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""Single values: `clock` (where the test clock stands), `seed` (fingerprint of what was loaded)."""
