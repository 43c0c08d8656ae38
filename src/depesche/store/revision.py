"""Which migrations an open database has seen."""

import sqlalchemy as sa


def seen(connection: sa.Connection) -> str:
    """The last one. Raises: sqlalchemy.exc.DBAPIError: it was never made ready, or cannot be read."""
    return str(connection.execute(_SEEN).scalar_one())


_SEEN = sa.select(sa.column("version_num", sa.String)).select_from(sa.table("alembic_version"))
