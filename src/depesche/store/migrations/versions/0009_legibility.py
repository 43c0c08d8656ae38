"""How much of each page of a fax can be read is on record."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("document", sa.Column("legibility", sa.JSON(none_as_null=True), nullable=True))
