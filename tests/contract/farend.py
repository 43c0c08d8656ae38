"""What arrived at the other end: an SMS at the network, a mail at its server, a fax at the machine of an account."""

import base64
import email
import email.policy
import json
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from documents import tiff_pages
from soapcall import call

INBOX = "+493023125105"
"""Fax number of account 30005: whatever is faxed to it is fetched by RequestReceived."""

_LOGIN = {"Account": "30005", "Password": "demo"}


@dataclass(frozen=True)
class ReceivedFax:
    """What RequestReceived gave."""

    outs: dict[str, str]
    pages: list[NDArray[np.bool_]]
    """True where they are black."""


class FarEnd:
    """The outbox of a server's sandbox, and the inbox of account 30005."""

    def __init__(self, outbox: Path, base_url: str) -> None:
        self._outbox = outbox
        self._base_url = base_url

    def messages(self, job: str) -> list[dict[str, Any]]:
        """The SMS of a job, as the network took them."""
        records = (json.loads(path.read_bytes()) for path in (self._outbox / "sms").glob("*.json"))
        return [record for record in records if record["job_id"] == int(job)]

    def mails(self, job: str) -> list[EmailMessage]:
        """The mails of a job, as the mail server took them."""
        found = (path.read_bytes() for path in (self._outbox / "mail" / "new").iterdir() if path.suffix == ".depesche")
        mails = (email.message_from_bytes(data, policy=email.policy.default) for data in found)
        return [mail for mail in mails if mail["Message-ID"].startswith(f"<{job}.")]

    def letters(self, job: str) -> list[bytes]:
        """The letters of a job, as the print centre took them."""
        return [path.read_bytes() for path in (self._outbox / "letters").glob(f"{job}-*.pdf")]

    def fax(self) -> ReceivedFax:
        """The oldest fax in the inbox; it is deleted."""
        outs = call(self._base_url, "RequestReceived", **_LOGIN)
        assert outs["return"] == "0", outs
        assert call(self._base_url, "DeleteReceived", **_LOGIN, FaxId=outs["FaxId"])["return"] == "0"
        return ReceivedFax(outs, tiff_pages(base64.b64decode(outs["FaxImage"])))
