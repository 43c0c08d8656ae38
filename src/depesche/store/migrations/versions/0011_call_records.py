"""Of a fax call its pages and their answers are on record, of a received fax the rows that were damaged."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("attempt", sa.Column("call", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("inbound", sa.Column("bad_rows", sa.JSON(none_as_null=True), nullable=True))
