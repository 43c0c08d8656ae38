"""What the compiler would have checked."""

import subprocess
import sys
from pathlib import Path
from typing import Any

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


class Renamed:
    """The library, with another of its functions under one name."""

    def __init__(self, lib: Any, name: str, other: str) -> None:
        self._lib, self._name, self._other = lib, name, other

    def __getattr__(self, wanted: str) -> Any:
        return getattr(self._lib, self._other if wanted == self._name else wanted)

    def __dir__(self) -> list[str]:
        return dir(self._lib)


@pytest.mark.parametrize(
    ("name", "other", "what"),
    [
        ("fax_rx_fillin", "fax_set_transmit_on_idle", "61 seconds without a sound end with None"),
        ("t38_set_fastest_image_data_rate", "t38_set_t38_version", "T.38 at 14400 bit/s, not 7200"),
    ],
)
def test_a_function_that_does_something_else_is_found(name: str, other: str, what: str) -> None:
    library = spandsp.load()
    with pytest.raises(WrongLayout, match=what):
        layout.verify(spandsp.Spandsp(library.ffi, Renamed(library.lib, name, other)))


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
