"""Payments know what was due when they were ordered, and whether their money is to go back."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("payment", sa.Column("due", sa.BigInteger(), nullable=True))
    op.add_column("payment", sa.Column("refund", sa.Text(), nullable=True))
    op.create_index("ix_payment_created_at", "payment", ["created_at"])
    wanted = sa.text("refund = 'wanted'")
    op.create_index("ix_payment_refund_wanted", "payment", ["created_at"], sqlite_where=wanted, postgresql_where=wanted)
    refund = sa.text("substr(trade_no, 1, 7) = 'refund/'")
    op.create_index("ix_ledger_refund", "ledger", ["at"], sqlite_where=refund, postgresql_where=refund)
