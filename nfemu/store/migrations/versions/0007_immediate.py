"""Payment orders that wait for nobody: their payer hands the money over with them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("payment", sa.Column("immediate", sa.SmallInteger(), nullable=True))
