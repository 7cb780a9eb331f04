"""What accounts have to expect of the future, one moment for each kind of duty; and what cards cost."""

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
    op.add_column("subscriber", sa.Column("plan", sa.Text(), nullable=True))
    op.add_column("subscriber", sa.Column("services", sa.Text(), nullable=True))
    fees = sa.text("(plan IS NOT NULL OR services IS NOT NULL)")
    op.create_index("ix_subscriber_fees", "subscriber", ["account_id"], sqlite_where=fees, postgresql_where=fees)
