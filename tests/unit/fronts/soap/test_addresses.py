import pytest

from depesche.fronts.soap.addresses import POST_PATHS, WSDL_PATHS, Address, find
from depesche.fronts.soap.codec.encoder import Style

PAGE = Address(Style.RPC, wsdl=False)
WSDL = Address(Style.RPC, wsdl=True)
DOCUMENT_WSDL = Address(Style.DOCUMENT, wsdl=True)


@pytest.mark.parametrize(
    ("path", "query", "address"),
    [
        ("/xmlws.exe", b"", PAGE),
        ("/xmlws.exe", b"intf=IntfXMLWS", PAGE),
        ("/XMLWS.EXE/", b"INTF=intfxmlws", PAGE),
        ("/xmlws.exe/soap/IntfXMLWS", b"", PAGE),
        ("/xmlws.exe/soap/intfxmlws//", b"", PAGE),
        ("/xmlws.exe/soap", b"", PAGE),
        ("/xmlws.exe/IntfXMLWS", b"", PAGE),
        ("/xmlws.exe", b"/wsdl/IntfXMLWS", WSDL),
        ("/xmlws.exe", b"/WSDL/intfxmlws/", WSDL),
        ("/xmlws.exe", b"%2Fwsdl%2FIntfXMLWS", WSDL),
        ("/xmlws.exe", b"wsdl", WSDL),
        ("/xmlws.exe", b"WSDL=", WSDL),
        ("/xmlws.exe", b"intf=IntfXMLWS&wsdl", WSDL),
        ("/xmlws.exe", b"singleWsdl", WSDL),
        ("/xmlws.exe/wsdl/IntfXMLWS", b"", WSDL),
        ("/xmlws.exe/wsdl/IntfXMLWS/", b"", WSDL),
        ("/Xmlws.Exe/Wsdl/INTFXMLWS", b"", WSDL),
        ("/xmlws.exe/soap/IntfXMLWS", b"wsdl", WSDL),
        ("/soapdoc/IntfXMLWS", b"wsdl", DOCUMENT_WSDL),
        ("/SoapDoc/intfxmlws/", b"WSDL", DOCUMENT_WSDL),
        ("/soapdoc/IntfXMLWS", b"", Address(Style.DOCUMENT, wsdl=False)),
    ],
)
def test_addresses_are_found_in_any_case_and_with_slashes_behind(path: str, query: bytes, address: Address) -> None:
    assert find(path, query) == address


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/xmlws",
        "/xmlws.exe2",
        "/xmlwsxexe",
        "/a/xmlws.exe",
        "/xmlws.exe/soap/Other",
        "/soapdoc/Other",
        "/portal",
    ],
)
def test_other_paths_are_left_to_others(path: str) -> None:
    assert find(path, b"wsdl") is None


@pytest.mark.parametrize("query", [b"intf=wsdlx", b"xwsdl", b"a=wsdl", b"wsdlfile"])
def test_a_query_that_merely_contains_the_word_asks_for_no_description(query: bytes) -> None:
    assert find("/xmlws.exe", query) == PAGE


@pytest.mark.parametrize("style", list(Style))
def test_published_addresses_are_found(style: Style) -> None:
    assert find(POST_PATHS[style], b"") == Address(style, wsdl=False)
    path, _, query = WSDL_PATHS[style].partition("?")
    assert find(path, query.encode()) == Address(style, wsdl=True)
