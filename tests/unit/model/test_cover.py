"""Fields of a template."""

import pytest

from depesche.model.cover import fields, filled


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("", set()),
        ("{{text}}", {"text"}),
        ("<p>{{ text }}{{sender}}{{text}}", {"text", "sender"}),
        ("@page { @top-left { content: '{{pages}}' } }", {"pages"}),
        ("{text} { {text} }", set()),
        ("{{}}", {""}),
        ("{{a b}}", {"a b"}),
    ],
)
def test_fields_are_what_stands_between_double_braces(html: str, found: set[str]) -> None:
    assert fields(html) == found


def test_values_are_put_in_once_and_are_no_fields_themselves() -> None:
    values = {"text": "{{sender}}", "sender": "Firma"}
    assert filled("<p>{{text}} {{ sender }} {{what}}.", values) == "<p>{{sender}} Firma ."
