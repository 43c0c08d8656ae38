"""What outlives a line process: notes of calls, and faxes on their way in."""

from pathlib import Path

from depesche.channels.fax.trunk import journal
from depesche.channels.fax.trunk.journal import Known
from depesche.channels.fax.trunk.spool import Arriving, left, whole_pages
from documents import fax_page, picture

ARRIVING = Arriving("20261129T101112000000-1", "+493023125100", "+493023125777", "line", "2026-11-29T10:11:12+00:00")


def test_a_call_is_known_as_not_taken_until_it_is(tmp_path: Path) -> None:
    note = tmp_path / "call-1-1"
    assert journal.known(note) is Known.NOTHING
    journal.open_note(note)
    assert journal.known(note) is Known.NOT_TAKEN
    journal.note_taken(note)
    assert journal.known(note) is Known.TAKEN


def test_a_fax_on_its_way_in_is_found_again(tmp_path: Path) -> None:
    ARRIVING.note(tmp_path)
    pages = picture("TIFF", fax_page(), compression="group4", save_all=True, append_images=[fax_page(seed=2)])
    ARRIVING.pages(tmp_path).write_bytes(pages)
    assert list(left(tmp_path)) == [ARRIVING]
    assert whole_pages(ARRIVING.pages(tmp_path)) == 2
    ARRIVING.forget(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_note_that_was_not_written_whole_is_none(tmp_path: Path) -> None:
    (tmp_path / "fax-half.json").write_text('{"source": "ha')
    (tmp_path / "fax-other.json").write_text('{"source": "x"}')
    assert list(left(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_nothing_came(tmp_path: Path) -> None:
    assert whole_pages(ARRIVING.pages(tmp_path)) == 0
    ARRIVING.pages(tmp_path).write_bytes(b"II*\0\0\0\0\0")
    assert whole_pages(ARRIVING.pages(tmp_path)) == 0
