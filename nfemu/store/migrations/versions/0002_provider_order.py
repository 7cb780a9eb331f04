"""The payment provider's books."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "provider_order",
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("wrong_pins", sa.SmallInteger(), nullable=False),
        sa.Column("paid_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("notify_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "stage = 'open' OR stage = 'paid' OR stage = 'failed' OR stage = 'cancelled' OR stage = 'expired'",
            name=op.f("ck_provider_order_stage"),
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_provider_order")),
        sqlite_with_rowid=False,
    )
    due = sa.text("notify_at IS NOT NULL")
    op.create_index(
        "ix_provider_order_notify_at", "provider_order", ["notify_at"], sqlite_where=due, postgresql_where=due
    )
