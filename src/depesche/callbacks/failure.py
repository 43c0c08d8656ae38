"""Why a call failed, in a few words for records and logs.

What a server says does not get into them, and nothing of path or query: both may carry secrets.
"""

import os
import socket
import ssl

import httpcore2
import structlog

from depesche.callbacks.guard import Closed, TooManyLookups

log = structlog.get_logger(__name__)


def reason(error: Exception) -> str:
    """The deepest cause that has a name: above it libraries only say that something failed."""
    for cause in reversed(_causes(error)):
        if said := _said(cause):
            return said
    log.error("call failed for a reason that nobody thought of", exc_info=error)
    return f"failed: {type(error).__name__}"


def _causes(error: BaseException) -> list[BaseException]:
    """The error, and what it came of, the deepest last."""
    causes: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in causes:
        causes.append(one)
        one = one.__cause__ or one.__context__
    return causes


def _said(cause: BaseException) -> str:
    match cause:
        case Closed():
            said = f"not allowed: {cause}"
        case TooManyLookups():
            said = "too many lookups of hosts do not end"
        case socket.gaierror():
            said = f"the host is not found: {cause.strerror}"
        case ssl.SSLCertVerificationError():
            said = f"TLS: {cause.verify_message}"
        case ssl.SSLError():
            said = f"TLS: {cause.reason or 'failed'}"
        case OSError(errno=int(number)):
            said = os.strerror(number).lower()
        case httpcore2.ProtocolError():
            said = "the answer is no HTTP"
        case httpcore2.NetworkError() | httpcore2.TimeoutException():
            said = "the connection broke"
        case _:
            said = ""
    return said
