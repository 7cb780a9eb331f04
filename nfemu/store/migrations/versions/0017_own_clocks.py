"""Accounts on clocks of their own, how far ahead they were when orders were done; use that is posted under a key."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "account_clock",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("ahead", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("ahead >= 0", name=op.f("ck_account_clock_ahead")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_clock_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_clock")),
        sqlite_with_rowid=False,
    )
    op.add_column("work_order", sa.Column("ahead", sa.BigInteger(), nullable=True))
    op.create_table(
        "posted_usage",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("measured", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("measured = 'data' OR measured = 'voice'", name=op.f("ck_posted_usage_measured")),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_posted_usage_imsi")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_posted_usage")),
        sqlite_with_rowid=False,
    )
