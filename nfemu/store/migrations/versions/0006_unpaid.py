"""The unpaid payment orders of one card are found without reading everybody's."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.drop_index("ix_payment_open", "payment")
    unpaid = sa.text("state = 'created'")
    op.create_index("ix_payment_open", "payment", ["imsi"], sqlite_where=unpaid, postgresql_where=unpaid)
