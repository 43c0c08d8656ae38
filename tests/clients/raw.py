"""Requests put together by hand, and what came back."""

import http.client
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from serving import Serving

SOAP_1_1 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_1_2 = "http://www.w3.org/2003/05/soap-envelope"
PATH = "/xmlws.exe/soap/IntfXMLWS"
LOGIN = "<Account>10001</Account><Password>demo</Password>"
ONE_SMS = "ü" * 150 + "€" * 5
"""160 units of GSM 7 bit: a single message, but five if one byte of it is read in another encoding."""

NO_FORMAT = "document.exe"
MIB = 1 << 20
SECONDS = 60


@dataclass(frozen=True)
class Answered:
    """An HTTP response."""

    status: int
    content_type: str
    body: bytes

    @property
    def outs(self) -> dict[str, str]:
        assert self.status == 200, self.body
        ((response,),) = ET.fromstring(self.body)
        return {element.tag.rpartition("}")[2]: element.text or "" for element in response}

    @property
    def fault(self) -> str:
        assert self.status == 500, self.body
        assert b"<faultcode>SOAP-ENV:Client</faultcode>" in self.body
        return ET.fromstring(self.body).findtext(".//faultstring") or ""


Post = Callable[..., Answered]


def answered(response: http.client.HTTPResponse) -> Answered:
    return Answered(response.status, response.headers.get("Content-Type", ""), response.read())


def received(connection: socket.socket) -> Answered:
    response = http.client.HTTPResponse(connection, method="POST")
    response.begin()
    return answered(response)


def in_a_row(connection: socket.socket, count: int) -> Iterator[Answered]:
    """Answers to several requests: one reader for all, since a reader of each would take octets of the next with it."""
    with connection.makefile("rb") as stream:
        for _ in range(count):
            _, status, _ = stream.readline().split(maxsplit=2)
            head = http.client.parse_headers(stream)
            yield Answered(int(status), head["Content-Type"], stream.read(int(head["Content-Length"])))


def envelope(inner: str, operation: str = "SendJob", *, after: str = "", namespace: str = SOAP_1_1) -> str:
    return (
        f'<e:Envelope xmlns:e="{namespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'
        f'<m:{operation} xmlns:m="urn:XMLWSIntf-IntfXMLWS">{inner}</m:{operation}>{after}</e:Body></e:Envelope>'
    )


def sms(text: str = ONE_SMS) -> str:
    """An order like no other: its reference is new."""
    recipient = f"+491713920000[{secrets.token_hex(8)}]"
    return f"{LOGIN}<JobType>1</JobType><Recipient>{recipient}</Recipient><SendText>{text}</SendText>"


def fax(filename: str, file: str) -> str:
    recipient = f"+493023125000[{secrets.token_hex(8)}]"
    return (
        f"{LOGIN}<JobType>0</JobType><Recipient>{recipient}</Recipient>"
        f"<SendFilename1>{filename}</SendFilename1><SendFile1>{file}</SendFile1>"
    )


def pdf(padding: int = 0) -> bytes:
    """One page, and so many bytes that no page uses."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        b"<< /Length 24 >>\nstream\n100 100 200 200 re f %%%%\nendstream",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (padding, bytes(padding)),
    )
    document, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return document + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(document))
    )


def is_accepted(outs: dict[str, str]) -> bool:
    return outs["return"] == "0" and int(outs["JobId"]) > 0 and outs["RecipientsCount"] == outs["PageCount"] == "1"


def request(body: str | bytes, headers: str = "", length: int | None = None) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {len(data) if length is None else length}\r\n\r\n"
    )
    return head.encode() + data


def memory(server: Serving, name: str) -> int:
    """A line of the server's /proc status, in bytes."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) << 10
