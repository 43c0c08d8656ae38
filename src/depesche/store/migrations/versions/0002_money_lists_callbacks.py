"""Money, blacklists, refusals, callbacks; and whether a job ends in the sandbox, for good."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _account_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f(f"fk_{table}_account_id_account"))


def upgrade() -> None:
    _account()
    _job()
    _money()
    _lists()
    _callback()


def _account() -> None:
    for column in (
        sa.Column("payment", sa.String(length=8), server_default="none", nullable=False),
        sa.Column("paid_since", sa.Date(), nullable=True),
        sa.Column("tariff", sa.String(length=40), server_default="standard", nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reserved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("allowance", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("allowance_reserved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("day_spend", sa.BigInteger(), nullable=True),
        sa.Column("day_pages", sa.Integer(), nullable=True),
        sa.Column("most_recipients", sa.Integer(), nullable=True),
        sa.Column("most_pages", sa.Integer(), nullable=True),
        sa.Column("double_minutes", sa.Integer(), nullable=True),
        sa.Column("demands_window", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("account", column)


def _job() -> None:
    op.add_column("job", sa.Column("sandbox", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("job", sa.Column("purse", sa.String(length=8), server_default="none", nullable=False))
    op.add_column("job", sa.Column("day", sa.Date(), nullable=True))
    op.add_column("delivery", sa.Column("price", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(
        "ix_delivery_same",
        "delivery",
        ["job_id", "same_as"],
        unique=False,
        sqlite_where=sa.text("same_as IS NOT NULL"),
        postgresql_where=sa.text("same_as IS NOT NULL"),
    )
    # No line leads out of a revision 0001: an order that is still under way goes where its account says today.
    op.execute("UPDATE job SET sandbox = (SELECT sandbox FROM account WHERE account.id = job.account_id)")


def _money() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", ID, nullable=False),
        _moment("at"),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("job_id", ID, nullable=True),
        sa.Column("delivery_id", ID, nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        _account_key("ledger"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ledger_account_id_id", "ledger", ["account_id", "id"], unique=False)
    op.create_table(
        "usage",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.BigInteger(), nullable=False),
        _account_key("usage"),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_usage")),
    )
    op.create_table(
        "price",
        sa.Column("tariff", sa.String(length=40), nullable=False),
        sa.Column("type", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tariff", "type", "prefix", name=op.f("pk_price")),
    )


def _lists() -> None:
    op.create_table(
        "blocked",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("prefix", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("account_id", "address", "prefix", name=op.f("pk_blocked")),
    )
    op.create_table(
        "refusal",
        sa.Column("id", ID, nullable=False),
        _moment("at"),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_refusal_account_id", "refusal", ["account", "id"], unique=False)


def _callback() -> None:
    op.create_table(
        "callback",
        sa.Column("id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        _moment("due_at"),
        _moment("since"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        _moment("done_at", nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_callback_job_id_job")),
        _account_key("callback"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_callback_job_id_id", "callback", ["job_id", "id"], unique=False)
    op.create_index(
        "ix_callback_due",
        "callback",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
