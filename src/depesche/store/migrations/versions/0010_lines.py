"""Trunks that carry faxes."""

import sqlalchemy as sa
from alembic import op

from depesche.store.schema import Moment

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "line",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
    )
