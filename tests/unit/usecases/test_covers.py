"""An account's sheets in front of a fax: what an operator may set, and that they are used."""

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from builders import add_account, rows
from customers import OpenHouse, Order, customer_of
from depesche.model.account import Account
from depesche.model.cover import Cover
from depesche.store import covers as stored
from depesche.store import jobs, schema
from depesche.usecases import covers
from depesche.usecases.accounts import NotPossible
from depesche.usecases.house import House
from documents import picture, tiff_pages

pytestmark = pytest.mark.anyio

NUMBER = "+493023125000"
LOGO = picture("PNG", Image.new("L", (400, 100)))
SVG = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'/>"


@pytest.fixture
def account(rendering: OpenHouse) -> Account:
    return rendering.house.database.run_here(lambda connection: add_account(connection, "10001"))


def kept_of(house: House, account: Account) -> Cover:
    return house.database.read_here(lambda connection: stored.of(connection, account.id))


async def black(rendering: OpenHouse, account: Account, text: str) -> float:
    """How much of the first page of a fax is black."""
    answer = await customer_of(rendering.house, account).send(Order(0, NUMBER, text=text))
    assert answer.code == 0
    (file,) = rendering.house.database.read_here(lambda connection: jobs.files(connection, answer.job_id))
    return float(np.mean(tiff_pages(await rendering.house.blobs.read(file.key))[0]))


async def test_what_is_set_is_on_the_next_fax_and_on_record(rendering: OpenHouse, account: Account) -> None:
    house = rendering.house
    before = await black(rendering, account, "Eins")
    kept = await covers.change(house, "root", "10001", logo=LOGO, footer="Firma\nIBAN")
    assert kept == Cover(f"data:image/png;base64,{base64.b64encode(LOGO).decode()}", "Firma\nIBAN", "")
    assert kept_of(house, account) == kept
    assert await black(rendering, account, "Zwei") > before + 0.02
    (line,) = house.database.read_here(lambda connection: rows(connection, schema.audit))
    assert (line["actor"], line["action"], line["data"]["footer"]) == ("root", "account.cover", "Firma\nIBAN")
    assert len(line["data"]["logo"]) == 64


async def test_what_is_not_given_stays_and_what_is_empty_goes(rendering: OpenHouse, account: Account) -> None:
    house = rendering.house
    await covers.change(house, "root", "10001", logo=SVG, html="<img src='{{logo}}'>{{text}}")
    kept = await covers.change(house, "root", "10001", footer="Firma")
    assert kept.logo.startswith("data:image/svg+xml;base64,")
    assert (kept.footer, kept.html) == ("Firma", "<img src='{{logo}}'>{{text}}")
    assert await covers.change(house, "root", "10001", logo=b"", footer="", html="") == Cover()
    assert house.database.read_here(lambda connection: rows(connection, schema.cover)) == []
    assert kept_of(house, account) == Cover()


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"logo": b"GIF89a"}, "neither PNG nor JPEG nor SVG"),
        ({"logo": b"\x89PNG\r\n\x1a\n" + bytes(400_000)}, "are the most"),
        ({"logo": LOGO[:60]}, "cannot be read"),
        ({"logo": b"<svg><nothing"}, "cannot be read"),
        ({"footer": "x" * 601}, "600 are the most"),
        ({"html": "{{texxt}}"}, "there is no field texxt"),
        ({"html": "<p>Guten Tag"}, "no field {{text}}"),
        ({"html": "{{text}}" + " " * 100_000}, "100000 are the most"),
        ({"html": "{{text}}<img src='http://127.0.0.1:9/x.png'>"}, "is left out"),
        ({"html": "<p style='break-after:page'>x" * 9 + "{{text}}"}, "more than 5 pages"),
        ({"footer": "Zeile\n" * 7}, "lines"),
        ({"html": "<div>" * 999 + "{{text}}"}, "nested"),
    ],
)
async def test_what_cannot_be_set_is_not_kept(
    rendering: OpenHouse, account: Account, wanted: dict[str, bytes | str], why: str
) -> None:
    with pytest.raises(NotPossible, match=why):
        await covers.change(rendering.house, "root", "10001", **wanted)  # type: ignore[arg-type]
    assert kept_of(rendering.house, account) == Cover()
    assert rendering.house.database.read_here(lambda connection: rows(connection, schema.audit)) == []


async def test_accounts_that_are_not_there_have_no_sheets(rendering: OpenHouse, tmp_path: Path) -> None:
    del tmp_path
    with pytest.raises(NotPossible, match="there is no account"):
        await covers.show(rendering.house, "99999")
