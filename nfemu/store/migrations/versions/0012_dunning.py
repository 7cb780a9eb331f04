"""Whom the carrier talks to, and how; what a card was told of late."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("subscriber", sa.Column("segment", sa.Text(), nullable=True))
    op.add_column("subscriber", sa.Column("wechat", sa.SmallInteger(), nullable=True))
    op.create_index("ix_notice_told", "notice", ["imsi", "created_at"])
