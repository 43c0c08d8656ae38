"""Content streams, read as far as colours are concerned."""

import pytest

from depesche.render.content import Step, Unreadable, steps


def operators(content: bytes) -> list[bytes]:
    return [step.operator for step in steps(content)]


def test_operators_come_with_their_operands_and_their_place() -> None:
    content = b"q\n 1 .5 -0 rg\r/Name#20x cs % 1 0 0 rg\n(a) Tj"
    assert list(steps(content)) == [
        Step(b"q", (), 0, 1),
        Step(b"rg", (b"1", b".5", b"-0"), 3, 13),
        Step(b"cs", (b"/Name#20x",), 14, 26),
        Step(b"Tj", (b"(",), 38, 44),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"(1 0 0 rg) Tj",
        b"(\\( 1 0 0 rg) Tj",
        b"(a (1 0 0 rg) \\) b) Tj",
        b"<31203020> Tj",
        b"[(1 0 0 rg) -20 (x)] Tj",
        b"% 1 0 0 rg\nTj",
    ],
)
def test_what_stands_in_a_string_or_a_comment_is_no_operator(content: bytes) -> None:
    assert operators(content) == [b"Tj"]


def test_what_belongs_to_marked_content_is_no_operator() -> None:
    assert operators(b"/P <</MCID 0 /E (x) /A [1 2]>> BDC 1 g EMC") == [b"BDC", b"g", b"EMC"]


def test_an_inline_picture_is_one_step_with_its_data() -> None:
    picture, end = list(steps(b"BI /W 2 /IM true ID \x00EI(\xff\n EI Q"))
    assert (picture.operator, picture.operands) == (b"ID", (b"/W", b"2", b"/IM", b"true"))
    assert picture.data == b"\x00EI(\xff\n"
    assert end.operator == b"Q"


@pytest.mark.parametrize("content", [b"(abc", b"BI /W 2 ID \x00\x00", b"1 0 0 rg )"])
def test_what_does_not_end_is_unreadable(content: bytes) -> None:
    with pytest.raises(Unreadable):
        list(steps(content))


def test_numbers_are_those_in_front_of_a_name() -> None:
    pattern, broken = steps(b"1 .5 /P scn 1 (x) 0 rg")
    assert pattern.numbers() == (1, 0.5)
    with pytest.raises(Unreadable):
        broken.numbers()
