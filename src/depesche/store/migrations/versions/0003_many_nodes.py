"""Many nodes on one database, blobs apart from them; holds, quiet hours, lanes, slots."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _blob_names()
    _account()
    _delivery()
    _turn()
    _limits()
    _node()


def _blob_names() -> None:
    op.create_index("ix_document_blob_key", "document", ["blob_key"], unique=False)
    op.create_index("ix_inbound_blob_key", "inbound", ["blob_key"], unique=False)


def _account() -> None:
    op.add_column("account", sa.Column("quiet_from", sa.Time(), nullable=True))
    op.add_column("account", sa.Column("quiet_until", sa.Time(), nullable=True))


def _delivery() -> None:
    # No call is on the line during a migration: two to one number would be in the way of the index.
    op.execute("UPDATE delivery SET state = 'ready', worker = NULL, lease_until = NULL WHERE state = 'claimed'")
    op.execute("UPDATE delivery SET state = 'unknown', worker = NULL, lease_until = NULL WHERE state = 'sending'")
    on_the_line = sa.text("state IN ('claimed', 'sending') AND channel = 'fax'")
    op.create_index(
        "uq_delivery_on_the_line",
        "delivery",
        ["address"],
        unique=True,
        sqlite_where=on_the_line,
        postgresql_where=on_the_line,
    )
    held = sa.text("state = 'held'")
    op.create_index(
        "ix_delivery_held",
        "delivery",
        ["account_id", "channel", "id"],
        unique=False,
        sqlite_where=held,
        postgresql_where=held,
    )


def _turn() -> None:
    # Turns are a memory of minutes: they begin anew.
    op.drop_table("turn")
    op.create_table(
        "turn",
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("last", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "account_id", "lane", name=op.f("pk_turn")),
    )


def _limits() -> None:
    op.create_table(
        "hold",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "channel", name=op.f("pk_hold")),
    )
    op.create_table(
        "slots",
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_slots")),
    )


def _node() -> None:
    op.create_table(
        "node",
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("roles", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draining", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_node")),
    )
