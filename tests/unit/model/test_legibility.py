"""What is said about pages that can hardly be read."""

from depesche.model.legibility import Flaw, Legibility, warnings

GOOD, FAIR = Legibility(100), Legibility(50, Flaw.SMALL)
SMALL, PALE = Legibility(49, Flaw.SMALL), Legibility(0, Flaw.PALE)


def test_pages_that_can_be_read_are_not_spoken_of() -> None:
    assert warnings([GOOD, FAIR]) == ()


def test_a_page_is_named_with_its_flaw() -> None:
    assert warnings([GOOD, GOOD, SMALL]) == ("page 3 will hardly be readable: its text is too small",)
    assert warnings([Legibility(3, Flaw.PICTURE)]) == ("page 1 will hardly be readable: its text is on a picture",)


def test_pages_with_the_same_flaw_share_a_warning() -> None:
    assert warnings([SMALL, PALE, SMALL, SMALL, SMALL, GOOD, SMALL, SMALL]) == (
        "pages 1, 3 to 5, 7 to 8 will hardly be readable: their text is too small",
        "page 2 will hardly be readable: its text is too pale",
    )


def test_a_warning_does_not_grow_with_the_fax() -> None:
    (warning,) = warnings([SMALL, GOOD] * 500)
    assert warning.startswith("pages 1, 3, 5, ")
    assert " and 490 more stretches will hardly be readable" in warning
