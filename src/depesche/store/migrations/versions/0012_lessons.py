"""How lines stand is seen by all; how faxes get through to a number is remembered for a while."""

import sqlalchemy as sa
from alembic import op

from depesche.store.schema import Moment

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "line_state",
        sa.Column("worker", sa.String(64), primary_key=True),
        sa.Column("line", sa.String(32), primary_key=True),
        sa.Column("up", sa.Boolean, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("since", Moment, nullable=False),
    )
    op.create_table(
        "lesson",
        sa.Column("number", sa.String(64), primary_key=True),
        sa.Column("t38", sa.Boolean, nullable=False),
        sa.Column("v17", sa.Boolean, nullable=False),
        sa.Column("until", Moment, nullable=False),
    )
