"""Long lists become deliveries behind the answer; deliveries know their lane."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _lane()
    _expansion()


def _lane() -> None:
    op.add_column("delivery", sa.Column("lane", sa.String(length=8), nullable=False, server_default="single"))
    # Of what is final nobody asks for the lane any more.
    op.execute(
        "UPDATE delivery SET lane = 'bulk' WHERE state IN ('waiting', 'ready', 'held', 'claimed', 'sending', 'unknown')"
        " AND job_id IN (SELECT id FROM job WHERE recipients > 1)"
    )
    op.drop_index("ix_delivery_waiting", "delivery")
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_delivery_waiting",
        "delivery",
        ["lane", "due_at", "id"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def _expansion() -> None:
    op.create_table(
        "expansion",
        sa.Column("job_id", ID, autoincrement=False, nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("prices", sa.JSON(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_expansion_job_id_job")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_expansion")),
    )
