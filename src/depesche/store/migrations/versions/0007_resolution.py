"""An account's faxes have the resolution that it chose."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("account", sa.Column("resolution", sa.String(9), server_default="fine", nullable=False))
