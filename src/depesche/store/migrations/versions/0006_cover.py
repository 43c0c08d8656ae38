"""An account's sheets in front of a fax may look as it likes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "cover",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("logo", sa.Text(), nullable=False),
        sa.Column("footer", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_cover_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_cover")),
    )
