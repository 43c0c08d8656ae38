"""Which of the service's addresses is it?"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from depesche.fronts.soap.codec.encoder import Style

POST_PATHS = {Style.RPC: "/xmlws.exe/soap/IntfXMLWS", Style.DOCUMENT: "/soapdoc/IntfXMLWS"}
WSDL_PATHS = {Style.RPC: "/xmlws.exe/wsdl/IntfXMLWS", Style.DOCUMENT: "/soapdoc/IntfXMLWS?wsdl"}

_PATH = re.compile(
    r"/(?:xmlws\.exe(?P<rest>(?:/(?:soap|wsdl))?(?:/intfxmlws)?)|(?P<document>soapdoc(?:/intfxmlws)?))/*",
    re.IGNORECASE,
)
_WSDL_QUERY = re.compile(r"(?:^|&)/?(?:single)?wsdl(?:[/=&]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL of this service asks for, read in any case and with slashes at its end."""

    style: Style
    wsdl: bool
    """A GET asks for the description rather than for the page."""


def find(path: str, query: bytes) -> Address | None:
    """The address, or None if it is none of this service."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    in_path = (match["rest"] or "").lower().startswith("/wsdl")
    in_query = _WSDL_QUERY.search(unquote(query.decode("latin-1"))) is not None
    return Address(Style.DOCUMENT if match["document"] else Style.RPC, in_path or in_query)
