"""A FAX.de customer's program with suds. Usage: python suds_scenario.py ADDRESS FOLDER

suds leaves base64 to the program, in both directions.
"""

import json
import sys
import time
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from suds import null  # type: ignore[import-untyped]
from suds.client import Client  # type: ignore[import-untyped]

CUSTOMER = {"Account": "10001", "Password": "demo"}
RECEIVER = {"Account": "10002", "Password": "demo"}


def encoded(file: Path) -> str:
    return b64encode(file.read_bytes()).decode("ascii")


def utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def report(answer: Any) -> dict[str, Any]:
    """The answer as it is reported: moments in UTC, files by their length."""
    outs: dict[str, Any] = {"return": answer} if isinstance(answer, int) else {name: value for name, value in answer}  # noqa: C416
    for name, value in outs.items():
        if isinstance(value, datetime):
            outs[name] = utc(value)
        elif name in {"StatusFile", "FaxImage"}:
            outs[name] = len(b64decode(value or ""))
        elif value is None:
            outs[name] = ""
    return outs


def finished(fax: Any, job_id: int) -> Any:
    for _ in range(300):
        answer = fax.JobStatus(**CUSTOMER, JobId=job_id)
        if answer["return"] != 6:
            return answer
        time.sleep(0.2)
    raise TimeoutError(f"job {job_id} does not become final")


def main(address: str, folder: Path) -> None:
    fax = Client(f"{address}/xmlws.exe?/wsdl/IntfXMLWS", cache=None).service

    sent = fax.SendJob(
        **CUSTOMER,
        JobType=0,
        Recipient="+493023125200[Ref-Ä1]",
        RecipientFile=null(),  # travels as an empty element; what is None or not given is left out
        SendText="Grüße aus Köln – 5 €",
        SendFilename1="Anhang-Ümläut.pdf",
        SendFile1=encoded(folder / "document.pdf"),
        Options="STATIONID=Müller GmbH;FAXHEADER=Test",
    )
    status = finished(fax, sent.JobId)
    (folder / "status.csv").write_bytes(b64decode(status.StatusFile))

    received = fax.RequestReceived(**RECEIVER)
    (folder / "fax.tif").write_bytes(b64decode(received.FaxImage))
    deleted = fax.DeleteReceived(**RECEIVER, FaxId=received.FaxId)
    deleted_again = fax.DeleteReceived(**RECEIVER, FaxId=received.FaxId)
    nothing_received = fax.RequestReceived(**RECEIVER)

    send_at = datetime.now(ZoneInfo("Europe/Berlin")).replace(microsecond=0) + timedelta(days=1)
    scheduled = fax.SendJob(
        **CUSTOMER,
        JobType=1,
        Recipient="+4917139200000",
        SendText="Die Tür öffnet früh",
        SendDateTime=send_at,
        Options="SMSFROM=Praxis",
    )
    scheduled_status = fax.JobStatus(**CUSTOMER, JobId=scheduled.JobId)
    cancelled = fax.CancelJob(**CUSTOMER, JobId=scheduled.JobId)
    cancelled_status = fax.JobStatus(**CUSTOMER, JobId=scheduled.JobId)
    cancelled_again = fax.CancelJob(**CUSTOMER, JobId=scheduled.JobId)

    wrong_password = fax.SendJob("10001", "falsch", 1, "+4917139200000", SendText="Test")
    unknown_account = fax.SendJob("99999", "demo", 1, "+4917139200000", SendText="Test")
    unknown_job = fax.JobStatus(**CUSTOMER, JobId=999999)
    status_wrong_password = fax.JobStatus("10001", "falsch", sent.JobId)

    bulk = fax.SendJob(
        **CUSTOMER, JobType=1, RecipientFile=encoded(folder / "recipients.csv"), SendText="Schöne Grüße an alle"
    )
    bulk_status = finished(fax, bulk.JobId)
    (folder / "bulk.csv").write_bytes(b64decode(bulk_status.StatusFile))

    answers = {
        "sent": sent,
        "status": status,
        "received": received,
        "deleted": deleted,
        "deleted_again": deleted_again,
        "nothing_received": nothing_received,
        "scheduled": scheduled,
        "scheduled_status": scheduled_status,
        "cancelled": cancelled,
        "cancelled_status": cancelled_status,
        "cancelled_again": cancelled_again,
        "wrong_password": wrong_password,
        "unknown_account": unknown_account,
        "unknown_job": unknown_job,
        "status_wrong_password": status_wrong_password,
        "bulk": bulk,
        "bulk_status": bulk_status,
    }
    print(json.dumps({"send_at": utc(send_at)} | {step: report(answer) for step, answer in answers.items()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
