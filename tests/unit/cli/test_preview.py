"""`preview` on the command line: with a data folder and without one, never with a server."""

import json
from pathlib import Path

import pytest
from PIL import Image

from commands import Depesche
from depesche.cli.common import Exit
from documents import address, pdf, picture, words
from legibility import print_of

TWO = pdf(words("Seite 1"), words("Seite 2"))


def sizes(folder: Path) -> dict[str, tuple[int, int]]:
    """Of the pictures in a folder, by their names."""
    found = {}
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            found[path.name] = image.size
    return found


def test_a_fax_is_drawn_without_a_data_folder(quick: Depesche, tmp_path: Path) -> None:
    (tmp_path / "brief.pdf").write_bytes(TWO)
    done = quick("preview", "brief.pdf", "--text", "Anbei.")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "3 pages: brief-fax-1.png to brief-fax-3.png\nlegibility: 100, 100, 100 of 100\n"
    assert {name: width for name, (width, _) in sizes(tmp_path).items()} == dict.fromkeys(
        ("brief-fax-1.png", "brief-fax-2.png", "brief-fax-3.png"), 1728
    )
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".png") == ["brief.pdf"]


def test_a_folder_gets_the_pictures_under_their_usual_names(quick: Depesche, tmp_path: Path) -> None:
    (tmp_path / "brief.pdf").write_bytes(TWO)
    (tmp_path / "bilder").mkdir()
    done = quick("preview", "brief.pdf", "--out", "bilder")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(sizes(tmp_path / "bilder")) == ["brief-fax-1.png", "brief-fax-2.png"]


NOWHERE = "27 to 72 mm from the top (form A) and 45 to 90 mm from the top (form B)"


def test_a_letter_tells_machines_what_is_wrong(quick: Depesche, tmp_path: Path) -> None:
    (tmp_path / "brief.pdf").write_bytes(TWO)
    done = quick("preview", "brief.pdf", "--to", "letter", "--page", "2", "--out", "zwei.png", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "type": "letter",
        "pages": 2,
        "warnings": [f"the window of the envelope would show no address: {NOWHERE}"],
        "files": ["zwei.png"],
        "sheets": 2,
        "duplex": False,
        "findings": [
            {
                "fault": "empty",
                "proven": True,
                "page": 1,
                "box": None,
                "english": f"the window of the envelope would show no address: {NOWHERE}",
                "german": "das Fenster des Umschlags würde keine Anschrift zeigen: 27 bis 72 mm von oben (Form A) und "
                "45 bis 90 mm von oben (Form B)",
            }
        ],
    }
    assert list(sizes(tmp_path)) == ["zwei.png"]


def test_what_can_hardly_be_read_is_told_with_its_score(quick: Depesche, tmp_path: Path) -> None:
    (tmp_path / "agb.pdf").write_bytes(print_of(4).pdf)
    command = ("preview", "agb.pdf", "--text", "Anbei.", "--option", "RESOLUTION=STANDARD")
    done = quick(*command)
    assert done.returncode == 0
    assert "page 2 will hardly be readable: its text is too small" in done.stderr
    told = json.loads(quick(*command, "--json").stdout)
    first, second = told["legibility"]
    assert second < 50 < first
    assert f"legibility: {first}, {second} of 100\n" in done.stdout


def test_the_account_of_a_data_folder_is_the_sender(quick: Depesche, tmp_path: Path) -> None:
    added = quick("account", "add", "20001", "--name", "Praxis", "--sandbox", "--generate", "--data", "d")
    assert added.returncode == 0, added.stderr
    (tmp_path / "a.pdf").write_bytes(pdf(address(45)))
    with_sender = quick("preview", "a.pdf", "--data", "d", "--out", "mit.png")
    without = quick("preview", "a.pdf", "--out", "ohne.png")
    assert (with_sender.returncode, without.returncode) == (0, 0)
    assert (tmp_path / "mit.png").read_bytes() != (tmp_path / "ohne.png").read_bytes()
    assert quick("job", "list", "--data", "d", "--json").stdout == "[]\n"


def test_the_sheet_of_an_account_is_set_and_shown(quick: Depesche, tmp_path: Path) -> None:
    added = quick("account", "add", "20001", "--name", "Praxis", "--sandbox", "--generate", "--data", "d")
    assert added.returncode == 0, added.stderr
    (tmp_path / "logo.png").write_bytes(picture("PNG", Image.new("L", (400, 100))))
    (tmp_path / "cover.html").write_text("<img src='{{logo}}'><h1>{{subject}}</h1>{{text}}")
    assert quick("preview", "--cover", "--data", "d", "--out", "vorher.png").returncode == 0
    done = quick("account", "cover", "20001", "--logo", "logo.png", "--html", "cover.html", "--data", "d")
    assert done.returncode == 0, done.stderr
    assert "its own" in done.stdout
    shown = quick("preview", "--cover", "--data", "d", "--out", "nachher.png")
    assert (shown.returncode, shown.stdout) == (0, "1 page: nachher.png\nlegibility: 100 of 100\n")
    (tmp_path / "logo.png").unlink()
    assert (tmp_path / "vorher.png").read_bytes() != (tmp_path / "nachher.png").read_bytes()
    told = json.loads(quick("account", "cover", "20001", "--json", "--data", "d").stdout)
    assert told["html"].endswith("{{text}}")
    assert quick("account", "cover", "20001", "--html", "none", "--logo", "none", "--data", "d").returncode == 0
    assert json.loads(quick("account", "cover", "20001", "--json", "--data", "d").stdout) == {
        "account": "20001", "logo": "", "footer": "", "html": "",
    }  # fmt: skip
    added = quick("account", "add", "20001", "--name", "Praxis", "--sandbox", "--generate", "--data", "e")
    assert added.returncode == 0, added.stderr

    def like_one_that_never_had_a_cover() -> bool:
        for data in "de":
            assert quick("preview", "--cover", "--data", data, "--out", f"{data}.png").returncode == 0
        return (tmp_path / "d.png").read_bytes() == (tmp_path / "e.png").read_bytes()

    assert like_one_that_never_had_a_cover() or like_one_that_never_had_a_cover()  # both tell the minute


@pytest.mark.parametrize(
    ("words_", "code"),
    [
        (("preview",), Exit.USAGE),
        (("preview", "a.png", "a.png", "a.png", "a.png"), Exit.USAGE),
        (("preview", "a.png", "--to", "letter", "--text", "x"), Exit.USAGE),
        (("preview", "a.png", "--out", "a.png"), Exit.USAGE),
        (("preview", "a.png", "--page", "2"), Exit.FAILED),
        (("preview", "a.png", "--out", "nowhere/a.png"), Exit.FAILED),
        (("preview", "a.xyz"), Exit.FAILED),
        (("preview", "a.png", "--data", "nowhere"), Exit.USAGE),
    ],
)
def test_what_cannot_be_shown_is_told(quick: Depesche, tmp_path: Path, words_: tuple[str, ...], code: Exit) -> None:
    image = picture("PNG", Image.new("L", (100, 100)))
    (tmp_path / "a.png").write_bytes(image)
    (tmp_path / "a.xyz").write_bytes(b"x")
    done = quick(*words_)
    assert done.returncode == code
    assert "error: " in done.stderr
    assert (tmp_path / "a.png").read_bytes() == image
    assert list(sizes(tmp_path)) == ["a.png"]
