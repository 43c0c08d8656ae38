"""How many short messages a text takes: 3GPP TS 23.038 §6.2.1 and TS 23.040 §9.2.3.24.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.model.gsm import BASIC, EXTENSION, is_gsm, parts

FACE = "\N{GRINNING FACE}"
"""Two UCS-2 units."""


def test_the_default_alphabet_has_127_characters_and_the_escape() -> None:
    assert len(set(BASIC)) == len(BASIC) == 127
    assert len(set(EXTENSION)) == len(EXTENSION) == 10
    assert not set(BASIC) & set(EXTENSION)


@pytest.mark.parametrize(
    ("septet", "character"),
    [
        (0x00, "@"),
        (0x02, "$"),
        (0x0A, "\n"),
        (0x0D, "\r"),
        (0x10, "Δ"),
        (0x1A, "Ξ"),
        (0x24, "¤"),
        (0x40, "¡"),
        (0x5B, "Ä"),
        (0x5F, "§"),
        (0x60, "¿"),
        (0x7E, "ü"),
        (0x7F, "à"),
    ],
)
def test_characters_stand_where_the_standard_has_them(septet: int, character: str) -> None:
    escape = 0x1B
    assert BASIC[septet - (septet > escape)] == character


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 459, 3),
        ("a" * 460, 4),
        ("ä" * 160, 1),
        ("€" * 80, 1),
        ("€" * 80 + "a", 2),
        ("a" * 158 + "€", 1),
        ("a" * 159 + "€", 2),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("a" * 151 + "€" + "a" * 153, 2),
        ("\r\n" * 80, 1),
        ("[]{}\\~^|\f€" * 8, 1),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("ç" * 134, 2),
        ("ç" * 135, 3),
        ("a" * 69 + "„", 1),
        ("a" * 70 + "„", 2),
        (FACE * 35, 1),
        (FACE * 36, 2),
        (FACE * 33 + "ç" + FACE * 33, 2),
        (FACE * 66, 2),
        (FACE * 67, 3),
        ("ç" * 66 + FACE + "ç" * 65, 2),
        ("ç" * 66 + FACE + "ç" * 66, 3),
    ],
)
def test_messages_are_counted_at_every_boundary(text: str, count: int) -> None:
    assert len(parts(text)) == count


def test_neither_an_escape_nor_a_surrogate_pair_is_split() -> None:
    assert parts("a" * 152 + "€" + "b" * 20) == ("a" * 152, "€" + "b" * 20)
    assert parts("ç" * 66 + FACE + "ç" * 66) == ("ç" * 66, FACE + "ç" * 65, "ç")


def test_one_character_outside_the_alphabet_makes_the_whole_text_ucs2() -> None:
    assert is_gsm("Grüße für 5 € [sofort]")
    assert not is_gsm("Grüße für 5 € „sofort“")
    assert not is_gsm("\x1b")


@given(st.text(alphabet=st.sampled_from("aé€[" + "ç„" + FACE), max_size=400))
def test_no_message_holds_more_than_its_room_and_no_room_is_wasted(text: str) -> None:
    gsm = is_gsm(text)
    alone, joined = (160, 153) if gsm else (70, 67)
    wide = EXTENSION if gsm else FACE
    units = sum(2 if character in wide else 1 for character in text)
    messages = parts(text)
    count = len(messages)
    assert "".join(messages) == text
    if units <= alone:
        assert count == 1
    else:
        assert all(sum(2 if one in wide else 1 for one in message) <= joined for message in messages)
        assert units <= count * joined
        assert units > (count - 1) * (joined - 1)
