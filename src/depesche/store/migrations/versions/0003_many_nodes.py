"""Many nodes on one database, and blobs apart from them."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _blob_names()


def _blob_names() -> None:
    op.create_index("ix_document_blob_key", "document", ["blob_key"], unique=False)
    op.create_index("ix_inbound_blob_key", "inbound", ["blob_key"], unique=False)
