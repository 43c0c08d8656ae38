"""The StatusFile, byte for byte."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.model.job import Fate
from depesche.model.jobtype import JobType
from depesche.model.result import Result
from depesche.model.states import State
from depesche.model.statusfile import write

HEAD = b'"RECIPIENT","JOBTYPE","RESULT","REMOTEID","PAGES","SENDDATETIME","DURATION","REFID"\r\n'

SENT = Fate(
    position=0,
    address="+4940123456789",
    reference="",
    state=State.SENT,
    result=Result.OK,
    code=0,
    pages=2,
    remote_id="Max Mustermann",
    seconds=19,
    at=datetime(2017, 6, 1, 15, 53, 6, tzinfo=UTC),
    attempts=1,
    due_at=None,
)


def test_it_is_the_documents_example() -> None:
    assert write([SENT], JobType.FAX, "utf-8") == (
        HEAD + b'"+4940123456789","FAX","OK","Max Mustermann","2","2017-06-01 15:53:06","19",""\r\n'
    )


def test_rows_stand_in_the_order_given() -> None:
    fates = [replace(SENT, position=position, reference=f"r{position}") for position in range(3)]
    rows = write(fates, JobType.FAX, "utf-8").decode().splitlines()
    assert [row[-4:] for row in rows[1:]] == ['"r0"', '"r1"', '"r2"']


@pytest.mark.parametrize(
    ("job_type", "name"),
    [
        (JobType.FAX, "FAX"),
        (JobType.SMS, "SMS"),
        (JobType.MAIL, "Mail"),
        (JobType.LETTER, "Brief"),
        (JobType.LETTER_COLOUR, "Brief"),
        (JobType.QSIGN, "QSign"),
    ],
)
def test_the_kind_has_its_name_and_only_a_fax_has_a_duration(job_type: JobType, name: str) -> None:
    row = write([SENT], job_type, "utf-8").decode().splitlines()[1]
    assert row.split(",")[1] == f'"{name}"'
    assert row.split(",")[6] == ('"19"' if job_type is JobType.FAX else '"0"')


@pytest.mark.parametrize(
    ("result", "word"),
    [
        (Result.OK, "OK"),
        (Result.BUSY, "busy"),
        (Result.NO_ANSWER, "No answer"),
        (Result.VOICE, "Voice"),
        (Result.NO_RING, "Call failed"),
        (Result.NO_SERVICE, "Call failed"),
        (Result.LINE_ERROR, "Call failed"),
        (Result.SEND_FAILED, "Send failed"),
        (Result.BLACKLIST, "Blacklist"),
        (Result.CANCELED, "Canceled"),
    ],
)
def test_the_result_has_the_documents_word(result: Result, word: str) -> None:
    row = write([replace(SENT, result=result)], JobType.FAX, "utf-8").decode().splitlines()[1]
    assert row.split(",")[2] == f'"{word}"'


def test_quotes_are_doubled() -> None:
    assert b'"said ""yes"", twice"\r\n' in write([replace(SENT, reference='said "yes", twice')], JobType.FAX, "utf-8")


def test_windows_1252_has_its_own_octets_and_a_question_mark_for_what_it_lacks() -> None:
    fate = replace(SENT, reference="Müller 5 € 東", remote_id="ß")
    assert b'"M\xfcller 5 \x80 ?"\r\n' in write([fate], JobType.FAX, "windows-1252")
    assert '"Müller 5 € 東"\r\n'.encode() in write([fate], JobType.FAX, "utf-8")


def test_there_is_no_byte_order_mark() -> None:
    assert write([], JobType.FAX, "utf-8") == HEAD


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_any_csv_reader_reads_back_what_was_given(references: list[str]) -> None:
    data = write([replace(SENT, reference=reference) for reference in references], JobType.FAX, "utf-8")
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert [row[7] for row in rows[1:]] == references
