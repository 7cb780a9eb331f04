"""Credit levels that are earned, beside those of the configuration; the finished orders of a card are found quickly."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("account", sa.Column("scored_level", sa.SmallInteger(), server_default="0", nullable=False))
    done = sa.text("state = 'done'")
    op.create_index("ix_work_order_done", "work_order", ["imsi", "done_at"], sqlite_where=done, postgresql_where=done)
