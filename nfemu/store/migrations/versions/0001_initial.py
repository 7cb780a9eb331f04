"""The first schema: people and their sessions, money, the back office's papers."""

import sqlalchemy as sa
from alembic import op

from nfemu.store.append_only import protect

revision = "0001"
down_revision = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _partial(name: str, table: str, *columns: str, where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _unique_partial(name: str, table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, [column], unique=True, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    _people()
    _money()
    _back_office()
    _values()
    protect(op.get_bind())


def _people() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("kind = 'personal' OR kind = 'unit'", name=op.f("ck_account_kind")),
        sa.CheckConstraint("level BETWEEN 1 AND 10", name=op.f("ck_account_level")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscriber",
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("msisdn", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("static_ipv4", sa.Text(), nullable=True),
        sa.Column("static_ipv6", sa.Text(), nullable=True),
        sa.Column("ordered", sa.Text(), server_default="open", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("hold", sa.Text(), server_default="none", nullable=False),
        sa.CheckConstraint("hold = 'none' OR hold = 'restrict' OR hold = 'restore'", name=op.f("ck_subscriber_hold")),
        sa.CheckConstraint(
            "ordered = 'open' OR ordered = 'arrears' OR ordered = 'barred'", name=op.f("ck_subscriber_ordered")
        ),
        sa.CheckConstraint("role = 'main' OR role = 'secondary'", name=op.f("ck_subscriber_role")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_subscriber_account_id")),
        sa.PrimaryKeyConstraint("imsi", name=op.f("pk_subscriber")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_subscriber_account_id", "subscriber", ["account_id"])
    op.create_index("ux_subscriber_msisdn", "subscriber", ["msisdn"], unique=True)
    op.create_table(
        "session",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("msisdn", sa.Text(), nullable=False),
        sa.Column("apn", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("ue_ipv4", sa.Text(), nullable=True),
        sa.Column("ue_ipv6", sa.Text(), nullable=True),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("policy_version", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_version", sa.BigInteger(), nullable=False),
        sa.Column("attached_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("ebi", sa.SmallInteger(), nullable=False),
        sa.Column("latest", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("latest = 1 OR state = 'released'", name=op.f("ck_session_older_is_released")),
        sa.CheckConstraint("state = 'active' OR state = 'released'", name=op.f("ck_session_state")),
        sa.CheckConstraint("acknowledged_version <= policy_version", name=op.f("ck_session_acknowledged_version")),
        sa.CheckConstraint("ebi BETWEEN 5 AND 15", name=op.f("ck_session_ebi")),
        sa.CheckConstraint("latest = 0 OR latest = 1", name=op.f("ck_session_latest")),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_session_imsi")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
    )
    _partial("ix_session_released_at", "session", "released_at", where="state = 'released'")
    _unique_partial("ux_session_active_ipv4", "session", "ue_ipv4", where="state = 'active'")
    _unique_partial("ux_session_active_ipv6", "session", "ue_ipv6", where="state = 'active'")
    _unique_partial("ux_session_latest", "session", "imsi", where="latest = 1")


def _money() -> None:
    op.create_table(
        "ledger",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("trade_no", sa.Text(), nullable=True),
        sa.Column("imsi", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'charge' AND amount < 0) OR (kind = 'payment' AND amount > 0)", name=op.f("ck_ledger_amount")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ledger_account_id")),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_ledger_imsi")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_ledger")),
    )
    op.create_index("ix_ledger_account_id", "ledger", ["account_id", "serial"])
    op.create_index("ux_ledger_trade_no", "ledger", ["trade_no"], unique=True)
    op.create_table(
        "share",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_share_account_id")),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_share_imsi")),
        sa.PrimaryKeyConstraint("account_id", "imsi", name=op.f("pk_share")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payment",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("trade_no", sa.Text(), nullable=True),
        sa.CheckConstraint("state = 'created' OR state = 'paid' OR state = 'closed'", name=op.f("ck_payment_state")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_payment_account_id")),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_payment_imsi")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_payment")),
        sa.UniqueConstraint("no", name=op.f("uq_payment_no")),
    )
    _partial("ix_payment_open", "payment", "no", where="state = 'created'")


def _back_office() -> None:
    op.create_table(
        "work_order",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state = 'created' OR state = 'executed' OR state = 'done' OR state = 'superseded'",
            name=op.f("ck_work_order_state"),
        ),
        sa.CheckConstraint(
            "target = 'open' OR target = 'arrears' OR target = 'barred'", name=op.f("ck_work_order_target")
        ),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_work_order_imsi")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_work_order")),
        sa.UniqueConstraint("id", name=op.f("uq_work_order_id")),
    )
    _partial("ix_work_order_unfinished", "work_order", "imsi", where="(state = 'created' OR state = 'executed')")
    op.create_table(
        "notice",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state = 'pending' OR state = 'sent'", name=op.f("ck_notice_state")),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_notice_imsi")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_notice")),
        sa.UniqueConstraint("id", name=op.f("uq_notice_id")),
    )
    _partial("ix_notice_inbox", "notice", "imsi", "sent_at", "serial", where="state = 'sent'")
    _partial("ix_notice_pending", "notice", "id", where="state = 'pending'")
    op.create_table(
        "event",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("elapsed_ms", sa.Double(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_event_imsi")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_event")),
    )
    op.create_index("ix_event_imsi", "event", ["imsi", "serial"])


def _values() -> None:
    op.create_table(
        "host_name",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_host_name")),
        sa.UniqueConstraint("name", name=op.f("uq_host_name_name")),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
