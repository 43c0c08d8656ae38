"""Loading the library."""

import pytest

from depesche.channels.fax.t30 import spandsp
from depesche.channels.fax.t30.errors import LibraryMissing


def test_a_missing_library_is_named_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spandsp, "SONAME", "libspandsp.so.99")
    with pytest.raises(LibraryMissing, match=r"libspandsp\.so\.99.*apt-get install libspandsp2.*libspandsp2t64"):
        spandsp.load()


def test_no_text_of_the_library_is_an_empty_text(spandsp: spandsp.Spandsp) -> None:
    assert spandsp.text(spandsp.ffi.NULL) == ""


def test_what_the_far_end_calls_itself_need_not_be_ascii(spandsp: spandsp.Spandsp) -> None:
    assert spandsp.text(spandsp.ffi.new("char[]", b"M\xfcller")) == "M\N{REPLACEMENT CHARACTER}ller"
