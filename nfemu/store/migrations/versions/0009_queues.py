"""Orders that wait in queues, are tried again, and are given up (S26); how long orders and payments take (S28)."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STATES = "state = 'created' OR state = 'executed' OR state = 'done' OR state = 'superseded' OR state = 'dead'"
_TARGETS = "target = 'open' OR target = 'arrears' OR target = 'barred'"
_KEPT = "serial, id, imsi, kind, target, cause, correlation, created_at, state, done_at, profile"
_MOVED = "COALESCE(done_at, created_at)"


def upgrade() -> None:
    op.drop_index("ix_work_order_unfinished", "work_order")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild()
    else:
        _alter()
    unfinished = sa.text("(state = 'created' OR state = 'executed' OR state = 'dead')")
    op.create_index(
        "ix_work_order_unfinished", "work_order", ["imsi"], sqlite_where=unfinished, postgresql_where=unfinished
    )
    op.create_index("ix_work_order_moved_at", "work_order", ["moved_at"])
    op.add_column("payment", sa.Column("paid_at", sa.BigInteger(), nullable=True))
    op.add_column("payment", sa.Column("posted_at", sa.BigInteger(), nullable=True))
    posted = sa.text("posted_at IS NOT NULL")
    op.create_index("ix_payment_posted_at", "payment", ["posted_at"], sqlite_where=posted, postgresql_where=posted)


def _rebuild() -> None:
    """SQLite changes no CHECK of a table that is there."""
    op.rename_table("work_order", "work_order_before")
    op.create_table(
        "work_order",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("profile", sa.Text(), nullable=True),
        *_added(),
        sa.CheckConstraint(_STATES, name=op.f("ck_work_order_state")),
        sa.CheckConstraint(_TARGETS, name=op.f("ck_work_order_target")),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_work_order_imsi")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_work_order")),
        sa.UniqueConstraint("id", name=op.f("uq_work_order_id")),
    )
    op.execute(
        f"INSERT INTO work_order ({_KEPT}, attempts, moved_at) SELECT {_KEPT}, 0, {_MOVED} FROM work_order_before"  # noqa: S608 - constants
    )
    op.drop_table("work_order_before")


def _alter() -> None:
    for column in _added():
        column.nullable = True
        op.add_column("work_order", column)
    op.execute(f"UPDATE work_order SET attempts = 0, moved_at = {_MOVED}")  # noqa: S608 - constants
    op.alter_column("work_order", "attempts", nullable=False)
    op.alter_column("work_order", "moved_at", nullable=False)
    op.drop_constraint(op.f("ck_work_order_state"), "work_order")
    op.create_check_constraint(op.f("ck_work_order_state"), "work_order", _STATES)


def _added() -> list[sa.Column[int]]:
    return [
        sa.Column("billed_at", sa.BigInteger(), nullable=True),
        sa.Column("executed_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
    ]
