"""The station id: T.30 §5.3.6.2.9."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.model.station import station_id


@pytest.mark.parametrize(
    ("text", "station"),
    [
        ("Muster GmbH", "Muster GmbH"),
        ("+49 40 123456789", "+49 40 123456789"),
        ("Müller & Söhne", "Mueller & Soehne"),
        ("Mu\N{COMBINING DIAERESIS}ller", "Mueller"),
        ("ÄÖÜäöüß", "AeOeUeaeoeuess"),
        ("Café Noël", "Cafe Noel"),
        ("Preis 5 €", "Preis 5 EUR"),
        ("A \N{EN DASH} B", "A - B"),
        ("№ 5", "No 5"),
        ("東京", "??"),
        ("  two   blanks  ", "two blanks"),
        ("a\x00b", "a?b"),
        ("1234567890123456789012345", "12345678901234567890"),
        ("1234567890123456789 abc", "1234567890123456789"),
        ("", ""),
    ],
)
def test_a_name_is_written_in_the_frames_characters(text: str, station: str) -> None:
    assert station_id(text) == station


@given(st.text(max_size=60))
def test_any_name_becomes_twenty_printable_ascii_characters_at_most(text: str) -> None:
    station = station_id(text)
    assert len(station) <= 20
    assert all(" " <= character <= "~" for character in station)
    assert station == station.strip()
    assert station_id(station) == station
