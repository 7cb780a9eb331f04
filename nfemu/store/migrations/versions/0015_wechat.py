"""The books of the emulated WeChat Pay."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _trade()
    _refund()
    _notification()
    _attempt()
    _armed()


def _trade() -> None:
    op.create_table(
        "wechat_trade",
        sa.Column("mchid", sa.Text(), nullable=False),
        sa.Column("out_trade_no", sa.Text(), nullable=False),
        sa.Column("appid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("notify_url", sa.Text(), nullable=False),
        sa.Column("prepay_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("attach", sa.Text(), nullable=False),
        sa.Column("client_ip", sa.Text(), nullable=False),
        sa.Column("openid", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.BigInteger(), nullable=True),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.CheckConstraint("kind = 'MWEB' OR kind = 'JSAPI'", name=op.f("ck_wechat_trade_kind")),
        sa.CheckConstraint(
            "state = 'NOTPAY' OR state = 'USERPAYING' OR state = 'PAYERROR' OR state = 'SUCCESS' OR state = 'REFUND'"
            " OR state = 'CLOSED'",
            name=op.f("ck_wechat_trade_state"),
        ),
        sa.CheckConstraint("total > 0 AND refunded >= 0 AND refunded <= total", name=op.f("ck_wechat_trade_amounts")),
        sa.PrimaryKeyConstraint("mchid", "out_trade_no", name=op.f("pk_wechat_trade")),
        sa.UniqueConstraint("prepay_id", name=op.f("uq_wechat_trade_prepay_id")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_wechat_trade_transaction_id")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_wechat_trade_created_at", "wechat_trade", ["created_at"])
    paid = sa.text("paid_at IS NOT NULL")
    op.create_index(
        "ix_wechat_trade_paid_at", "wechat_trade", ["mchid", "paid_at"], sqlite_where=paid, postgresql_where=paid
    )


def _refund() -> None:
    op.create_table(
        "wechat_refund",
        sa.Column("mchid", sa.Text(), nullable=False),
        sa.Column("out_refund_no", sa.Text(), nullable=False),
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("out_trade_no", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("arrives_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("notify_url", sa.Text(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_wechat_refund_amount")),
        sa.ForeignKeyConstraint(
            ["mchid", "out_trade_no"],
            ["wechat_trade.mchid", "wechat_trade.out_trade_no"],
            name=op.f("fk_wechat_refund_mchid_out_trade_no"),
        ),
        sa.PrimaryKeyConstraint("mchid", "out_refund_no", name=op.f("pk_wechat_refund")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_wechat_refund_refund_id")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_wechat_refund_trade", "wechat_refund", ["mchid", "out_trade_no"])
    op.create_index("ix_wechat_refund_created_at", "wechat_refund", ["mchid", "created_at"])


def _notification() -> None:
    op.create_table(
        "wechat_notification",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mchid", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("out_trade_no", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("out_refund_no", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("accepted", sa.SmallInteger(), nullable=False),
        sa.Column("held", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "event = 'TRANSACTION.SUCCESS' OR event = 'REFUND.SUCCESS'", name=op.f("ck_wechat_notification_event")
        ),
        sa.ForeignKeyConstraint(
            ["mchid", "out_trade_no"],
            ["wechat_trade.mchid", "wechat_trade.out_trade_no"],
            name=op.f("fk_wechat_notification_mchid_out_trade_no"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_notification")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_wechat_notification_trade", "wechat_notification", ["mchid", "out_trade_no"])
    due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_wechat_notification_due_at", "wechat_notification", ["due_at"], sqlite_where=due, postgresql_where=due
    )


def _attempt() -> None:
    op.create_table(
        "wechat_attempt",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("notification", sa.Text(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("wall", sa.BigInteger(), nullable=False),
        sa.Column("deviation", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notification"], ["wechat_notification.id"], name=op.f("fk_wechat_attempt_notification")
        ),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_wechat_attempt")),
    )
    op.create_index("ix_wechat_attempt_notification", "wechat_attempt", ["notification", "serial"])


def _armed() -> None:
    op.create_table(
        "wechat_armed",
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("mchid", sa.Text(), nullable=False),
        sa.Column("out_trade_no", sa.Text(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_wechat_armed")),
    )
    left = sa.text("remaining > 0")
    op.create_index("ix_wechat_armed_left", "wechat_armed", ["no"], sqlite_where=left, postgresql_where=left)
