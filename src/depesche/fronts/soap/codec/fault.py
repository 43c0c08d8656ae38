"""What is wrong with a message, in the words of SOAP 1.1 §4.4.1 and SOAP 1.2 part 1 §5.4.6."""

from enum import Enum


class SoapVersion(Enum):
    """The two kinds of envelope."""

    SOAP_1_1 = "1.1"
    SOAP_1_2 = "1.2"

    @property
    def namespace(self) -> str:
        return _ENVELOPES[self]

    @property
    def encoding_style(self) -> str:
        return _ENCODINGS[self]

    @property
    def content_type(self) -> str:
        return _CONTENT_TYPES[self]


_ENVELOPES = {
    SoapVersion.SOAP_1_1: "http://schemas.xmlsoap.org/soap/envelope/",
    SoapVersion.SOAP_1_2: "http://www.w3.org/2003/05/soap-envelope",
}
_ENCODINGS = {
    SoapVersion.SOAP_1_1: "http://schemas.xmlsoap.org/soap/encoding/",
    SoapVersion.SOAP_1_2: "http://www.w3.org/2003/05/soap-encoding",
}
_CONTENT_TYPES = {
    SoapVersion.SOAP_1_1: "text/xml; charset=utf-8",
    SoapVersion.SOAP_1_2: "application/soap+xml; charset=utf-8",
}

VERSIONS = {version.namespace: version for version in SoapVersion}


class FaultCode(Enum):
    """Whose fault it is; the value is the local name in SOAP 1.1."""

    CLIENT = "Client"
    SERVER = "Server"
    VERSION_MISMATCH = "VersionMismatch"

    def name_in(self, version: SoapVersion) -> str:
        """Local name of the code."""
        return self.value if version is SoapVersion.SOAP_1_1 else _NAMES_1_2[self]

    def status_in(self, version: SoapVersion) -> int:
        """HTTP status: SOAP 1.1 §6.2; SOAP 1.2 part 2, table 20."""
        return 400 if version is SoapVersion.SOAP_1_2 and self is FaultCode.CLIENT else 500


_NAMES_1_2 = {
    FaultCode.CLIENT: "Sender",
    FaultCode.SERVER: "Receiver",
    FaultCode.VERSION_MISMATCH: "VersionMismatch",
}


class SoapFault(Exception):
    """The answer is a Fault. The message is meant for the programmer on the other side, and never shows values."""

    def __init__(self, message: str, code: FaultCode = FaultCode.CLIENT) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
