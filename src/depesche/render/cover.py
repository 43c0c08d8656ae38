"""Sheets in front of a fax by an account's own template: HTML with fields, as hostile as any document."""

from html import escape

from depesche.model.cover import fields, filled
from depesche.model.subject import split_subject
from depesche.render.html import set_html
from depesche.render.order import TextPage
from depesche.render.pages import Sheets
from depesche.render.typography import one_line, paragraphs, sheets, telephone

ROUNDS = 3
"""The number of pages is known when they are set, and may itself make one more."""

_LINES = "margin:0;white-space:pre-wrap;overflow-wrap:anywhere;orphans:1;widows:1"


def own_sheets(page: TextPage, date: str, recipient: str, others: int, most: int, pixels: int) -> Sheets:
    """Of a fax of which `others` more pages follow; `date` and `recipient` as people read them.

    Raises: Damaged, NotWhole, MemoryError.
    """
    html = page.cover.html
    subject, text = split_subject(page.text, "") if "subject" in fields(html) else ("", page.text)
    values = {
        "sender": escape(one_line(page.sender)),
        "sender_number": escape(one_line(telephone(page.sender_number))),
        "recipient": escape(one_line(recipient)),
        "subject": escape(one_line(subject)),
        "date": escape(date),
        "text": _text(text),
        "logo": page.cover.logo,
    }
    total = 1 + others
    for _ in range(ROUNDS):
        made = set_html(filled(html, values | {"pages": str(total)}), most, pixels)
        if made.pages + others == total:
            break
        total = made.pages + others
    return made


def _text(text: str) -> str:
    """The customer's lines, none lost and none joined."""
    pieces = (
        (piece, ";break-before:page" if number and not place else "")
        for number, sheet in enumerate(sheets(text))
        for place, piece in enumerate(paragraphs(sheet))
    )
    return "".join(
        f'<p style="{_LINES}{style}">{escape(piece)}{"<br>" if not piece or piece.endswith(chr(10)) else ""}</p>'
        for piece, style in pieces
    )
