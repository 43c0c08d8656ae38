"""Programs written for FAX.de, each with a SOAP library that its customers use, do their work with Depesche."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from clients import kept
from clients.building import build, run
from clients.customers import CUSTOMERS, Customer
from clients.scenario import NO_FAX, NO_JOB, NO_STATUS, Report, in_status_file, instant, lay_out, rows
from depesche.render.renderer import TextPage
from serving import Serving
from studio import Studio

LOCAL = ZoneInfo("Europe/Berlin")
"""The server's zone, for what it prints on pages."""


@pytest.fixture(scope="module", params=CUSTOMERS, ids=lambda customer: customer.name)
def report(
    request: pytest.FixtureRequest,
    server: Serving,
    empty_inbox: Callable[[], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Report:
    """The program is built and run once; the tests look at what it was told."""
    customer: Customer = request.param
    program = build(customer, server.base_url)
    folder = tmp_path_factory.mktemp(customer.name)
    lay_out(folder, customer.name)
    empty_inbox()
    started = datetime.now(UTC)
    answers = json.loads(run([*customer.run, server.base_url, str(folder)], program))
    return Report(customer.name, answers, folder, started, datetime.now(UTC))


def test_a_fax_is_accepted_with_its_counts(report: Report) -> None:
    sent = report.answers["sent"]
    assert sent == {"return": 0, "JobId": sent["JobId"], "RecipientsCount": 1, "PageCount": 3}
    assert sent["JobId"] > 0


def test_its_file_is_kept_under_the_name_that_it_was_given(report: Report, server: Serving) -> None:
    assert kept.sent_files(server, report.answers["sent"]["JobId"]) == ["Anhang-Ümläut.pdf"]


def test_its_status_tells_how_it_ended(report: Report) -> None:
    status = report.answers["status"]
    assert (status["return"], status["SendResult"]) == (0, "OK")
    assert report.happened_meanwhile(status["SendDateTime"])
    assert status["RemoteId"] != ""


def test_its_status_file_is_exact(report: Report) -> None:
    status = report.answers["status"]
    content = (report.folder / "status.csv").read_bytes()
    assert len(content) == status["StatusFile"]
    [row] = rows(content)
    assert int(row.pop("DURATION")) > 0
    assert row == {
        "RECIPIENT": "+493023125200",
        "JOBTYPE": "FAX",
        "RESULT": "OK",
        "REMOTEID": status["RemoteId"],
        "PAGES": "3",
        "SENDDATETIME": in_status_file(status["SendDateTime"]),
        "REFID": "Ref-Ä1",
    }


def test_the_receiver_is_told_whose_fax_it_is(report: Report) -> None:
    received = dict(report.answers["received"])
    assert received.pop("FaxId") > 0
    assert report.happened_meanwhile(received.pop("ReceiveDate"))
    assert received.pop("FaxImage") == (report.folder / "fax.tif").stat().st_size
    assert received == {
        "return": 0,
        "CalledNumber": "+493023125200",
        "Originator": "+493023125100",
        "RemoteId": "Mueller GmbH",
        "Pages": 3,
    }


def test_the_receiver_gets_the_pages_as_tiff(report: Report) -> None:
    with Image.open(report.folder / "fax.tif") as image:
        assert (image.format, getattr(image, "n_frames", 1), image.width) == ("TIFF", 3, 1728)


def test_the_text_is_on_its_first_page_as_it_was_written(
    report: Report, server: Serving, studio: Studio, tmp_path: Path
) -> None:
    """Every pixel is that of the page which the renderer makes of the text, and of all else that stands there."""
    text = TextPage(
        text="Grüße aus Köln – 5 €",
        sender="Müller GmbH",
        sender_number="+493023125100",
        recipient="+493023125200",
        sent_on=kept.send_at(server, report.answers["sent"]["JobId"]).astimezone(LOCAL),
    )
    document = studio.source((report.folder / "document.pdf").read_bytes())
    studio.run(studio.renderer().fax(text, [document], tmp_path / "fax.tif"))
    made = kept.frames((tmp_path / "fax.tif").read_bytes())
    arrived = kept.frames((report.folder / "fax.tif").read_bytes())
    assert [kept.arrived_as_made(*pair) for pair in zip(arrived, made, strict=True)] == [True] * 3


def test_a_deleted_fax_is_gone(report: Report) -> None:
    assert report.answers["deleted"] == {"return": 0}
    assert report.answers["deleted_again"] == {"return": 5}
    assert report.answers["nothing_received"] == {"return": 5, **NO_FAX}


def test_a_scheduled_message_waits_for_the_very_second(report: Report, depesche: Callable[..., str]) -> None:
    scheduled = report.answers["scheduled"]
    assert scheduled == {"return": 0, "JobId": scheduled["JobId"], "RecipientsCount": 1, "PageCount": 1}
    assert report.answers["scheduled_status"] == {"return": 6, **NO_STATUS}
    job = json.loads(depesche("job", "show", str(scheduled["JobId"]), "--json"))
    kept = datetime.fromisoformat(job["send_at"])
    assert kept.replace(microsecond=0) == instant(report.answers["send_at"])
    assert timedelta(hours=23) < kept - report.started < timedelta(hours=25)


def test_a_scheduled_message_can_be_cancelled_once(report: Report) -> None:
    status = report.answers["cancelled_status"]
    assert report.answers["cancelled"] == {"return": 0}
    assert (status["return"], status["SendResult"]) == (0, "Canceled")
    assert report.answers["cancelled_again"] == {"return": 1}


def test_wrong_logins_and_unknown_jobs_have_their_codes(report: Report) -> None:
    assert report.answers["wrong_password"] == {"return": -1, **NO_JOB}
    assert report.answers["unknown_account"] == {"return": -2, **NO_JOB}
    assert report.answers["unknown_job"] == {"return": 5, **NO_STATUS}
    assert report.answers["status_wrong_password"] == {"return": 2, **NO_STATUS}


def test_a_message_to_a_list_has_a_row_for_each_recipient(report: Report) -> None:
    bulk, status = report.answers["bulk"], report.answers["bulk_status"]
    assert bulk == {"return": 0, "JobId": bulk["JobId"], "RecipientsCount": 2, "PageCount": 1}
    assert (status["return"], status["SendResult"], status["RemoteId"]) == (0, "multi", "")
    assert report.happened_meanwhile(status["SendDateTime"])
    content = (report.folder / "bulk.csv").read_bytes()
    assert len(content) == status["StatusFile"]
    assert [(row["RECIPIENT"], row["JOBTYPE"], row["RESULT"], row["PAGES"], row["REFID"]) for row in rows(content)] == [
        ("+4917139200000", "SMS", "OK", "1", f"{report.customer}-1"),
        ("+4917139200042", "SMS", "OK", "1", f"{report.customer}-Zwölf"),
    ]


def test_the_text_of_a_message_arrives_as_it_was_written(report: Report, server: Serving) -> None:
    outbox = (json.loads(path.read_text()) for path in (server.data / "outbox" / "sms").glob("*.json"))
    texts = [message["text"] for message in outbox if message["job_id"] == report.answers["bulk"]["JobId"]]
    assert texts == ["Schöne Grüße an alle"] * 2
