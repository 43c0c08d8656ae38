"""One SOAP call, by hand: for tests that are about something else than SOAP."""

import http.client
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

_ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
    '<SOAP-ENV:Body><m:{name} xmlns:m="urn:XMLWSIntf-IntfXMLWS">{arguments}</m:{name}></SOAP-ENV:Body>'
    "</SOAP-ENV:Envelope>"
)


def call(base_url: str, name: str, **arguments: object) -> dict[str, str]:
    """Call an operation, give its out values by name. Raises: OSError, HTTPException, AssertionError."""
    inner = "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in arguments.items())
    body = _ENVELOPE.format(name=name, arguments=inner).encode()
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=60)
    try:
        connection.request("POST", "/xmlws.exe/soap/IntfXMLWS", body, {"Content-Type": "text/xml; charset=utf-8"})
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    assert response.status == 200, answer
    [result] = next(iter(ET.fromstring(answer)))
    return {element.tag: element.text or "" for element in result}
