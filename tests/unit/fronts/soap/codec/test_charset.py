import codecs

import pytest

from depesche.fronts.soap.codec.charset import choose
from depesche.fronts.soap.codec.fault import SoapFault


def declared(encoding: str, text: str = "ä") -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?><a>{text}</a>'


@pytest.mark.parametrize(
    ("head", "charset", "encoding"),
    [
        (b"<a/>", "", "UTF-8"),
        (declared("iso-8859-15").encode("iso-8859-15"), "", "ISO-8859-15"),
        (declared("windows-1250").encode("cp1250"), "", "windows-1250"),
        (declared("us-ascii").encode(), "", "UTF-8"),
        (b"<a/>", "iso-8859-2", "ISO-8859-2"),
        (codecs.BOM_UTF8 + declared("iso-8859-1").encode(), "iso-8859-1", "UTF-8"),
        (codecs.BOM_UTF16_LE + declared("utf-8").encode("utf-16-le"), "utf-8", "UTF-16LE"),
        (codecs.BOM_UTF16_BE + declared("utf-8").encode("utf-16-be"), "utf-8", "UTF-16BE"),
        (declared("utf-16").encode("utf-16-le"), "", "UTF-16LE"),
        (declared("utf-16").encode("utf-16-be"), "utf-8", "UTF-16BE"),
    ],
)
def test_mark_then_content_type_then_declaration(head: bytes, charset: str, encoding: str) -> None:
    assert choose(head, charset) == encoding


def test_iso_8859_1_is_read_as_the_windows_code_page_that_is_meant() -> None:
    assert choose(declared("ISO-8859-1").encode("latin-1"), "") == "windows-1252"
    assert choose(b"<a/>", "Latin1") == "windows-1252"


def test_utf_16_claimed_for_eight_bits_is_passed_over() -> None:
    assert choose(declared("utf-16").encode(), "") == "UTF-8"
    assert choose(b"<a/>", "UTF-16") == "UTF-8"
    assert choose(declared("windows-1252").encode("cp1252"), "utf-16") == "windows-1252"


def test_between_utf_8_and_an_eight_bit_code_the_bytes_decide() -> None:
    assert choose(declared("iso-8859-1").encode("utf-8"), "utf-8") == "UTF-8"
    assert choose(declared("iso-8859-1").encode("latin-1"), "utf-8") == "windows-1252"
    assert choose(declared("utf-8").encode("latin-1"), "iso-8859-1") == "windows-1252"


def test_a_character_cut_at_the_end_of_the_block_is_still_utf_8() -> None:
    head = declared("iso-8859-1", "ä" * 100).encode("utf-8")
    assert choose(head[: head.rindex("ä".encode()) + 1], "utf-8") == "UTF-8"


def test_of_two_eight_bit_claims_the_content_type_wins() -> None:
    assert choose(declared("iso-8859-2").encode("iso-8859-2"), "windows-1250") == "windows-1250"


@pytest.mark.parametrize("encoding", ["shift_jis", "utf-7", "utf-32", "ebcdic", "rot13", "x" * 40])
def test_an_encoding_that_is_not_read_is_told(encoding: str) -> None:
    with pytest.raises(SoapFault, match="send UTF-8"):
        choose(declared(encoding, "a").encode(), "")
