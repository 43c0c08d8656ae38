"""Sheets in front of a fax that look as an account wants them."""

import base64
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from PIL import Image

from depesche.model.cover import Cover
from depesche.render import text as text_module
from depesche.render.errors import Damaged, NotWhole
from depesche.render.order import TextPage
from depesche.render.pages import Sheets
from depesche.render.pdf import PdfPages
from depesche.render.text import text_page
from documents import black, file, huge_png, picture
from peers.listener import listener
from studio import Studio

MOST, PIXELS = 50, 10_000_000
PAGE = TextPage(
    "Betreff: Ihr Termin\nGuten Tag,\n\n  bis <b>morgen</b>.",
    "Müller & Söhne GmbH",
    "+493023125100",
    "+4940123456789",
    datetime(2026, 3, 2, 14, 5, tzinfo=ZoneInfo("Europe/Berlin")),
)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='200' height='60'><rect width='200' height='60'/></svg>"
EVERYTHING = (
    "<style>@page { @bottom-right { content: 'Blatt ' counter(page) ' von {{pages}}' } }</style><img src='{{logo}}'>"
    "<h1>{{subject}}</h1><p>{{sender}} | {{sender_number}} | {{ recipient }} | {{date}} | {{pages}} Seiten</p>{{text}}"
)


def address(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def made(cover: Cover, others: int = 2, **changes: object) -> Sheets:
    return text_page(replace(PAGE, cover=cover, **changes), others, MOST, PIXELS)  # type: ignore[arg-type]


def texts(sheets: Sheets) -> list[str]:
    with pdfium.PdfDocument(sheets.pdf) as document:
        found = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    assert len(found) == sheets.pages
    return found


def share(sheets: Sheets) -> float:
    with file(sheets.pdf) as pdf:
        return float(black(PdfPages(pdf, PIXELS).draw(0).bits).mean())


@pytest.mark.parametrize(
    "logo",
    [
        address("svg+xml", SVG),
        address("png", picture("PNG", Image.new("L", (200, 60)))),
        address("jpeg", picture("JPEG", Image.new("L", (200, 60)))),
    ],
)
@pytest.mark.parametrize("html", ["", "<img src='{{logo}}'>{{text}}"])
def test_a_logo_is_shown(logo: str, html: str) -> None:
    with_logo = made(Cover(logo=logo, html=html))
    without = made(Cover(html="{{text}}" if html else ""))
    assert with_logo.warnings == ()
    assert share(with_logo) - share(without) == pytest.approx((200 * 60) * (25.4 / 96) ** 2 / (215 * 297), rel=0.1)


def test_a_footer_stands_at_the_foot_of_the_first_sheet_alone() -> None:
    footer = "Firma </style> \"x\" 'y' \\ 100 % @page { } <b>\nIBAN DE00"
    first, second = texts(made(Cover(footer=footer), text="Zeile\n" * 60))
    assert " ".join(footer.split()) in first
    assert "IBAN" not in second


@pytest.mark.parametrize("long", [False, True])
def test_text_does_not_run_into_the_footer(long: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "LONG", 0 if long else 100_000)
    sheets = made(Cover(footer="Fuss"), text="Zeile\n" * 60)
    with pdfium.PdfDocument(sheets.pdf) as document:
        text = document[0].get_textpage()
        words = text.get_text_range()
        lowest = min(text.get_charbox(n)[1] for n in range(text.count_chars()) if words[n : n + 1] == "Z")
        footer = text.get_charbox(text.search("Fuss").get_next()[0])[3]
    assert lowest > footer


def test_a_template_of_its_own_has_all_fields() -> None:
    (sheet,) = texts(made(Cover(address("svg+xml", SVG), "", EVERYTHING)))
    facts = "Müller & Söhne GmbH | +49 30 23125100 | +49 40 123456789 | 2. März 2026, 14:05 Uhr | 3 Seiten"
    for part in (f"Ihr Termin {facts}", "Guten Tag, bis <b>morgen</b>.", "Blatt 1 von 3"):
        assert part in sheet
    assert "Betreff" not in sheet


def test_a_template_without_a_subject_leaves_it_in_the_text() -> None:
    (sheet,) = texts(made(Cover(html="<p>{{date}}{{text}}"), language="en"))
    assert sheet.startswith("2 March 2026, 14:05 Betreff: Ihr Termin Guten Tag,")


def test_several_recipients_are_told_as_on_the_standard_template() -> None:
    (sheet,) = texts(made(Cover(html="{{recipient}}{{text}}"), recipients=12, recipient=""))
    assert sheet.startswith("Verteiler (12 Empfänger)")


@pytest.mark.parametrize("others", [0, 7, 40])
def test_pages_are_those_of_the_whole_fax(others: int) -> None:
    sheets = made(Cover(html=EVERYTHING), others, text="Zeile\n" * 120)
    assert sheets.pages > 1
    for number, sheet in enumerate(texts(sheets), 1):
        assert f"Blatt {number} von {sheets.pages + others}" in sheet


def test_what_customers_write_is_text_in_every_field() -> None:
    evil = "<img src='http://x.invalid/'></style><script>"
    sheets = made(Cover(html=EVERYTHING), text=f"Betreff: {evil}\n{evil}", sender=evil, recipient=evil)
    assert sheets.warnings == ()
    assert "".join(texts(sheets)[0].split()).count("".join(evil.split())) == 4


def test_lines_blanks_and_form_feeds_are_kept() -> None:
    sheets = made(Cover(html="{{text}}"), text="a\n\n\n    b\fzwei")
    assert texts(sheets) == ["a b", "zwei"]


def test_nothing_that_a_template_names_is_fetched_or_read(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture("PNG", Image.new("L", (900, 900))))
    with listener() as (url, asked):
        for target in (f"{url}/a", f"file://{tmp_path}/secret.png", f"{tmp_path}/secret.png"):
            template = (
                f"<style>@import '{target}';@page{{background:url({target})}}</style><img src={target}>{{{{text}}}}"
            )
            sheets = made(Cover(html=template))
            assert len(sheets.warnings) == 1
            assert share(sheets) < 0.02
            assert made(Cover(logo=target)).warnings
            assert share(made(Cover(logo=target))) < 0.02
        assert not asked


@pytest.mark.parametrize("html", ["", "<img src='{{logo}}'>{{text}}"])
def test_a_logo_larger_than_allowed_is_damaged(html: str) -> None:
    with pytest.raises(Damaged):
        made(Cover(logo=address("png", huge_png(60_000, 60_000)), html=html))


def test_an_endless_template_is_not_whole() -> None:
    with pytest.raises(NotWhole):
        made(Cover(html="<p style='break-after:page'>x" * 60 + "{{text}}"))


def test_a_fax_has_the_sheet_and_says_what_it_lacks(studio: Studio) -> None:
    page = replace(PAGE, cover=Cover(html="<img src='http://x.invalid/l.png'>{{text}}"))
    made = studio.run(studio.renderer().fax(page, [], studio.out))
    assert made.pages == 1
    assert made.warnings == ("http://x.invalid/l.png is left out: what a document names is not fetched",)
