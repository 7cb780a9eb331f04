"""The tables of the emulated WeChat Pay: another company's, so nothing here refers to the carrier's.

Money is in fen of the trade's currency. Kinds of faults and deviations grow with the product and are the model's alone.
"""

import sqlalchemy as sa

from nfemu.store.columns import MOMENT, SERIAL, one_of, partial
from nfemu.store.schema import metadata
from nfemu.wechat.notification import Event
from nfemu.wechat.trade import TradeState, TradeType

DUE = sa.text("due_at IS NOT NULL")
PAID = sa.text("paid_at IS NOT NULL")
LEFT = sa.text("remaining > 0")

trade = sa.Table(
    "wechat_trade",
    metadata,
    sa.Column("mchid", sa.Text, primary_key=True),
    sa.Column("out_trade_no", sa.Text, primary_key=True),
    sa.Column("appid", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("notify_url", sa.Text, nullable=False),
    sa.Column("prepay_id", sa.Text, nullable=False, unique=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("expires_at", MOMENT, nullable=False),
    sa.Column("attach", sa.Text, nullable=False),
    sa.Column("client_ip", sa.Text, nullable=False),
    sa.Column("openid", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("transaction_id", sa.Text, unique=True),
    sa.Column("paid_at", MOMENT),
    sa.Column("refunded", sa.BigInteger, nullable=False),
    sa.Column("fault", sa.Text),
    one_of("kind", TradeType),
    one_of("state", TradeState),
    sa.CheckConstraint("total > 0 AND refunded >= 0 AND refunded <= total", name="amounts"),
    sqlite_with_rowid=False,
)
sa.Index("ix_wechat_trade_created_at", trade.c.created_at)
partial("ix_wechat_trade_paid_at", trade.c.mchid, trade.c.paid_at, where=PAID)

refund = sa.Table(
    "wechat_refund",
    metadata,
    sa.Column("mchid", sa.Text, primary_key=True),
    sa.Column("out_refund_no", sa.Text, primary_key=True),
    sa.Column("refund_id", sa.Text, nullable=False, unique=True),
    sa.Column("out_trade_no", sa.Text, nullable=False),
    sa.Column("transaction_id", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("arrives_at", MOMENT, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("notify_url", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["mchid", "out_trade_no"], ["wechat_trade.mchid", "wechat_trade.out_trade_no"]),
    sa.CheckConstraint("amount > 0", name="amount"),
    sqlite_with_rowid=False,
)
sa.Index("ix_wechat_refund_trade", refund.c.mchid, refund.c.out_trade_no)
sa.Index("ix_wechat_refund_created_at", refund.c.mchid, refund.c.created_at)

notification = sa.Table(
    "wechat_notification",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("mchid", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("out_trade_no", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("due_at", MOMENT),
    sa.Column("out_refund_no", sa.Text, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("accepted", sa.SmallInteger, nullable=False),
    sa.Column("held", sa.SmallInteger, nullable=False),
    sa.ForeignKeyConstraint(["mchid", "out_trade_no"], ["wechat_trade.mchid", "wechat_trade.out_trade_no"]),
    one_of("event", Event),
    sqlite_with_rowid=False,
)
sa.Index("ix_wechat_notification_trade", notification.c.mchid, notification.c.out_trade_no)
partial("ix_wechat_notification_due_at", notification.c.due_at, where=DUE)

attempt = sa.Table(
    "wechat_attempt",
    metadata,
    sa.Column("serial", SERIAL, primary_key=True),
    sa.Column("notification", sa.Text, sa.ForeignKey("wechat_notification.id"), nullable=False),
    sa.Column("number", sa.SmallInteger, nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("wall", MOMENT, nullable=False),
    sa.Column("deviation", sa.Text, nullable=False),
    sa.Column("status", sa.SmallInteger, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
)
"""Deliveries of notifications, and what merchants answered."""
sa.Index("ix_wechat_attempt_notification", attempt.c.notification, attempt.c.serial)

armed = sa.Table(
    "wechat_armed",
    metadata,
    sa.Column("no", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("fault", sa.Text, nullable=False),
    sa.Column("mchid", sa.Text, nullable=False),
    sa.Column("out_trade_no", sa.Text, nullable=False),
    sa.Column("remaining", sa.BigInteger, nullable=False),
)
"""Faults that wait for their orders; empty texts: whosever, whichever."""
partial("ix_wechat_armed_left", armed.c.no, where=LEFT)
