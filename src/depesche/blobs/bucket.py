"""A bucket of S3, as its settings say."""

from datetime import timedelta
from typing import TYPE_CHECKING

from obstore.store import S3Store

from depesche.config import Blobs as Place

if TYPE_CHECKING:  # they exist nowhere else
    from obstore.store import S3Config, S3Credential

CONNECT_SECONDS = 3
"""A server that takes no connection in this time is down."""

REPEATS = 3
"""Of a request that met an error of the server or lost its connection; pauses of 100 ms, twice as long each time."""

LONGEST_SECONDS = 3600
"""Of one request with its body: whoever reads a large blob may be slow. What stands still ends much earlier."""


def open_bucket(place: Place) -> S3Store:
    """A way to the bucket; nobody is asked yet whether it is there."""
    bucket, _, prefix = place.url.removeprefix("s3://").partition("/")
    patience = timedelta(seconds=place.seconds)
    return S3Store(
        bucket,
        prefix=prefix or None,
        client_options={
            "allow_http": place.allow_http,
            "connect_timeout": timedelta(seconds=min(CONNECT_SECONDS, place.seconds)),
            "read_timeout": patience,
            "timeout": timedelta(seconds=LONGEST_SECONDS),
        },
        retry_config={"max_retries": REPEATS, "retry_timeout": patience},
        credential_provider=_Key(place) if place.access_key else None,
        config=_given(place),
    )


class _Key:
    """The key of the settings. It comes with no token, whatever the environment says, and no `repr` shows it."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def __call__(self) -> "S3Credential":
        secret = self._place.secret_key.get_secret_value()
        return {"access_key_id": self._place.access_key, "secret_access_key": secret, "expires_at": None}


def _given(place: Place) -> "S3Config":
    """What is not given is left to the environment."""
    config: S3Config = {}
    if place.endpoint:
        config["endpoint"] = place.endpoint
    if place.region:
        config["region"] = place.region
    return config
