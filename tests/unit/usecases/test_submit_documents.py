"""SendJob makes pages: what is kept of a document, and the codes of those that cannot be sent."""

import asyncio
from pathlib import Path
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from builders import START, Clock, add_account, everything
from customers import Customer, OpenHouse, Order, customer_of, open_house
from depesche.config import Render
from depesche.model.job import StoredFile
from depesche.render.renderer import Renderer, TextPage
from depesche.store import jobs
from depesche.store.sqlite import Sqlite
from depesche.usecases.jobs import show
from depesche.usecases.submit import SubmitAnswer
from documents import encrypted_pdf, endless_pdf, huge_png, pdf, picture, words
from legibility import pale, print_of

pytestmark = pytest.mark.anyio

FAX, MAIL, LETTER, COLOUR, QSIGN = 0, 2, 3, 4, 8
NUMBER = "+493023125000"
INVOICE = "kunde@firma.de"

TWO_PAGES = pdf(words("Seite 1"), words("Seite 2"))
SIX_PAGES = pdf(*(words(f"Seite {number}") for number in range(1, 7)))
SLOW_TEXT = ("Zeile\n" * 25_000 + "\N{HEBREW LETTER ALEF}").encode()
"""Its pages take seconds to count."""

PICTURE = picture("PNG", Image.new("L", (400, 300), 128))


def enter(rendering: OpenHouse, **changes: Any) -> Customer:
    database = rendering.house.database
    return customer_of(rendering.house, database.run_here(lambda connection: add_account(connection, **changes)))


async def kept(rendering: OpenHouse) -> list[tuple[str, str, int, bytes]]:
    """Role, name, pages and content of the only job's files; there is no other blob."""
    files: list[StoredFile] = rendering.house.database.read_here(lambda connection: jobs.files(connection, 1))
    assert len(rendering.blobs()) == len({file.key for file in files}) == len(files)
    assert rendering.scratch() == []
    contents = [await rendering.house.blobs.read(file.key) for file in files]
    return [(file.role, file.filename, file.pages, data) for file, data in zip(files, contents, strict=True)]


async def test_a_fax_is_kept_as_it_was_given_and_as_it_goes_out(rendering: OpenHouse) -> None:
    customer = enter(rendering)
    order = Order(FAX, NUMBER, text="Anbei.", files=[("Brief.pdf", TWO_PAGES), ("Bild.png", PICTURE)])
    assert await customer.send(order) == SubmitAnswer(0, job_id=1, recipients=1, pages=4)
    brief, bild, pages = await kept(rendering)
    assert brief == ("source", "Brief.pdf", 0, TWO_PAGES)
    assert bild == ("source", "Bild.png", 0, PICTURE)
    assert pages[:3] == ("pages", "fax.tif", 4)
    assert pages[3].startswith(b"II*\x00")


async def test_how_much_of_each_page_can_be_read_is_on_record_and_a_warning_where_it_is_little(
    rendering: OpenHouse,
) -> None:
    files = [("a.pdf", pale("#e4e4e4").pdf), ("b.pdf", TWO_PAGES), ("c.pdf", print_of(3).pdf)]
    customer = enter(rendering, resolution="standard")
    assert await customer.send(Order(FAX, NUMBER, text="Anbei.", files=files)) == SubmitAnswer(0, 1, 1, pages=5)
    record = await show(rendering.house, 1)
    assert len(record.legibility) == 5
    assert [score >= 50 for score in record.legibility] == [True, False, True, True, False]
    assert record.head.warnings == (
        "page 5 will hardly be readable: its text is too small",
        "page 2 will hardly be readable: its text is too pale",
    )


@pytest.mark.parametrize(
    ("order", "pages"),
    [
        (Order(FAX, NUMBER, text="Nur Text"), 1),
        (Order(FAX, NUMBER, text=" ", files=[("a.pdf", TWO_PAGES)]), 2),
        (Order(FAX, NUMBER, text="", files=[("a.png", PICTURE), ("b.png", PICTURE), ("c.png", PICTURE)]), 3),
        (Order(FAX, NUMBER, text="", files=[("", None), ("", None), ("c.txt", b"Text")]), 1),
    ],
)
async def test_text_and_files_are_the_pages(rendering: OpenHouse, order: Order, pages: int) -> None:
    assert await enter(rendering).send(order) == SubmitAnswer(0, job_id=1, recipients=1, pages=pages)


@pytest.mark.parametrize("kind", [LETTER, COLOUR])
@pytest.mark.parametrize("recipient", ["", "Muster, Hamburg[Nr. 5]"])
async def test_a_letter_is_one_document_to_one_recipient(rendering: OpenHouse, kind: int, recipient: str) -> None:
    order = Order(kind, recipient, text="zu viel", files=[("a.pdf", TWO_PAGES), ("b.png", PICTURE)])
    assert await enter(rendering).send(order) == SubmitAnswer(0, job_id=1, recipients=1, pages=3)
    *_, pages = await kept(rendering)
    assert pages[:3] == ("pages", "brief.pdf", 3)
    assert pages[3].startswith(b"%PDF-")
    (fate,) = rendering.house.database.read_here(lambda connection: list(jobs.fates(connection, 1)))
    assert (fate.address, fate.reference) == (("Muster, Hamburg", "Nr. 5") if recipient else ("", ""))


async def test_a_letters_list_may_have_no_row(rendering: OpenHouse) -> None:
    order = Order(LETTER, "", recipient_file=b"\r\n", files=[("a.pdf", TWO_PAGES)])
    assert await enter(rendering).send(order) == SubmitAnswer(0, job_id=1, recipients=1, pages=2)


async def test_an_invoice_that_is_a_pdf_stays_as_it_is(rendering: OpenHouse) -> None:
    files = [("Rechnung.pdf", TWO_PAGES), ("daten.xml", b"<x/>"), ("Anlage.xyz", b"?")]
    assert await enter(rendering).send(Order(QSIGN, INVOICE, files=files)) == SubmitAnswer(0, 1, 1, 2)
    assert await kept(rendering) == [("source", name, 0, data) for name, data in files]


async def test_an_invoice_of_another_format_becomes_a_pdf(rendering: OpenHouse) -> None:
    files = [("Rechnung 5.png", PICTURE), ("daten.xml", b"<x/>")]
    assert await enter(rendering).send(Order(QSIGN, INVOICE, files=files)) == SubmitAnswer(0, 1, 1, 1)
    first, second, made = await kept(rendering)
    assert (first[:2], second[:2], made[:3]) == (
        ("source", "Rechnung 5.png"),
        ("source", "daten.xml"),
        ("pages", "Rechnung 5.pdf", 1),
    )
    assert made[3].startswith(b"%PDF-")


async def test_the_attachments_of_a_mail_are_counted_where_they_can_be(rendering: OpenHouse) -> None:
    files = [("a.pdf", TWO_PAGES), ("kaputt.pdf", b"%PDF-1.7 broken"), ("b.png", PICTURE)]
    assert await enter(rendering).send(Order(MAIL, INVOICE, files=files)) == SubmitAnswer(0, 1, 1, 3)
    assert await kept(rendering) == [("source", name, 0, data) for name, data in files]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (Order(FAX, NUMBER, files=[("a.pdf", b"%PDF-1.7 broken")]), -7),
        (Order(FAX, NUMBER, files=[("a.pdf", TWO_PAGES), ("b.pdf", encrypted_pdf())]), -7),
        (Order(FAX, NUMBER, files=[("a.png", PICTURE[:100])]), -7),
        (Order(FAX, NUMBER, files=[("a.png", huge_png(60_000, 60_000))]), -7),
        (Order(LETTER, files=[("a.pdf", b"%PDF-1.7 broken")]), -7),
        (Order(QSIGN, INVOICE, files=[("a.pdf", encrypted_pdf())]), -7),
        (Order(FAX, NUMBER, text="", files=[("a.pdf", SIX_PAGES)]), -14),
        (Order(FAX, NUMBER, files=[("a.pdf", TWO_PAGES), ("b.pdf", TWO_PAGES), ("c.png", PICTURE)]), -14),
        (Order(LETTER, files=[("a.pdf", SIX_PAGES)]), -14),
    ],
)
async def test_what_cannot_be_made_into_pages_is_refused_and_nothing_is_left(
    rendering: OpenHouse, order: Order, code: int
) -> None:
    customer = enter(rendering)
    before = rendering.house.database.read_here(everything)
    assert await customer.send(order) == SubmitAnswer(code)
    assert rendering.house.database.read_here(everything) == before
    assert rendering.blobs() == rendering.scratch() == []


@pytest.mark.parametrize("kind", [FAX, LETTER])
async def test_what_an_html_document_names_is_left_out_and_the_job_says_so(rendering: OpenHouse, kind: int) -> None:
    customer = enter(rendering)
    page = b"<p>Guten Tag<img src='http://127.0.0.1:9/logo.png'>"
    order = Order(kind, NUMBER if kind == FAX else "", text="", files=[("Seite.html", page)])
    assert await customer.send(order) == SubmitAnswer(0, job_id=1, recipients=1, pages=1)
    (job,) = everything_of(rendering)
    assert "http://127.0.0.1:9/logo.png is left out: what a document names is not fetched" in job["warnings"]


def everything_of(rendering: OpenHouse) -> list[dict[str, Any]]:
    """The rows of jobs."""
    return rendering.house.database.read_here(everything)["job"]


async def test_a_converter_that_runs_past_its_time_is_not_the_documents_fault(
    opened: OpenHouse, database: Sqlite, clock: Clock
) -> None:
    async with Renderer(Render(seconds=0.0001)) as hasty:
        house = open_house(opened.house.settings.data, database, clock, hasty)
        customer = enter(house)
        assert await customer.send(Order(FAX, NUMBER, files=[("a.pdf", TWO_PAGES)])) == SubmitAnswer(58)
        assert house.blobs() == house.scratch() == []


def warm(rendering: OpenHouse, database: Sqlite, clock: Clock, **settings: Any) -> OpenHouse:
    """The same house with a renderer of other settings, whose conversion process is running already."""
    renderer = Renderer(Render(**settings))
    running = rendering.house.renderer
    renderer._open, renderer._keeper, renderer._offices = True, running._keeper, running._offices
    return open_house(rendering.house.settings.data, database, clock, renderer)


async def test_attachments_are_counted_while_the_order_has_time(
    rendering: OpenHouse, database: Sqlite, clock: Clock
) -> None:
    customer = enter(warm(rendering, database, clock, seconds=2))
    files = [("a.pdf", TWO_PAGES), ("b.txt", SLOW_TEXT), ("c.txt", SLOW_TEXT)]
    began = monotonic()
    assert await customer.send(Order(MAIL, INVOICE, files=files)) == SubmitAnswer(0, 1, 1, 2)
    assert monotonic() - began < 2 * 2


async def test_a_customer_with_slow_documents_is_in_nobodys_way(
    rendering: OpenHouse, database: Sqlite, clock: Clock
) -> None:
    house = warm(rendering, database, clock, workers=2)
    slow, quick = enter(house, number="10001"), enter(house, number="10002")
    tasks = [
        asyncio.create_task(slow.send(Order(FAX, NUMBER, text=str(number), files=[("a.pdf", endless_pdf())])))
        for number in range(4)
    ]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        for order in (Order(FAX, NUMBER), Order(LETTER, files=[("a.pdf", TWO_PAGES)])):
            assert (await quick.send(order)).code == 0
    assert not any(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@pytest.mark.parametrize(
    ("country", "language"),
    [("DE", "de"), ("AT", "de"), ("CH", "de"), ("LI", "de"), ("LU", "de"), ("FR", "en"), ("US", "en")],
)
@pytest.mark.parametrize("recipients", [(NUMBER,), (NUMBER, "+493023125001")])
async def test_the_heading_is_written_in_the_language_of_the_accounts_country(
    rendering: OpenHouse, tmp_path: Path, country: str, language: str, recipients: tuple[str, ...]
) -> None:
    customer = enter(rendering, country=country)
    assert (await customer.send(Order(FAX, ",".join(recipients), text="Guten Tag"))).code == 0
    ((_, _, _, fax),) = await kept(rendering)
    page = TextPage(
        text="Guten Tag",
        sender="Firma 10001",
        sender_number="",
        recipient=recipients[0] if len(recipients) == 1 else "",
        sent_on=START.astimezone(ZoneInfo("Europe/Berlin")),
        language=language,
        recipients=len(recipients),
    )
    await rendering.house.renderer.fax(page, [], tmp_path / "expected.tif")
    assert fax == (tmp_path / "expected.tif").read_bytes()


@pytest.mark.parametrize(("pages", "code"), [(3, 0), (4, -1309)])
async def test_a_trial_account_may_send_three_pages(rendering: OpenHouse, pages: int, code: int) -> None:
    customer = enter(rendering, state="trial", trial_until=START.date())
    document = pdf(*(words(f"Seite {number}") for number in range(pages)))
    answer = await customer.send(Order(FAX, NUMBER, text="", files=[("a.pdf", document)]))
    assert answer.code == code
    assert (rendering.blobs() == []) is (code != 0)
    assert rendering.scratch() == []


async def test_the_recipient_is_judged_before_pages_are_made(rendering: OpenHouse) -> None:
    order = Order(FAX, "+4930", files=[("a.pdf", b"%PDF-1.7 broken")])
    assert await enter(rendering).send(order) == SubmitAnswer(46)
