"""Which blobs are somebody's: the documents of jobs, and received faxes, those deleted from an inbox among them."""

from collections.abc import Sequence

import sqlalchemy as sa

from depesche.store.schema import document, inbound


def unnamed(connection: sa.Connection, keys: Sequence[str]) -> list[str]:
    """Those that no row names, in their order. A few hundred keys are one statement."""
    named = set(connection.execute(_NAMED, {"keys": list(keys)}).scalars())
    return [key for key in keys if key not in named]


_KEYS: sa.BindParameter[str] = sa.bindparam("keys", expanding=True)
_NAMED = sa.union_all(
    sa.select(document.c.blob_key).where(document.c.blob_key.in_(_KEYS)),
    sa.select(inbound.c.blob_key).where(inbound.c.blob_key.in_(_KEYS)),
)
