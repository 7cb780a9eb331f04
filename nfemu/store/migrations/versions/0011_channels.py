"""Messages by several channels: their failures, clicks, what they name, and what waits for receivers of SMS."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STATES = "state = 'pending' OR state = 'sent' OR state = 'failed' OR state = 'cancelled'"
_CHANNELS = "channel = 'sms' OR channel = 'wechat' OR channel = 'voice'"
_PENDING = sa.text("state = 'pending'")
_SENT = sa.text("state = 'sent'")


def upgrade() -> None:
    op.drop_index("ix_notice_inbox", "notice")
    op.drop_index("ix_notice_pending", "notice")
    with op.batch_alter_table("notice") as notice:  # SQLite changes no CHECK: the table is written anew
        notice.drop_constraint(op.f("ck_notice_state"), type_="check")
        notice.add_column(sa.Column("channel", sa.Text(), nullable=False, server_default="sms"))
        notice.add_column(sa.Column("amount", sa.BigInteger(), nullable=True))
        notice.add_column(sa.Column("currency", sa.Text(), nullable=True))
        notice.add_column(sa.Column("clicked_at", sa.BigInteger(), nullable=True))
        notice.add_column(sa.Column("attempts", sa.SmallInteger(), nullable=False, server_default="0"))
        notice.add_column(sa.Column("retry_at", sa.BigInteger(), nullable=True))
        notice.create_check_constraint(op.f("ck_notice_state"), _STATES)
        notice.create_check_constraint(op.f("ck_notice_channel"), _CHANNELS)
    with op.batch_alter_table("notice") as notice:  # what is there has them now; what comes says so itself
        notice.alter_column("channel", server_default=None)
        notice.alter_column("attempts", server_default=None)
    op.create_index("ix_notice_pending", "notice", ["imsi"], sqlite_where=_PENDING, postgresql_where=_PENDING)
    op.create_index(
        "ix_notice_inbox", "notice", ["imsi", "sent_at", "serial"], sqlite_where=_SENT, postgresql_where=_SENT
    )
    op.create_table(
        "relay",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_relay_notice_id")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_relay")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_relay_notice_id")),
    )
