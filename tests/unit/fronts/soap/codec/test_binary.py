import base64
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depesche.fronts.soap.codec.binary import Base64Decoder


def decoded(*pieces: str) -> bytes:
    decoder = Base64Decoder()
    data = b"".join(map(decoder.feed, pieces))
    decoder.close()
    return data


@given(st.binary(), st.lists(st.integers(0, 200)), st.sampled_from(["", " ", "\n", "\r\n", "\t", "\r"]))
@settings(deadline=None)
def test_any_bytes_survive_any_cuts_and_line_breaks(data: bytes, cuts: list[int], blank: str) -> None:
    text = blank.join(base64.b64encode(data).decode())
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    assert decoded(*(text[start:end] for start, end in pairwise(edges))) == data


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", b""),
        (" \r\n", b""),
        ("QUJD", b"ABC"),
        ("QUI=", b"AB"),
        ("QQ==", b"A"),
        ("QQ=\r\n=", b"A"),
        (" Q U J D ", b"ABC"),
    ],
)
def test_padding_may_be_of_any_length_and_broken(text: str, data: bytes) -> None:
    assert decoded(text) == data


@pytest.mark.parametrize(
    "text",
    [
        "QUI",
        "QQ",
        "Q",
        "QUJDQ",
        "QQ=",
        "QQ===",
        "QUJD====",
        "====",
        "=QQQ",
        "QU=D",
        "QQ=D",
        "Q===",
        "QUJDQQ==\r\nQQ==",
        "QQ==QUJD",
        "QUJ-",
        "QUJ_",
        "QU*D",
        "QUJD\0",
        "QUJDä",
        "QUJD\u00a0",
    ],
)
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decoded(text)


def test_padding_ends_the_data_even_if_more_comes_in_the_next_piece() -> None:
    with pytest.raises(ValueError, match="follows the padding"):
        decoded("QQ==", "QUJD")
    assert decoded("QQ==", "\r\n") == b"A"
