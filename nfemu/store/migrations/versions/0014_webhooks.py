"""Who is told of events elsewhere, how far, and what became of each telling."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STATES = "state = 'pending' OR state = 'delivered' OR state = 'dead'"
_PENDING = sa.text("state = 'pending'")
_SETTLED = sa.text("settled_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "webhook_position",
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("webhook", name=op.f("pk_webhook_position")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(_STATES, name=op.f("ck_webhook_delivery_state")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_webhook_delivery")),
    )
    op.create_index("ux_webhook_delivery_event", "webhook_delivery", ["webhook", "event"], unique=True)
    op.create_index(
        "ix_webhook_delivery_pending",
        "webhook_delivery",
        ["webhook", "serial"],
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )
    op.create_index(
        "ix_webhook_delivery_settled_at",
        "webhook_delivery",
        ["settled_at"],
        sqlite_where=_SETTLED,
        postgresql_where=_SETTLED,
    )
