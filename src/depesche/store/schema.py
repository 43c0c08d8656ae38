"""The tables. Statements are written against them in SQLAlchemy Core; `migrations` makes them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

REVISION = "0013"
"""The last migration: with it the tables are exactly these."""

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite gives ids by itself only to a column of type INTEGER."""


class Moment(sa.TypeDecorator[datetime]):
    """A moment in UTC; aware on the Python side whatever the database keeps."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(sa.TypeDecorator[Decimal]):
    """Euro, kept as a whole number of their ten-thousandths: sums are exact on every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else int(value * PARTS)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        del dialect
        return None if value is None else Decimal(value) / PARTS


PARTS = 10_000
"""Of a euro."""


class Legible(sa.TypeDecorator[str]):
    """Text that somebody else wrote: what no database takes becomes a question mark, what is too long is cut."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__()
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[str]:
        del dialect
        return sa.Text() if self.length is None else sa.String(self.length)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        if value is None or (value.isascii() and value.isprintable()):
            return value and value[: self.length]
        return value.encode(errors="replace").decode().replace("\0", "?")[: self.length]


Row = sa.Row[*tuple[Any, ...]]
"""A row of any query; its columns by name."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

account = sa.Table(
    "account",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("number", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("trial_until", sa.Date),
    sa.Column("sandbox", sa.Boolean, nullable=False),
    sa.Column("country", sa.String(2), nullable=False),
    sa.Column("numbers", sa.JSON, nullable=False),
    sa.Column("job_types", sa.JSON, nullable=False),
    sa.Column("bulk", sa.Boolean, nullable=False),
    sa.Column("abroad", sa.Boolean, nullable=False),
    sa.Column("mail_from", sa.String(320), nullable=False),
    sa.Column("mail_subject", sa.String(200), nullable=False),
    sa.Column("sms_from", sa.String(16), nullable=False),
    sa.Column("sender_addresses", sa.JSON, nullable=False),
    sa.Column("status_encoding", sa.String(16), nullable=False),
    sa.Column("weight", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("payment", sa.String(8), nullable=False, server_default="none"),
    sa.Column("paid_since", sa.Date),
    sa.Column("tariff", sa.String(40), nullable=False, server_default="standard"),
    sa.Column("balance", Money, nullable=False, server_default="0"),
    sa.Column("reserved", Money, nullable=False, server_default="0"),
    sa.Column("allowance", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("allowance_reserved", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("day_spend", Money),
    sa.Column("day_pages", sa.Integer),
    sa.Column("most_recipients", sa.Integer),
    sa.Column("most_pages", sa.Integer),
    sa.Column("double_minutes", sa.Integer),
    sa.Column("demands_window", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("duplex", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("quiet_from", sa.Time),
    sa.Column("quiet_until", sa.Time),
    sa.Column("document_days", sa.Integer),
    sa.Column("fax_days", sa.Integer),
    sa.Column("kept_fax_days", sa.Integer),
    sa.Column("record_days", sa.Integer),
    sa.Column("resolution", sa.String(9), nullable=False, server_default="fine"),
)

account_number = sa.Table(
    "account_number",
    metadata,
    sa.Column("number", sa.String(20), primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("account.id"), nullable=False, index=True),
)
"""Whose a number is; the account's row keeps them too, in order, so that a login reads one row."""

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("type", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("send_at", Moment, nullable=False),
    sa.Column("order_key", sa.String(64), nullable=False),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("sending", sa.JSON, nullable=False),
    sa.Column("repeats", sa.Integer, nullable=False),
    sa.Column("recipients", sa.Integer, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("open", sa.Integer, nullable=False),
    sa.Column("not_ok", sa.Integer, nullable=False),
    sa.Column("final_at", Moment),
    sa.Column("warnings", sa.JSON, nullable=False),
    sa.Column("sandbox", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("purse", sa.String(8), nullable=False, server_default="none"),
    sa.Column("day", sa.Date),
    sa.Column("kept", sa.String(8), nullable=False, server_default="all"),
    sa.Index("ix_job_account_id_order_key", "account_id", "order_key"),
    sa.Index("ix_job_account_id_id", "account_id", "id"),
    sa.Index(
        "ix_job_final",
        "account_id",
        "kept",
        "final_at",
        sqlite_where=sa.text("final_at IS NOT NULL"),
        postgresql_where=sa.text("final_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_job_condemned",
        "id",
        sqlite_where=sa.text("kept = 'nothing'"),
        postgresql_where=sa.text("kept = 'nothing'"),
    ),
    sqlite_autoincrement=True,
)
"""What is `kept` of it: `all`, the `record` without documents and text, or `nothing`: nobody sees it any more, and its
rows go piece by piece (`store.retention`)."""

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("job_id", Id, sa.ForeignKey("job.id"), nullable=False),
    sa.Column("account_id", Id, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("channel", sa.String(8), nullable=False),
    sa.Column("lane", sa.String(8), nullable=False, server_default="single"),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("address", Legible, nullable=False),
    sa.Column("reference", Legible, nullable=False),
    sa.Column("same_as", sa.Integer),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("due_at", Moment),
    sa.Column("turn", sa.Float),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("worker", sa.String(64)),
    sa.Column("lease_until", Moment),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("code", sa.Integer, nullable=False),
    sa.Column("result", sa.String(10)),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("remote_id", Legible(40), nullable=False),
    sa.Column("seconds", sa.Integer, nullable=False),
    sa.Column("attempted_at", Moment),
    sa.Column("finished_at", Moment),
    sa.Column("price", Money, nullable=False, server_default="0"),
    sa.UniqueConstraint("job_id", "position"),
    sa.Index(
        "ix_delivery_waiting",
        "lane",
        "due_at",
        "id",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    ),
    sa.Index(
        "ix_delivery_ready",
        "channel",
        "turn",
        "id",
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    ),
    sa.Index(
        "ix_delivery_leased",
        "lease_until",
        sqlite_where=sa.text("state IN ('claimed', 'sending')"),
        postgresql_where=sa.text("state IN ('claimed', 'sending')"),
    ),
    sa.Index(
        "uq_delivery_on_the_line",
        "address",
        unique=True,
        sqlite_where=sa.text("state IN ('claimed', 'sending') AND channel = 'fax'"),
        postgresql_where=sa.text("state IN ('claimed', 'sending') AND channel = 'fax'"),
    ),
    sa.Index(
        "ix_delivery_held",
        "account_id",
        "channel",
        "id",
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    ),
    sa.Index(
        "ix_delivery_same",
        "job_id",
        "same_as",
        sqlite_where=sa.text("same_as IS NOT NULL"),
        postgresql_where=sa.text("same_as IS NOT NULL"),
    ),
    sa.Index(
        "ix_delivery_unknown",
        "id",
        sqlite_where=sa.text("state = 'unknown'"),
        postgresql_where=sa.text("state = 'unknown'"),
    ),
    sqlite_autoincrement=True,
)

expansion = sa.Table(
    "expansion",
    metadata,
    sa.Column("job_id", Id, sa.ForeignKey("job.id"), primary_key=True, autoincrement=False),
    sa.Column("next", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("good", sa.Integer, nullable=False),
    sa.Column("prices", sa.JSON, nullable=False),
    sa.Column("cancelled", sa.Boolean, nullable=False),
    sa.Column("worker", sa.String(64)),
    sa.Column("lease_until", Moment, nullable=False),
)
"""Long lists whose given rows from `next` on are no deliveries yet; `good` recipients are among them."""

attempt = sa.Table(
    "attempt",
    metadata,
    sa.Column("delivery_id", Id, sa.ForeignKey("delivery.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("worker", sa.String(64), nullable=False),
    sa.Column("sending_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("result", sa.String(10)),
    sa.Column("pages", sa.Integer),
    sa.Column("remote_id", Legible(40)),
    sa.Column("seconds", sa.Integer),
    sa.Column("bit_rate", sa.Integer),
    sa.Column("coding", sa.String(8)),
    sa.Column("ecm", sa.Boolean),
    sa.Column("bad_rows", sa.JSON(none_as_null=True)),
    sa.Column("detail", Legible),
    sa.Column("call", sa.JSON(none_as_null=True)),
)

document = sa.Table(
    "document",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("job_id", Id, sa.ForeignKey("job.id"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("role", sa.String(8), nullable=False),
    sa.Column("filename", sa.Text, nullable=False),
    sa.Column("format", sa.String(40), nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("blob_key", sa.String(100), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("legibility", sa.JSON(none_as_null=True)),
    sa.UniqueConstraint("job_id", "position"),
    sa.Index("ix_document_blob_key", "blob_key"),
)

inbound = sa.Table(
    "inbound",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account_id", Id, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("source", sa.String(100), nullable=False, unique=True),
    sa.Column("called_number", sa.String(20), nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("originator", Legible(40), nullable=False),
    sa.Column("remote_id", Legible(40), nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("complete", sa.Boolean, nullable=False),
    sa.Column("blob_key", sa.String(100), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("deleted_at", Moment),
    sa.Column("bad_rows", sa.JSON(none_as_null=True)),
    sa.Index("ix_inbound_blob_key", "blob_key"),
    sa.Index(
        "ix_inbound_kept",
        "account_id",
        "id",
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    ),
    sa.Index(
        "ix_inbound_received",
        "account_id",
        "received_at",
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    ),
    sa.Index(
        "ix_inbound_deleted",
        "account_id",
        "deleted_at",
        sqlite_where=sa.text("blob_key <> ''"),
        postgresql_where=sa.text("blob_key <> ''"),
    ),
    sa.Index(
        "ix_inbound_empty",
        "account_id",
        "deleted_at",
        sqlite_where=sa.text("length(blob_key) = 0"),
        postgresql_where=sa.text("length(blob_key) = 0"),
    ),
    sqlite_autoincrement=True,
)
"""A row without a `blob_key` is the record of a fax whose bytes are gone."""

event = sa.Table(
    "event",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("account_id", Id, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("job_id", Id),
    sa.Column("delivery_id", Id),
    sa.Column("inbound_id", Id),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Index("ix_event_account_id_id", "account_id", "id"),
    sa.Index("ix_event_job_id", "job_id"),
    sa.Index(
        "ix_event_inbound_id",
        "inbound_id",
        sqlite_where=sa.text("inbound_id IS NOT NULL"),
        postgresql_where=sa.text("inbound_id IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(100), nullable=False),
    sa.Column("account_id", Id, sa.ForeignKey("account.id")),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("data", sa.JSON, nullable=False),
    sqlite_autoincrement=True,
)

cover = sa.Table(
    "cover",
    metadata,
    sa.Column("account_id", Id, sa.ForeignKey("account.id"), primary_key=True, autoincrement=False),
    sa.Column("logo", sa.Text, nullable=False),
    sa.Column("footer", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
)
"""How an account's sheets in front of a fax look, if not as everybody's."""

line = sa.Table(
    "line",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
)
"""A trunk that carries faxes; `secret` is its password there."""

line_state = sa.Table(
    "line_state",
    metadata,
    sa.Column("worker", sa.String(64), primary_key=True),
    sa.Column("line", sa.String(32), primary_key=True),
    sa.Column("up", sa.Boolean, nullable=False),
    sa.Column("why", Legible, nullable=False),
    sa.Column("since", Moment, nullable=False),
)
"""How a line stands at a process that carries calls by it; `why` is empty where it is up."""

lesson = sa.Table(
    "lesson",
    metadata,
    sa.Column("number", sa.String(64), primary_key=True),
    sa.Column("t38", sa.Boolean, nullable=False),
    sa.Column("v17", sa.Boolean, nullable=False),
    sa.Column("finest", sa.String(10), nullable=False),
    sa.Column("until", Moment, nullable=False),
)
"""How faxes get through to a number (`model.lesson`)."""

turn = sa.Table(
    "turn",
    metadata,
    sa.Column("channel", sa.String(8), primary_key=True),
    sa.Column("account_id", Id, primary_key=True, autoincrement=False),
    sa.Column("lane", sa.String(8), primary_key=True),
    sa.Column("last", sa.Float, nullable=False),
)
"""The last turn given to each account on each channel, in each lane; account 0 keeps the channel's clock."""

hold = sa.Table(
    "hold",
    metadata,
    sa.Column("account_id", Id, primary_key=True, autoincrement=False),
    sa.Column("channel", sa.String(8), primary_key=True),
    sa.Column("since", Moment, nullable=False),
    sa.Column("note", sa.String(200), nullable=False),
)
"""What is put aside until somebody lifts the hold: account 0 is every account, an empty channel is every channel."""

slots = sa.Table(
    "slots",
    metadata,
    sa.Column("channel", sa.String(8), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)
"""Deliveries of a channel that may be on their way at once, on all nodes together; a channel without a row has no such
limit."""

node = sa.Table(
    "node",
    metadata,
    sa.Column("worker", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("roles", sa.String(64), nullable=False),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("draining", sa.Boolean, nullable=False),
)
"""Processes that work on this database, each for as long as it lives."""

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("account_id", Id, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("amount", Money, nullable=False),
    sa.Column("units", sa.BigInteger, nullable=False),
    sa.Column("job_id", Id),
    sa.Column("delivery_id", Id),
    sa.Column("note", sa.String(200), nullable=False),
    sa.Index("ix_ledger_account_id_id", "account_id", "id"),
    sqlite_autoincrement=True,
)
"""Every movement of an account's balance and allowance: their sums are what the account's row says."""

usage = sa.Table(
    "usage",
    metadata,
    sa.Column("account_id", Id, sa.ForeignKey("account.id"), primary_key=True, autoincrement=False),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("spent", Money, nullable=False),
    sa.Column("pages", sa.BigInteger, nullable=False),
    sa.Index("ix_usage_day", "day"),
)
"""What an account ordered on a day, less what came to nothing: for its daily limits."""

price = sa.Table(
    "price",
    metadata,
    sa.Column("tariff", sa.String(40), primary_key=True),
    sa.Column("type", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("prefix", sa.String(20), primary_key=True),
    sa.Column("base", Money, nullable=False),
    sa.Column("unit", Money, nullable=False),
)
"""Price lists: the longest prefix of the E.164 number decides; `base` is for the job's delivery, `unit` for each page
or message."""

blocked = sa.Table(
    "blocked",
    metadata,
    sa.Column("account_id", Id, primary_key=True, autoincrement=False),
    sa.Column("address", sa.String(320), primary_key=True),
    sa.Column("prefix", sa.Boolean, primary_key=True),
    sa.Column("note", sa.String(200), nullable=False),
    sa.Column("at", Moment, nullable=False),
)
"""Addresses and prefixes that nothing is sent to; those of account 0 hold for everyone."""

refusal = sa.Table(
    "refusal",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("account_id", Id),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("code", sa.Integer, nullable=False),
    sa.Column("rule", sa.String(40), nullable=False),
    sa.Column("reason", Legible, nullable=False),
    sa.Index("ix_refusal_account_id", "account", "id"),
    sqlite_autoincrement=True,
)
"""Orders that were not accepted."""

callback = sa.Table(
    "callback",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("job_id", Id, sa.ForeignKey("job.id"), nullable=False),
    sa.Column("account_id", Id, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("next", sa.Integer, nullable=False),
    sa.Column("last", sa.Integer, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("done_at", Moment),
    sa.Index("ix_callback_job_id_id", "job_id", "id"),
    sa.Index(
        "ix_callback_open",
        "job_id",
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    ),
    sa.Index(
        "ix_callback_due",
        "due_at",
        "id",
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)
"""STATURL still to be called: for the given rows from `next` to `last` of a job, one after the other."""
