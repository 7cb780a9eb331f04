"""Auto-deduct: agreements, and deductions made by them (G19)."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _unique_partial(name: str, table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, [column], unique=True, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    op.create_table(
        "agreement",
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state = 'signed' OR state = 'revoked'", name=op.f("ck_agreement_state")),
        sa.CheckConstraint("cap > 0", name=op.f("ck_agreement_cap")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_agreement_account_id")),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_agreement_imsi")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_agreement")),
        sqlite_with_rowid=False,
    )
    _unique_partial("ux_agreement_signed", "agreement", "account_id", where="state = 'signed'")
    op.create_table(
        "deduction",
        sa.Column("serial", _SERIAL, nullable=False),
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("agreement_no", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("correlation", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("trade_no", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state = 'requested' OR state = 'unanswered' OR state = 'deducted' OR state = 'declined'",
            name=op.f("ck_deduction_state"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_deduction_amount")),
        sa.ForeignKeyConstraint(["agreement_no"], ["agreement.no"], name=op.f("fk_deduction_agreement_no")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_deduction_account_id")),
        sa.ForeignKeyConstraint(["imsi"], ["subscriber.imsi"], name=op.f("fk_deduction_imsi")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_deduction")),
        sa.UniqueConstraint("no", name=op.f("uq_deduction_no")),
    )
    _unique_partial(
        "ux_deduction_unsettled", "deduction", "account_id", where="(state = 'requested' OR state = 'unanswered')"
    )
    op.create_table(
        "provider_contract",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("ended", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "bank = 'accept' OR bank = 'decline' OR bank = 'unreachable' OR bank = 'silent'",
            name=op.f("ck_provider_contract_bank"),
        ),
        sa.CheckConstraint("ended = 0 OR ended = 1", name=op.f("ck_provider_contract_ended")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_provider_contract")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "provider_deduction",
        sa.Column("no", sa.Text(), nullable=False),
        sa.Column("decided", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_provider_deduction")),
        sqlite_with_rowid=False,
    )
