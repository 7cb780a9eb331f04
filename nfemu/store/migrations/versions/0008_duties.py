"""What accounts have to expect of the future, by kind of duty; what cards cost and have used; credit for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "duty",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_duty_account_id")),
        sa.PrimaryKeyConstraint("account_id", "kind", name=op.f("pk_duty")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_duty_due_at", "duty", ["due_at", "kind", "account_id"])
    op.add_column("account", sa.Column("granted", sa.BigInteger(), server_default="0", nullable=False))
    _create_grants()
    op.create_table(
        "consumption",
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("measured", sa.Text(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("measured = 'data' OR measured = 'voice'", name=op.f("ck_consumption_measured")),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_consumption_imsi")),
        sa.PrimaryKeyConstraint("imsi", "month", "measured", name=op.f("pk_consumption")),
        sqlite_with_rowid=False,
    )
    op.add_column("subscriber", sa.Column("plan", sa.Text(), nullable=True))
    op.add_column("subscriber", sa.Column("services", sa.Text(), nullable=True))
    fees = sa.text("(plan IS NOT NULL OR services IS NOT NULL)")
    op.create_index("ix_subscriber_fees", "subscriber", ["account_id"], sqlite_where=fees, postgresql_where=fees)


def _create_grants() -> None:
    op.create_table(
        "credit_grant",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_credit_grant_amount")),
        sa.CheckConstraint("state = 'open' OR state = 'expired'", name=op.f("ck_credit_grant_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_credit_grant_account_id")),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_credit_grant_imsi")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_grant")),
        sqlite_with_rowid=False,
    )
    given = sa.text("state = 'open'")
    op.create_index("ix_credit_grant_open", "credit_grant", ["account_id"], sqlite_where=given, postgresql_where=given)
