"""An APN profile of a line's own, and the orders that give one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("subscriber", sa.Column("profile", sa.Text(), nullable=False, server_default="-"))
    op.add_column("work_order", sa.Column("profile", sa.Text(), nullable=True))
