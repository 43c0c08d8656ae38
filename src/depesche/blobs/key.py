"""Names of blobs: a kind, and a number that nobody can guess."""

import re
import uuid

HALF_WRITTEN = "#"
"""Stands in the name of a file of the folder that is no whole blob yet, and in no key of ours."""

_KEY = re.compile(r"[a-z]+/([0-9a-f]{2})/\1[0-9a-f]{30}(#[0-9]+)?")


def new_key(kind: str) -> str:
    """``order/3f/3f...``: the first digits make folders that do not grow without end."""
    name = uuid.uuid4().hex
    return f"{kind}/{name[:2]}/{name}"


def is_key(name: str) -> bool:
    """Whether it is ours, whole or half-written. What else lies beside them is somebody else's."""
    return _KEY.fullmatch(name) is not None
