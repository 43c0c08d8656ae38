"""An account's letters may be printed on both sides."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("account", sa.Column("duplex", sa.Boolean(), server_default=sa.false(), nullable=False))
