"""A preview is what would be sent, dot by dot, and says what would be said."""

import io
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from builders import add_account, rows
from customers import Customer, OpenHouse, Order, customer_of
from depesche.channels.base import Delivery, Document
from depesche.channels.fax.sandbox import SandboxFax
from depesche.model.account import Account
from depesche.model.jobtype import JobType
from depesche.model.reception import Reception
from depesche.model.result import Result
from depesche.render.errors import Damaged, NotWhole, Unsupported
from depesche.store import jobs, schema
from depesche.usecases.preview import Draft, Preview, preview
from documents import address, encrypted_pdf, pdf, picture, tiff_pages, words

pytestmark = pytest.mark.anyio

OWN, FAR = "+493023125100", "+493023125200"
HTML = "<h1>Grüße</h1><p style='color:#888'>grau<img src='http://127.0.0.1:9/x.png'>".encode()
PHOTO = picture("JPEG", Image.effect_noise((600, 400), 80).convert("RGB"), dpi=(150, 150))
FORM_B = pdf(address(45) + b"\n" + words("Sehr geehrte Frau Muster,", at=(70, 500)), words("Seite 2"))
BLANK = pdf(words("Guten Tag", at=(70, 100)))


def account_in(rendering: OpenHouse, **changes: Any) -> Account:
    return rendering.house.database.run_here(lambda connection: add_account(connection, "10001", OWN, **changes))


def on_disk(folder: Path, *files: tuple[str, bytes]) -> tuple[Path, ...]:
    (folder / "given").mkdir()
    for name, data in files:
        (folder / "given" / name).write_bytes(data)
    return tuple(folder / "given" / name for name, _ in files)


async def drawn(rendering: OpenHouse, account: Account, draft: Draft, folder: Path, page: int | None = None) -> Preview:
    (folder / "drawn").mkdir()
    return await preview(rendering.house, account, draft, folder / "drawn", page)


def dots(path: Path) -> NDArray[np.bool_]:
    """True where a picture is black; it has no grey."""
    with Image.open(path) as image:
        assert image.mode == "1"
        return ~np.asarray(image)


async def carried(rendering: OpenHouse, customer: Customer, order: Order, folder: Path) -> list[NDArray[np.bool_]]:
    """The pages that the machine of the far side wrote after a real call."""
    assert (await customer.send(order)).code == 0
    house = rendering.house
    kept = house.database.read_here(lambda connection: jobs.files(connection, 1))
    (made,) = (file for file in kept if file.role == "pages")
    (job,) = house.database.read_here(lambda connection: rows(connection, schema.job))
    arrived: list[bytes] = []

    async def has_inbox(number: str) -> bool:
        return number == FAR

    async def receive(reception: Reception) -> None:
        arrived.append(reception.tiff.read_bytes())

    async def received(source: str) -> bool:
        raise AssertionError(source)

    channel = SandboxFax(now=house.now, scratch=folder, has_inbox=has_inbox, receive=receive, received=received,
                         timezone=house.settings.timezone)  # fmt: skip
    sending = job["sending"]
    delivery = Delivery(1, 1, 1, "10001", JobType.FAX, FAR, made.pages, caller_number=sending["caller_number"],
                        station_id=sending["station_id"], fax_header=sending["fax_header"])  # fmt: skip
    async with house.blobs.local(made.key) as path:
        outcome = await channel.deliver(delivery, [Document(path, "fax.tif", made.pages)], Event())
    assert outcome.result is Result.OK
    return tiff_pages(arrived[0])


async def test_a_fax_is_what_the_far_machine_gets_dot_by_dot(rendering: OpenHouse, tmp_path: Path) -> None:
    account = account_in(rendering, name="Praxis Weiß")
    files = (("seite.html", HTML), ("foto.jpg", PHOTO), ("brief.pdf", FORM_B))
    options = "FAXHEADER=Befund"
    draft = Draft(JobType.FAX, on_disk(tmp_path, *files), "Anbei.", "030 23125-200", options)
    shown = await drawn(rendering, account, draft, tmp_path)
    order = Order(0, FAR, text="Anbei.", files=files, options=options)
    arrived = await carried(rendering, customer_of(rendering.house, account), order, tmp_path)
    assert shown.pages == len(arrived) == 5
    assert list(shown.pictures) == [1, 2, 3, 4, 5]
    for picture_, page in zip(shown.pictures.values(), arrived, strict=True):
        assert np.array_equal(dots(picture_), page)


@pytest.mark.parametrize(
    ("own", "given", "rows", "dpi"),
    [
        ("fine", "", 2292, 196),
        ("standard", "", 1146, 98),
        ("standard", "RESOLUTION=superfine", 4572, 391),
        ("superfine", "RESOLUTION=72", 4572, 391),
    ],
)
async def test_a_fax_has_the_resolution_of_the_order_or_else_of_the_account(
    rendering: OpenHouse, tmp_path: Path, own: str, given: str, rows: int, dpi: int
) -> None:
    account = account_in(rendering, resolution=own)
    draft = Draft(JobType.FAX, on_disk(tmp_path, ("a.pdf", BLANK)), "Anbei.", "", given)
    shown = await drawn(rendering, account, draft, tmp_path)
    for path in shown.pictures.values():
        with Image.open(path) as image:
            assert image.size == (1728, rows)
            assert image.info["dpi"] == pytest.approx((204, dpi), abs=0.1)
    warning = "RESOLUTION=72 is none of STANDARD, FINE, SUPERFINE: SUPERFINE is used"
    assert shown.warnings == ((warning,) if given.endswith("72") else ())


async def test_one_page_is_the_same_as_among_the_others(rendering: OpenHouse, tmp_path: Path) -> None:
    account, files = account_in(rendering), on_disk(tmp_path, ("a.pdf", FORM_B))
    (tmp_path / "all").mkdir()
    whole = await preview(rendering.house, account, Draft(JobType.FAX, files), tmp_path / "all")
    single = await drawn(rendering, account, Draft(JobType.FAX, files), tmp_path, page=2)
    assert (single.pages, list(single.pictures)) == (2, [2])
    assert single.pictures[2].read_bytes() == whole.pictures[2].read_bytes()


async def test_there_is_no_page_behind_the_last_one(rendering: OpenHouse, tmp_path: Path) -> None:
    draft = Draft(JobType.FAX, on_disk(tmp_path, ("a.pdf", FORM_B)))
    with pytest.raises(NotWhole, match="no page 3: there are 2"):
        await drawn(rendering, account_in(rendering), draft, tmp_path, page=3)


async def test_all_is_said_that_the_job_would_say(rendering: OpenHouse, tmp_path: Path) -> None:
    draft = Draft(
        JobType.FAX, on_disk(tmp_path, ("a.html", HTML), ("b.png", PHOTO)), options="FAXRETRY;CALLERID=1;STATIONID=Süd"
    )
    shown = await drawn(rendering, account_in(rendering), draft, tmp_path)
    assert shown.warnings == (
        "option FAXRETRY was ignored: no value",
        "b.png contains a JPEG picture",
        "http://127.0.0.1:9/x.png is left out: what a document names is not fetched",
        "STATIONID was changed to Sued",
        "CALLERID 1 is none of the account's numbers: its own is shown",
    )


GREEN, RED = (0, 140, 0), (220, 0, 0)
NO_ADDRESS = (
    "the window of the envelope would show no address: 27 to 72 mm from the top (form A) and 45 to 90 mm from the top "
    "(form B)"
)


@pytest.mark.parametrize(
    ("document", "demands", "colour", "windows", "warnings"),
    [
        (FORM_B, False, GREEN, [45], ()),
        (pdf(address(27)), False, GREEN, [27], ()),
        (BLANK, False, RED, [27, 45], (NO_ADDRESS,)),
        (
            BLANK, True, RED, [27, 45],
            (f"{NO_ADDRESS}: the order would be refused",),
        ),
    ],
)  # fmt: skip
async def test_a_letter_shows_the_window_and_says_what_is_wrong(
    rendering: OpenHouse,
    tmp_path: Path,
    document: bytes,
    demands: bool,
    colour: tuple[int, int, int],
    windows: list[int],
    warnings: tuple[str, ...],
) -> None:
    account = account_in(rendering, demands_window=demands)
    shown = await drawn(rendering, account, Draft(JobType.LETTER, on_disk(tmp_path, ("a.pdf", document))), tmp_path)
    assert shown.warnings == warnings
    with Image.open(shown.pictures[1]) as image:
        assert image.size == (1241, 1754)  # A4 at 150 dpi
        across = round((20 + 40) / 25.4 * 150)
        found = [row for row in range(image.height) if image.getpixel((across, row)) == colour]
    tops = sorted({round(row / 150 * 25.4) for row in found})
    assert tops == sorted({edge for top in windows for edge in (top, top + 45)})


@pytest.mark.parametrize(("kind", "modes"), [(JobType.LETTER, ["RGB", "L"]), (JobType.LETTER_COLOUR, ["RGB", "RGB"])])
async def test_a_letter_has_the_colours_that_it_is_printed_in(
    rendering: OpenHouse, tmp_path: Path, kind: JobType, modes: list[str]
) -> None:
    red = pdf(address(45), b"1 0 0 rg 100 100 300 300 re f")
    shown = await drawn(rendering, account_in(rendering), Draft(kind, on_disk(tmp_path, ("a.pdf", red))), tmp_path)
    images = [Image.open(io.BytesIO(path.read_bytes())) for path in shown.pictures.values()]
    assert [image.mode for image in images] == modes
    middle = images[1].getpixel((520, 1230))
    assert middle == ((255, 0, 0) if kind is JobType.LETTER_COLOUR else pytest.approx(76, abs=30))


@pytest.mark.parametrize("kind", [JobType.FAX, JobType.LETTER])
@pytest.mark.parametrize(
    ("name", "data", "why"),
    [("a.pdf", encrypted_pdf(), Damaged), ("a.pdf", b"", Damaged), ("a.xyz", b"x", Unsupported)],
)
async def test_what_would_be_refused_is_refused(
    rendering: OpenHouse, tmp_path: Path, kind: JobType, name: str, data: bytes, why: type[Exception]
) -> None:
    draft = Draft(kind, on_disk(tmp_path, (name, data)))
    with pytest.raises(why):
        await drawn(rendering, account_in(rendering), draft, tmp_path)
    assert rendering.blobs() == []
