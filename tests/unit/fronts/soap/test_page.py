import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from depesche.fronts.soap.codec.encoder import Style
from depesche.fronts.soap.operations import OPERATIONS, RETURN
from depesche.fronts.soap.page import POLICY, render
from depesche.fronts.soap.words import OPERATION_WORDS, meaning

WSDLS = {Style.RPC: "http://h/xmlws.exe/wsdl/IntfXMLWS", Style.DOCUMENT: "http://h/soapdoc/IntfXMLWS?wsdl"}
POSTS = {Style.RPC: "http://h/xmlws.exe/soap/IntfXMLWS", Style.DOCUMENT: "http://h/soapdoc/IntfXMLWS"}


class Reader(HTMLParser):
    """Links, table rows and the nesting of a page."""

    VOID = frozenset(("meta", "br", "link"))

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.rows: list[list[str]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "tr" in self.open and data.strip():
            self.rows[-1].append(data)


@pytest.fixture
def reader() -> Reader:
    reader = Reader()
    reader.feed(render(WSDLS, POSTS))
    reader.close()
    return reader


def test_the_page_is_well_formed_and_links_both_descriptions(reader: Reader) -> None:
    assert reader.open == []
    assert reader.links[:2] == [WSDLS[Style.RPC], WSDLS[Style.DOCUMENT]]


def test_every_operation_shows_its_parameters_with_type_and_meaning(reader: Reader) -> None:
    rows = [row for row in reader.rows if row[0] in ("in", "out")]
    assert [tuple(row) for row in rows] == [
        (way, parameter.name, parameter.type.value, *meaning(operation, parameter))
        for operation in OPERATIONS
        for way, parameters in (("in", operation.ins), ("out", (RETURN, *operation.outs)))
        for parameter in parameters
    ]
    assert set(OPERATION_WORDS) == {operation.name for operation in OPERATIONS}


def test_urls_are_escaped() -> None:
    page = render(dict.fromkeys(Style, 'http://"><script>'), POSTS)
    assert "<script>" not in page


def test_the_policy_allows_the_style_of_the_page_and_nothing_else() -> None:
    style = re.search("<style>(.*)</style>", render(WSDLS, POSTS), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert "default-src 'none'" in POLICY
