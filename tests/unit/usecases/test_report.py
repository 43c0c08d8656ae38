"""The report on a fax over a real line: every word of it follows from what is on record."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from builders import START, add_account
from customers import OpenHouse, Order, customer_of
from depesche.channels.fax.header import HeaderLine, stamp
from depesche.model.callrecord import CallRecord, PageAnswer, Prints, Stamp
from depesche.model.jobtype import Channel
from depesche.model.outcome import Outcome
from depesche.model.resolution import Resolution
from depesche.model.result import Result
from depesche.store import deliveries, jobs, turns
from depesche.usecases import report
from depesche.usecases.accounts import NotPossible
from depesche.usecases.jobs import Verdict, resolve
from depesche.usecases.report import Wanted
from documents import pdf, words
from journeys import LEASE, begun, finish_one

pytestmark = pytest.mark.anyio

FAR = "+493023125200"
OTHER = Prints(2, "a" * 64, "b" * 64, Resolution.FINE)


def page(answer: str, *, confirmed: bool = True, ecm: bool = False) -> PageAnswer:
    return PageAnswer(answer, confirmed, 9600, "MR", ecm, 2292, 40_000, 3 if ecm else 0)


async def ordered(rendering: OpenHouse, tmp_path: Path, **changes: object) -> Stamp:
    """Two pages are being sent; with the header line that they got."""
    house = rendering.house
    account = house.database.run_here(
        lambda connection: add_account(connection, "10001", "+493023125300", sandbox=False, **changes)
    )
    order = Order(0, FAR, text="", files=(("brief.pdf", pdf(words("Seite 1"), words("Seite 2"))),))
    answer = await customer_of(house, account).send(order)
    assert answer.code == 0
    house.database.run_here(lambda connection: turns.stage(connection, START, 10))
    (kept,) = [
        file for file in house.database.read_here(lambda connection: jobs.files(connection, 1)) if file.role == "pages"
    ]
    line = HeaderLine(START, "Firma 10001", "", FAR)
    async with house.blobs.local(kept.key) as path:
        return line.stamp(stamp(path, tmp_path / "stamped.tif", line))


def ended(rendering: OpenHouse, outcome: Outcome) -> None:
    def work(connection: sa.Connection) -> None:
        claimed = begun(connection, channel=Channel.FAX)
        assert finish_one(connection, claimed, outcome, START + timedelta(seconds=70), None)

    rendering.house.database.run_here(work)


async def told(rendering: OpenHouse, tmp_path: Path) -> tuple[report.Written, str]:
    target = tmp_path / "report.pdf"
    written = await report.report(rendering.house, Wanted(1), target)
    return written, f"{text_of(target, '-layout')} {text_of(target)}"


def text_of(target: Path, *options: str) -> str:
    """Row by row over all columns (``-layout``), or column by column."""
    done = subprocess.run(["pdftotext", *options, target, "-"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


async def test_a_fax_over_t38_without_ecm(rendering: OpenHouse, tmp_path: Path) -> None:
    mark = await ordered(rendering, tmp_path)
    call = CallRecord(line="office", t38=True, taken=True, begun=True, stamp=mark, answers=(page("MCF"), page("RTP")))
    ended(rendering, Outcome(Result.OK, pages=2, remote_id="FAR", seconds=61, bit_rate=9600, coding="MR", call=call))
    written, text = await told(rendering, tmp_path)
    assert written.exact is True
    assert "SANDKASTEN" not in text
    for phrase in (
        "T.38 über SIP, Leitung office", "1 MCF bestätigt 9600 MR nein – nicht aufgezeichnet",
        "2 RTP bestätigt, mit Störungen", "erfährt der Absender sie nicht", "die Nummer +49 30 23125200 angerufen",
        "Eine Antwort RTP heißt", "02.03.2026, 10:00:00 Uhr", "2026-03-02 09:01:10 UTC", "Punkt für Punkt",
    ):  # fmt: skip
        assert phrase in text
    assert "alle ihre Blöcke" not in text


async def test_a_page_that_was_refused_comes_again(rendering: OpenHouse, tmp_path: Path) -> None:
    mark = await ordered(rendering, tmp_path, country="GB")
    answers = (page("RTN", confirmed=False), page("MCF", ecm=True), page("RTN", confirmed=False))
    call = CallRecord(line="office", taken=True, begun=True, stamp=mark, answers=answers)
    ended(rendering, Outcome(Result.SEND_FAILED, pages=1, seconds=90, bit_rate=9600, coding="MR", call=call))
    _, text = await told(rendering, tmp_path)
    for phrase in (
        "Not sent completely", "1 of 2 pages confirmed", "telephone audio (G.711) over SIP, line office",
        "1 RTN refused", "1 MCF confirmed 9600 MR yes 3 0", "2 RTN refused", "How much of the pages",
    ):  # fmt: skip
        assert phrase in text


async def test_a_raster_that_cannot_be_made_again_is_told(rendering: OpenHouse, tmp_path: Path) -> None:
    mark = await ordered(rendering, tmp_path)
    other = Stamp(mark.at, mark.sender, mark.note, mark.recipient, OTHER)
    call = CallRecord(line="office", stamp=other)
    ended(rendering, Outcome(Result.BUSY, detail="486 Busy Here", call=call))
    written, text = await told(rendering, tmp_path)
    assert written.exact is False
    assert "stimmt NICHT Punkt für Punkt" in text
    assert "Seite 1, die gesendet werden sollte" in text
    with pytest.raises(NotPossible, match="made again as it was sent"):
        await report.report(rendering.house, Wanted(1), tmp_path / "report.pdf", tmp_path / "fax.tif")


async def test_what_nobody_knows_and_what_a_person_decided(rendering: OpenHouse, tmp_path: Path) -> None:
    await ordered(rendering, tmp_path)
    database = rendering.house.database
    database.run_here(lambda connection: begun(connection, channel=Channel.FAX))
    with pytest.raises(NotPossible, match="is under way"):
        await told(rendering, tmp_path)
    database.run_here(lambda connection: deliveries.rescue(connection, START + LEASE + LEASE))
    _, text = await told(rendering, tmp_path)
    assert "Ungewiss" in text
    assert "sein Ende kennt niemand" in text
    await resolve(rendering.house, "cli:eva", 1, Verdict.SENT)
    _, text = await told(rendering, tmp_path)
    assert "nicht vom empfangenden Gerät bestätigt" in text
    assert "the operator says: sent" in text
    assert "hat jede Seite bestätigt" not in text


async def test_what_was_not_tried_and_what_is_no_fax_has_no_report(rendering: OpenHouse, tmp_path: Path) -> None:
    await ordered(rendering, tmp_path)
    with pytest.raises(NotPossible, match="nothing was sent to"):
        await told(rendering, tmp_path)
    account = rendering.house.database.run_here(lambda connection: add_account(connection, "10002"))
    assert (await customer_of(rendering.house, account).send(Order())).code == 0
    with pytest.raises(NotPossible, match="job 2 is no fax"):
        await report.report(rendering.house, Wanted(2), tmp_path / "report.pdf")
