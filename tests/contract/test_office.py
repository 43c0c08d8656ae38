"""Office documents through a running server: they become fax pages and letters, or have their code."""

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.conftest import Final, Send, sender, waiter
from contract.farend import FarEnd
from contract.sendjob import FAX, LETTER
from documents import tiff_pages
from legibility import read
from offices import believed, docx, ods, odt, rtf, saved_as, xlsx
from serving import Serving
from soapcall import call

MACHINE, OWNER = "+493023125200", {"Account": "10002", "Password": "demo"}
"""A fax number of the sandbox, and the account that fetches what it receives."""

TOWNS = {"docx": "Köln", "odt": "Bremen", "rtf": "Hamburg", "doc": "Mainz", "xlsx": "Potsdam", "ods": "Dresden",
         "xls": "Würzburg"}  # fmt: skip
"""A word on the last page of a document of each format."""

SHEETS = frozenset({"xlsx", "ods", "xls"})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """With time enough for the first document of all, which starts LibreOffice."""
    data = tmp_path_factory.mktemp("office") / "data"
    patient = {"DEPESCHE_RENDER__SECONDS": "80", "DEPESCHE_SOAP__MAX_SECONDS": "90"}
    serving = Serving(data, **patient).start()
    yield serving
    assert serving.stop() == 0


@pytest.fixture(scope="module")
def send(server: Serving) -> Send:
    return sender(server)


@pytest.fixture(scope="module")
def final(server: Serving) -> Final:
    return waiter(server)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.fixture(scope="module")
def documents(folder: Path) -> dict[str, bytes]:
    """One of each format, of two pages."""

    def text(name: str) -> tuple[str, str]:
        return "Sehr geehrte Damen und Herren", f"Versandt nach {TOWNS[name]}"

    def rows(name: str) -> list[list[str]]:
        return [["Rechnung"], *[["."]] * 70, [f"Versandt nach {TOWNS[name]}"]]

    return {
        "docx": docx(*text("docx")),
        "odt": odt(*text("odt")),
        "rtf": rtf(*text("rtf")),
        "doc": saved_as(folder, docx(*text("doc")), "a.docx", "doc", "MS Word 97"),
        "xlsx": xlsx(rows("xlsx")),
        "ods": ods(*rows("ods")),
        "xls": saved_as(folder, xlsx(rows("xls")), "a.xlsx", "xls", "MS Excel 97"),
    }


@pytest.mark.parametrize("name", TOWNS)
def test_each_format_arrives_as_a_fax_and_as_a_letter(
    server: Serving, send: Send, final: Final, documents: dict[str, bytes], name: str
) -> None:
    file = {"SendText": "", "SendFilename1": f"brief.{name}", "SendFile1": documents[name]}
    fax, letter = send(**FAX | file | {"Recipient": MACHINE}), send(**LETTER | file)
    assert [(answer["return"], answer["PageCount"]) for answer in (fax, letter)] == [("0", "2")] * 2
    assert [final(answer["JobId"])["SendResult"] for answer in (fax, letter)] == ["OK"] * 2
    received = call(server.base_url, "RequestReceived", **OWNER)
    assert call(server.base_url, "DeleteReceived", **OWNER, FaxId=received["FaxId"])["return"] == "0"
    pages = tiff_pages(base64.b64decode(received["FaxImage"]))
    assert len(pages) == 2
    assert f"Versandt nach {TOWNS[name]}" in read(pages[1], 10, 6)
    (printed,) = FarEnd(server.data / "outbox", server.base_url).letters(letter["JobId"])
    shown = subprocess.run(["pdftotext", "-", "-"], input=printed, capture_output=True, check=True).stdout.decode()
    assert [f"Versandt nach {TOWNS[name]}" in page for page in shown.split("\f")[:2]] == [False, True]


@pytest.mark.parametrize("name", TOWNS)
def test_one_that_is_cut_off_is_damaged(send: Send, documents: dict[str, bytes], name: str) -> None:
    cut = documents[name][: len(documents[name]) * 2 // 3]
    assert send(**FAX | {"SendText": "", "SendFilename1": f"torn.{name}", "SendFile1": cut})["return"] == "-7"


@pytest.mark.parametrize(("name", "filter_name"), [("docx", "MS Word 2007 XML"), ("xls", "MS Excel 97")])
def test_one_with_a_password_is_damaged(send: Send, folder: Path, name: str, filter_name: str) -> None:
    plain, extension = (xlsx([["geheim"]]), "xlsx") if name in SHEETS else (docx("geheim"), "docx")
    secret = believed(folder / name, plain, extension, filter_name, password="geheim")
    assert send(**FAX | {"SendText": "", "SendFilename1": f"secret.{name}", "SendFile1": secret})["return"] == "-7"


def test_one_under_the_name_of_another_program_is_of_the_wrong_type(send: Send, documents: dict[str, bytes]) -> None:
    order = FAX | {"SendText": "", "SendFilename1": "brief.docx", "SendFile1": documents["xlsx"]}
    assert send(**order)["return"] == "-6"
