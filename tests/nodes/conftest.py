"""Orders for the nodes of an installation."""

import time
from typing import Any

from installation import SECONDS
from serving import Serving
from soapcall import call

LOGIN = {"Account": "10001", "Password": "demo"}


def send(node: Serving, **parameters: Any) -> str:
    """An order of account 10001; gives its JobId."""
    given = {"JobType": 1, "Recipient": "+491713920000", "SendText": "Guten Tag"} | parameters
    answer = call(node.base_url, "SendJob", **LOGIN, **given)
    assert answer["return"] == "0", answer
    return answer["JobId"]


def final(node: Serving, job: str) -> dict[str, str]:
    """Wait for the end of a job; gives what JobStatus says."""
    deadline = time.monotonic() + SECONDS
    while (answer := call(node.base_url, "JobStatus", **LOGIN, JobId=job))["return"] == "6":
        assert time.monotonic() < deadline, f"job {job} is still in work"
        time.sleep(0.05)
    return answer
