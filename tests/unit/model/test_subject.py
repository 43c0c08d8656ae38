"""A subject in the first line."""

from depesche.model.subject import split_subject


def test_a_first_line_that_says_so_is_the_subject() -> None:
    assert split_subject("Betreff: Termin\n\nHallo", "x") == ("Termin", "Hallo")
    assert split_subject("subject : Date\nHello", "x") == ("x", "subject : Date\nHello")
    assert split_subject("Subject:\nHello", "x") == ("x", "Hello")
    assert split_subject("Hallo\nBetreff: nein", "x") == ("x", "Hallo\nBetreff: nein")
