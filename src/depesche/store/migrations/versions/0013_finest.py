"""How close the rows of pages may be is remembered of a number. What was learnt before is learnt again."""

import sqlalchemy as sa
from alembic import op

from depesche.store.schema import Moment

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.drop_table("lesson")
    op.create_table(
        "lesson",
        sa.Column("number", sa.String(64), primary_key=True),
        sa.Column("t38", sa.Boolean, nullable=False),
        sa.Column("v17", sa.Boolean, nullable=False),
        sa.Column("finest", sa.String(10), nullable=False),
        sa.Column("until", Moment, nullable=False),
    )
