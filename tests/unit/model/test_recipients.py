"""Recipient and RecipientFile, read into rows."""

import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.model.recipients import Given, NoList, encoding_of, from_lines, from_parameter, from_single


def from_file(data: bytes, piece: int = 3) -> tuple[Given, ...]:
    """As a file is read: pieces of any length for its encoding, then line by line."""
    encoding = encoding_of(data[start : start + piece] for start in range(0, len(data), piece))
    return tuple(from_lines(io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("+4940123456789", [("+4940123456789", "")]),
        ("+4940123456789[ref-17]", [("+4940123456789", "ref-17")]),
        ("+4940123456789 [ ref-17 ] ", [("+4940123456789", "ref-17")]),
        ("040123,040456[b],040789", [("040123", ""), ("040456", "b"), ("040789", "")]),
        ("040123[a,b],040456[c]", [("040123", "a,b"), ("040456", "c")]),
        (",040123,, ,040456,", [("040123", ""), ("040456", "")]),
        ("040123[open", [("040123", "open")]),
        ("040123[open,040456", [("040123", "open,040456")]),
        ("040123[]", [("040123", "")]),
        ("[alone]", []),
        ("", []),
        (" , ", []),
    ],
)
def test_the_parameter_is_separated_by_commas_outside_brackets(text: str, rows: list[tuple[str, str]]) -> None:
    assert from_parameter(text) == tuple(Given(*row) for row in rows)


@pytest.mark.parametrize(
    ("text", "address", "reference"),
    [
        ("Max Muster, Hamburg", "Max Muster, Hamburg", ""),
        ("Max Muster, Hamburg[Nr. 5]", "Max Muster, Hamburg", "Nr. 5"),
        ("Muster [Filiale] Hamburg", "Muster [Filiale] Hamburg", ""),
        ("Muster [Filiale] Hamburg[7]", "Muster [Filiale] Hamburg", "7"),
        ("Muster[a[b]", "Muster", "a[b"),
        ("Muster]", "Muster]", ""),
        ("[7]", "", "7"),
        ("", "", ""),
        ("Max\nMuster[7]", "Max\nMuster", "7"),
    ],
)
def test_a_letters_recipient_is_kept_whole_but_for_the_reference_at_its_end(
    text: str, address: str, reference: str
) -> None:
    assert from_single(text) == Given(address, reference)


@pytest.mark.parametrize(
    "text", ["[" * 100_000 + "]x", "[a]" * 100_000 + "x", "a" * 200_000, "[" + " " * 200_000 + "x"]
)
def test_a_text_made_to_take_long_does_not(text: str) -> None:
    before = time.process_time()
    from_parameter(text)
    from_single(text)
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"040123,ref 1\r\n040456,ref 2\r\n", [("040123", "ref 1"), ("040456", "ref 2")]),
        (b"040123\n040456", [("040123", ""), ("040456", "")]),
        (b"040123,a,b,c\n", [("040123", "a")]),
        (b'"040123","said ""yes"", twice"\n', [("040123", 'said "yes", twice')]),
        (b'"040123","two\nlines"\n040456\n', [("040123", "two\nlines"), ("040456", "")]),
        (b"\n\n040123\n \n,\n\r\n040456\n\n", [("040123", ""), ("040456", "")]),
        (b"\xef\xbb\xbf040123,M\xc3\xbcller\n", [("040123", "Müller")]),
        ("040123,Müller €\n".encode(), [("040123", "Müller €")]),
        ("040123,Müller €\n".encode("windows-1252"), [("040123", "Müller €")]),
        (b" 040123 , ref \n", [("040123", "ref")]),
        (b"040123\r040456\r", [("040123", ""), ("040456", "")]),
        (b"", []),
        (b"\xef\xbb\xbf", []),
    ],
)
def test_the_file_has_address_and_reference_a_row(data: bytes, rows: list[tuple[str, str]]) -> None:
    assert from_file(data) == tuple(Given(*row) for row in rows)


@pytest.mark.parametrize(
    "data",
    [
        b'040123,"open\n040456',
        b'"040123"x,ref\n',
        b"040123\0\n",
        "040123\n".encode("utf-16"),
        b"040123,\x81\n",
        b"%PDF-1.7\n\x00\x9d",
        b"040123," + b"x" * (csv.field_size_limit() + 1),
    ],
)
def test_what_is_no_csv_is_no_list(data: bytes) -> None:
    with pytest.raises(NoList):
        from_file(data)


def test_the_reason_names_the_line() -> None:
    with pytest.raises(NoList, match="line 2"):
        from_file(b'040123\n"040456"x\n')


@given(st.binary(max_size=200))
def test_any_octets_give_rows_or_no_list(data: bytes) -> None:
    try:
        rows = from_file(data)
    except NoList:
        return
    assert all(row.address or row.reference for row in rows)


@given(st.text(alphabet=st.sampled_from('0a,[]" \r\n;€'), max_size=60))
def test_any_text_gives_rows_without_blanks_around(text: str) -> None:
    for row in (*from_parameter(text), from_single(text)):
        assert row.address == row.address.strip()
        assert row.reference == row.reference.strip()


FIELDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


@given(st.lists(st.tuples(FIELDS, FIELDS), max_size=10))
def test_a_file_written_by_any_csv_writer_is_read_back(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    kept = [(address.strip(), reference.strip()) for address, reference in rows]
    expected = tuple(Given(*row) for row in kept if row != ("", ""))
    assert from_file(b"\xef\xbb\xbf" + text.getvalue().encode()) == expected


ADDRESSES = st.text(st.characters(exclude_characters="[],"), min_size=1, max_size=20).map(str.strip).filter(bool)
REFERENCES = st.text(st.characters(exclude_characters="[]"), max_size=20).map(str.strip)


@given(st.lists(st.tuples(ADDRESSES, REFERENCES), max_size=10))
def test_a_parameter_put_together_is_taken_apart(rows: list[tuple[str, str]]) -> None:
    text = ",".join(f"{address}[{reference}]" for address, reference in rows)
    assert from_parameter(text) == tuple(Given(*row) for row in rows)
