"""What is old goes: ages of an account's own, what is kept of a job, and ids of deliveries that are not given again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _account()
    _delivery()
    _job()
    _indexes()


def _account() -> None:
    for days in ("document_days", "fax_days", "kept_fax_days", "record_days"):
        op.add_column("account", sa.Column(days, sa.Integer(), nullable=True))


def _job() -> None:
    op.add_column("job", sa.Column("kept", sa.String(length=8), server_default="all", nullable=False))


def _indexes() -> None:
    for name, table, columns, where in (
        ("ix_job_final", "job", ["account_id", "kept", "final_at"], "final_at IS NOT NULL"),
        ("ix_job_condemned", "job", ["id"], "kept = 'nothing'"),
        ("ix_inbound_received", "inbound", ["account_id", "received_at"], "deleted_at IS NULL"),
        ("ix_inbound_deleted", "inbound", ["account_id", "deleted_at"], "blob_key <> ''"),
        ("ix_inbound_empty", "inbound", ["account_id", "deleted_at"], "length(blob_key) = 0"),
        ("ix_event_job_id", "event", ["job_id"], None),
        ("ix_event_inbound_id", "event", ["inbound_id"], "inbound_id IS NOT NULL"),
        ("ix_callback_open", "callback", ["job_id"], "done_at IS NULL"),
        ("ix_usage_day", "usage", ["day"], None),
    ):
        partial = None if where is None else sa.text(where)
        op.create_index(name, table, columns, unique=False, sqlite_where=partial, postgresql_where=partial)


def _delivery() -> None:
    """SQLite gives the id of a last row that is gone again, unless told otherwise when the table is made.

    Ids of deliveries are known to the far side, name the files of the outbox, and stand in the ledger for years.
    """
    if op.get_context().dialect.name == "sqlite":
        with op.batch_alter_table("delivery", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass
