"""A FAX.de customer's program with zeep. Usage: python zeep_scenario.py ADDRESS FOLDER"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import zeep
from zeep import xsd

CUSTOMER = {"Account": "10001", "Password": "demo"}
RECEIVER = {"Account": "10002", "Password": "demo"}
NOTHING = dict.fromkeys(
    ["Recipient", "SendText", "SendFilename1", "SendFilename2", "SendFile2", "SendFilename3", "SendFile3", "Options"],
    xsd.SkipValue,
) | {"RecipientFile": xsd.Nil, "SendFile1": xsd.Nil, "SendDateTime": xsd.Nil}


def report(answer: Any) -> dict[str, Any]:
    """The answer as it is reported: moments in UTC, files by their length."""
    outs: dict[str, Any] = {"return": answer} if isinstance(answer, int) else dict(answer.__values__)
    for name, value in outs.items():
        if isinstance(value, datetime):
            outs[name] = utc(value)
        elif name in {"StatusFile", "FaxImage"}:
            outs[name] = len(value or b"")
        elif value is None:
            outs[name] = ""
    return outs


def utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def finished(fax: Any, job_id: int) -> Any:
    for _ in range(300):
        answer = fax.JobStatus(**CUSTOMER, JobId=job_id)
        if answer["return"] != 6:
            return answer
        time.sleep(0.2)
    raise TimeoutError(f"job {job_id} does not become final")


def main(address: str, folder: Path) -> None:
    fax = zeep.Client(f"{address}/xmlws.exe?/wsdl/IntfXMLWS").service  # type: ignore[no-untyped-call]

    order = {
        "Recipient": "+493023125200[Ref-Ä1]",
        "SendText": "Grüße aus Köln – 5 €",
        "SendFilename1": "Anhang-Ümläut.pdf",
        "SendFile1": (folder / "document.pdf").read_bytes(),
        "Options": "STATIONID=Müller GmbH;FAXHEADER=Test",
    }
    sent = fax.SendJob(**CUSTOMER, JobType=0, **NOTHING | order)
    status = finished(fax, sent.JobId)
    (folder / "status.csv").write_bytes(status.StatusFile)

    received = fax.RequestReceived(**RECEIVER)
    (folder / "fax.tif").write_bytes(received.FaxImage)
    deleted = fax.DeleteReceived(**RECEIVER, FaxId=received.FaxId)
    deleted_again = fax.DeleteReceived(**RECEIVER, FaxId=received.FaxId)
    nothing_received = fax.RequestReceived(**RECEIVER)

    send_at = datetime.now(ZoneInfo("Europe/Berlin")).replace(microsecond=0) + timedelta(days=1)
    message = {
        "Recipient": "+4917139200000",
        "SendText": "Die Tür öffnet früh",
        "SendDateTime": send_at,
        "Options": "SMSFROM=Praxis",
    }
    scheduled = fax.SendJob(**CUSTOMER, JobType=1, **NOTHING | message)
    scheduled_status = fax.JobStatus(**CUSTOMER, JobId=scheduled.JobId)
    cancelled = fax.CancelJob(**CUSTOMER, JobId=scheduled.JobId)
    cancelled_status = fax.JobStatus(**CUSTOMER, JobId=scheduled.JobId)
    cancelled_again = fax.CancelJob(**CUSTOMER, JobId=scheduled.JobId)

    test = NOTHING | {"Recipient": "+4917139200000", "SendText": "Test"}
    wrong_password = fax.SendJob(Account="10001", Password="falsch", JobType=1, **test)
    unknown_account = fax.SendJob(Account="99999", Password="demo", JobType=1, **test)
    unknown_job = fax.JobStatus(**CUSTOMER, JobId=999999)
    status_wrong_password = fax.JobStatus(Account="10001", Password="falsch", JobId=sent.JobId)

    everybody = {"RecipientFile": (folder / "recipients.csv").read_bytes(), "SendText": "Schöne Grüße an alle"}
    bulk = fax.SendJob(**CUSTOMER, JobType=1, **NOTHING | everybody)
    bulk_status = finished(fax, bulk.JobId)
    (folder / "bulk.csv").write_bytes(bulk_status.StatusFile)

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
