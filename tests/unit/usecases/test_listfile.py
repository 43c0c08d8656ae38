"""A recipient file on disk."""

import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depesche.model.recipients import Given, NoList
from depesche.usecases.listfile import PIECE, fingerprint, read_list


def written(folder: Path, data: bytes) -> Path:
    path = folder / "list.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", "utf-8-sig"),
        (b"1,a\r\n2,b\r\n", "utf-8-sig"),
        ("1,ä\n2,€\n".encode(), "utf-8-sig"),
        (b"\xef\xbb\xbf" + "1,ä\n2,€\n".encode(), "utf-8-sig"),
        ("1,ä\n2,€\n".encode("windows-1252"), "windows-1252"),
    ],
)
def test_it_can_be_read_again_and_again(tmp_path: Path, data: bytes, encoding: str) -> None:
    found = read_list(written(tmp_path, data))
    assert found.encoding == encoding
    assert list(found) == list(found)
    assert len(found) == len(list(found)) == data.count(b"\n")


@pytest.mark.parametrize("place", [PIECE - 2, PIECE - 1, PIECE, PIECE + 1])
def test_what_decides_may_lie_anywhere(tmp_path: Path, place: int) -> None:
    """A character of several octets across the pieces; a first octet that is no UTF-8 far behind."""
    begin = b"1," + b"x" * (place - 2)
    assert [row.reference[-1] for row in read_list(written(tmp_path, begin + "€\n".encode()))] == ["€"]
    assert [row.reference[-1] for row in read_list(written(tmp_path, begin + b"\x80\n"))] == ["€"]
    with pytest.raises(NoList):
        read_list(written(tmp_path, begin + b"\0\n"))
    with pytest.raises(NoList):
        read_list(written(tmp_path, begin + b"\x81\n"))


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_list(tmp_path / "gone.csv")


def test_reading_takes_no_memory_for_the_rows(tmp_path: Path) -> None:
    path = written(tmp_path, b"".join(b"+491713%06d,Kunde %d\r\n" % (number, number) for number in range(50_000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_list(path)) == 50_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


ROWS = [Given("1", "a"), Given("2", "b")]


@pytest.mark.parametrize(
    ("rows", "same"),
    [
        (ROWS, True),
        ([Given("1", "a"), Given("2", "c")], False),
        ([Given("2", "b"), Given("1", "a")], False),
        (ROWS[:1], False),
        ([*ROWS, ROWS[0]], False),
        ([Given("1a", ""), Given("2", "b")], False),
        ([Given("1", "a2"), Given("", "b")], False),
    ],
)
def test_a_fingerprint_is_of_addresses_references_and_their_order(rows: list[Given], same: bool) -> None:
    assert (fingerprint(rows) == fingerprint(ROWS)) is same


@given(st.lists(st.tuples(st.text("0123+", min_size=1, max_size=4), st.text('ab,"ä\n', max_size=4)), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_has_the_fingerprint_of_its_rows_however_it_is_written(
    tmp_path: Path, rows: list[tuple[str, str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    found = read_list(written(tmp_path, text.getvalue().encode()))
    assert found.fingerprint == fingerprint(Given(address, reference.strip()) for address, reference in rows)
    quoted = io.StringIO(newline="")
    csv.writer(quoted, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    other = read_list(written(tmp_path, b"\xef\xbb\xbf" + quoted.getvalue().encode()))
    assert (other.fingerprint, len(other)) == (found.fingerprint, len(found))
