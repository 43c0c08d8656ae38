"""What the compiler would have checked."""

import subprocess
import sys
from pathlib import Path

import pytest

from depesche.channels.fax.t30 import layout, spandsp
from depesche.channels.fax.t30.errors import WrongLayout

NEIGHBOURS = [
    ("bit_rate", "error_correcting_mode"),
    ("pages_rx", "pages_in_file"),
    ("x_resolution", "y_resolution"),
    ("y_resolution", "width"),
    ("width", "length"),
    ("length", "image_size"),
    ("image_size", "encoding"),
    ("encoding", "bad_rows"),
    ("bad_rows", "pages_in_file"),
]


def declared(monkeypatch: pytest.MonkeyPatch, declarations: str) -> spandsp.Spandsp:
    assert declarations != spandsp._DECLARATIONS
    monkeypatch.setattr(spandsp, "_DECLARATIONS", declarations)
    return spandsp.load()


def test_the_installed_library_is_the_one_we_know() -> None:
    layout.verify(spandsp.load())


def test_the_check_is_made_once() -> None:
    assert layout.verified() is layout.verified()


@pytest.mark.parametrize(("one", "other"), NEIGHBOURS)
def test_two_fields_that_changed_places_are_found(monkeypatch: pytest.MonkeyPatch, one: str, other: str) -> None:
    fields = {f"int {one};": f"int {other};", f"int {other};": f"int {one};"}
    lines = (fields.get(line.strip(), line) for line in spandsp._DECLARATIONS.splitlines())
    with pytest.raises(WrongLayout, match=r"not the spandsp 0\.0\.6"):
        layout.verify(declared(monkeypatch, "\n".join(lines)))


@pytest.mark.parametrize("expected", [14, 17])
def test_a_structure_of_another_size_is_found(monkeypatch: pytest.MonkeyPatch, expected: int) -> None:
    monkeypatch.setattr(layout, "STATS_INTS", expected)
    with pytest.raises(WrongLayout, match=f"t30_stats_t has 15 ints, not {expected}"):
        layout.verify(spandsp.load())


def test_a_function_that_the_library_lacks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    library = declared(monkeypatch, spandsp._DECLARATIONS + "int t30_send_by_pigeon(int);\n")
    with pytest.raises(WrongLayout, match="it lacks t30_send_by_pigeon"):
        layout.verify(library)


FRESH = """
import pathlib
import depesche.channels.fax.sandbox
from depesche.channels.fax.t30 import layout

def loaded():
    return "libspandsp" in pathlib.Path("/proc/self/maps").read_text()

before = loaded()
layout.verified()
print(before, loaded())
"""


def test_the_library_is_loaded_when_it_is_asked_for_not_by_importing() -> None:
    said = subprocess.check_output([sys.executable, "-c", FRESH], text=True, cwd=Path(__file__).parent)
    assert said.split() == ["False", "True"]
