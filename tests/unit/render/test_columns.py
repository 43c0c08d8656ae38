"""How a table of text is read."""

from pathlib import Path

import pytest

from depesche.render import columns


@pytest.mark.parametrize(
    ("text", "separator", "count"),
    [
        ("a;b;c\nd;e;f\n", ";", 3),
        ("a,b\nc,d\n", ",", 2),
        ("a\tb\tc\n", "\t", 3),
        ("a|b\n", "|", 2),
        ('"x;y;z",b\n"1;2;3",d\n', ",", 2),
        ("Preis;14,90\nMenge;1,5\n", ";", 2),
        ("ein Wort\n", ";", 1),
        ("", ";", 1),
        ("a;b\nc;d\ne;f;g;h\n", ";", 4),
    ],
)
def test_the_separator_is_what_parts_most_columns(text: str, separator: str, count: int) -> None:
    assert columns.look(text) == (separator, count)


def test_there_is_an_end_to_columns() -> None:
    assert columns.look(";" * 5000) == (";", columns.MOST_COLUMNS)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_usual_coding_becomes_utf_8(tmp_path: Path, coding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Mütze;5 €\n".encode(coding))
    assert columns.options(path) == "59,34,76,1,1/2/2/2,0,true,false"
    assert path.read_bytes().decode("utf-8") == "Mütze;5 €\n"
