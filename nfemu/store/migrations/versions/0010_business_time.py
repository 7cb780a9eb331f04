"""When events happened by business time, which on a test clock says when it was moved."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("event", sa.Column("business_at", sa.BigInteger(), nullable=True))
