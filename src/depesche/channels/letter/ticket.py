"""The ticket of a letter: what a print centre is told beside the document.

The names and values are those of the job attributes of IPP (RFC 8011 §5.2; `print-color-mode`: PWG 5100.13 §5.2.3;
`media`: PWG 5101.1), so that it says the same to a person, a script and a printer.
"""

import json

from depesche.channels.base import Delivery
from depesche.model import sheets
from depesche.model.jobtype import JobType


def ticket(delivery: Delivery, document: str) -> bytes:
    """One JSON object; `document`: the file that it is for."""
    told = {
        "document-name": document,
        "job-name": f"{delivery.job_id}-{delivery.id}-{delivery.attempt}",
        "requesting-user-name": delivery.account,
        "copies": 1,
        "media": "iso_a4_210x297mm",
        "print-color-mode": "color" if delivery.job_type is JobType.LETTER_COLOUR else "monochrome",
        "sides": "two-sided-long-edge" if delivery.duplex else "one-sided",
        "job-impressions": delivery.pages,
        "job-media-sheets": sheets.count(delivery.pages, duplex=delivery.duplex),
    }
    return json.dumps(told, indent=2).encode() + b"\n"
