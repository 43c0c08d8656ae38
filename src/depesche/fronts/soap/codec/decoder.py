"""Reads a request while it arrives: the call's parameters into memory, its files out as events, in bounded memory.

Liberal in what real clients send (names in any case, namespace and order; SOAP 1.1 and 1.2; ``xsi:nil``; ``href`` to
``multiRef``), strict in what can hurt: no DTD, hence no entities; limits on depth, elements, markup, text and files.

The document is parsed in blocks of fixed size whatever the sizes of the pieces fed, so a request means the same however
the network cut it, and a client that sends byte by byte cannot make expat start again on a long token each time.
"""

from collections.abc import Mapping
from xml.parsers import expat

from depesche.fronts.soap.codec import charset
from depesche.fronts.soap.codec.fault import VERSIONS, FaultCode, SoapFault, SoapVersion
from depesche.fronts.soap.codec.markup import MarkupBudget, directives_of, reference_in
from depesche.fronts.soap.codec.slots import SHORT, Call, FileEvent, FileSlot, Limits, Slot, TextSlot
from depesche.fronts.soap.operations import BY_NAME, OPERATIONS, Parameter, XmlType

BLOCK = 64 << 10
"""Bytes given to expat at once."""

TOKEN = 256 << 10
"""Bytes of one tag, comment or processing instruction: expat 2.5 reads an unfinished one anew with each block."""


class Decoder:
    """Decodes one request. `feed` and `close` raise SoapFault, after which the decoder is of no more use."""

    def __init__(self, limits: Limits, charset: str = "") -> None:
        """`charset` is the parameter of the Content-Type; empty if there is none."""
        self.call: Call | None = None
        """From the method element on; complete after `close`."""

        self.version: SoapVersion | None = None
        """From the Envelope on."""

        self._limits = limits
        self._charset = charset
        self._parser: expat.XMLParserType | None = None
        self._pending = bytearray()
        self._received = 0
        self._parsed = 0
        self._events: list[FileEvent] = []
        self._budget = MarkupBudget()
        self._depth = 0
        self._skipped = 0
        """Depth of the element that is being skipped with all that is in it; 0 if none is."""

        self._slot: Slot | None = None
        self._body_seen = False
        self._namespaces: dict[str, str] = {}
        self._given: set[str] = set()
        self._references: dict[str, list[Parameter]] = {}

    def feed(self, data: bytes) -> list[FileEvent]:
        """More of the body; what has become known of files through it."""
        self._received += len(data)
        if self._received > self._limits.body:
            raise SoapFault(f"the request is larger than {self._limits.body} bytes")
        self._pending += data
        while len(self._pending) >= BLOCK:
            block = bytes(memoryview(self._pending)[:BLOCK])
            del self._pending[:BLOCK]
            self._parse(block, last=False)
        return self._taken()

    def close(self) -> list[FileEvent]:
        """The body has ended; after this `call` is whole."""
        if not self._received:
            raise SoapFault("the request has no body: a SOAP envelope is expected")
        self._parse(bytes(self._pending), last=True)
        self.release()
        if self.call is None:
            raise SoapFault("the envelope holds no call: its Body is missing or empty")
        for reference, parameters in self._references.items():
            raise SoapFault(f"{parameters[0].name} refers to #{reference[:40]}, which is not in the Body")
        return self._taken()

    def release(self) -> None:
        """Let go of the parser, which holds on to the decoder that holds it."""
        self._parser = None

    def _taken(self) -> list[FileEvent]:
        events, self._events[:] = self._events[:], []
        return events

    def _parse(self, block: bytes, *, last: bool) -> None:
        parser = self._parser or self._begin(block)
        try:
            parser.Parse(block, last)
        except expat.ExpatError as error:
            where = f"line {error.lineno}, column {error.offset + 1}"
            raise SoapFault(f"the request is not well-formed XML: {expat.ErrorString(error.code)} ({where})") from None
        except ValueError:
            raise SoapFault("the request is not well-formed XML: it holds half a surrogate pair") from None
        self._parsed += len(block)
        if self._parsed - parser.CurrentByteIndex > TOKEN:
            raise SoapFault("a tag, comment or processing instruction is too long")

    def _begin(self, head: bytes) -> expat.XMLParserType:
        parser = self._parser = expat.ParserCreate(charset.choose(head, self._charset))
        parser.buffer_text = True
        parser.buffer_size = BLOCK
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = _refuse_doctype
        return parser

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._budget.spend(self._depth, name, attributes)
        if self._skipped:
            return
        if self._slot is not None:
            raise SoapFault(f"<{name[:80]}> inside a parameter: only text is expected there")
        local = name.rpartition(":")[2].lower()
        if self._depth == 4:
            self._parameter(local, attributes)
        elif self._depth == 3:
            self._body_child(name, local, attributes)
        elif self._depth == 2:
            self._section(local, attributes)
        else:
            self._envelope(name, local, attributes)

    def _end(self, _name: str) -> None:
        if self._skipped:
            if self._skipped == self._depth:
                self._skipped = 0
        elif self._slot is not None:
            self._slot.finish()
            self._open(None)
        self._depth -= 1

    def _envelope(self, name: str, local: str, attributes: Mapping[str, str]) -> None:
        if local != "envelope":
            raise SoapFault(f"a SOAP envelope is expected, not <{name[:80]}>")
        self._declare(attributes)
        namespace = self._namespace(name)
        version = VERSIONS.get(namespace) if namespace else SoapVersion.SOAP_1_1
        if version is None:
            raise SoapFault("the Envelope is neither of SOAP 1.1 nor of SOAP 1.2", FaultCode.VERSION_MISMATCH)
        self.version = version

    def _section(self, local: str, attributes: Mapping[str, str]) -> None:
        # Headers are passed over even if they say mustUnderstand: WCF so marks its addressing, and loses nothing here.
        if local != "body":
            self._skip()
        elif self._body_seen:
            raise SoapFault("the envelope holds more than one Body")
        else:
            self._body_seen = True
            self._declare(attributes)

    def _body_child(self, name: str, local: str, attributes: Mapping[str, str]) -> None:
        operation = BY_NAME.get(local)
        directives = directives_of(attributes)
        if self.call is None and operation is not None:
            self._declare(attributes)
            self.call = Call(operation, self._namespace(name), self.version or SoapVersion.SOAP_1_1)
        elif operation is not None or (self.call is not None and "id" not in directives):
            raise SoapFault("the Body holds more than one call")
        elif "id" not in directives:
            known = ", ".join(operation.name for operation in OPERATIONS)
            raise SoapFault(f"<{name[:80]}> is no operation of this service; it knows {known}")
        else:
            self._value(self._references.pop(directives["id"], []), directives)

    def _parameter(self, local: str, attributes: Mapping[str, str]) -> None:
        assert self.call is not None
        parameter = self.call.operation.by_name.get(local)
        if parameter is None:
            self._skip()
        elif parameter.name in self._given:
            raise SoapFault(f"{parameter.name} is given twice")
        else:
            self._given.add(parameter.name)
            self._value([parameter], directives_of(attributes))

    def _value(self, parameters: list[Parameter], directives: Mapping[str, str]) -> None:
        """An element that holds the value of `parameters`, or says where it is."""
        reference = reference_in(directives) if directives else None
        if reference is not None and parameters:
            self._refer(reference, parameters)
        if reference is not None or not parameters or directives.get("nil") in ("true", "1"):
            self._skip()
        else:
            self._open(self._slot_for(parameters))

    def _refer(self, reference: str, parameters: list[Parameter]) -> None:
        referring = self._references.setdefault(reference, [])
        referring += parameters
        if len({parameter.type is XmlType.BASE64 for parameter in referring}) > 1:
            raise SoapFault(
                f"{parameters[0].name} and {referring[0].name} are of different types, but refer to one value"
            )

    def _slot_for(self, parameters: list[Parameter]) -> Slot:
        assert self.call is not None
        if parameters[0].type is XmlType.BASE64:
            return FileSlot(self._events, parameters, self._limits.file)
        is_long = all(parameter.long for parameter in parameters)
        return TextSlot(self.call, parameters, self._limits.text if is_long else SHORT)

    def _open(self, slot: Slot | None) -> None:
        assert self._parser is not None
        self._slot = slot
        self._parser.CharacterDataHandler = slot.add if slot else None

    def _skip(self) -> None:
        self._skipped = self._depth

    def _declare(self, attributes: Mapping[str, str]) -> None:
        """Take note of namespace declarations; only Envelope, Body and the method matter."""
        for name, value in attributes.items():
            prefix, _, local = name.rpartition(":")
            if name == "xmlns":
                self._namespaces[""] = value
            elif prefix == "xmlns":
                self._namespaces[local] = value

    def _namespace(self, name: str) -> str:
        return self._namespaces.get(name.rpartition(":")[0], "")


def _refuse_doctype(*_declaration: object) -> None:
    raise SoapFault("a document type declaration is not allowed in SOAP")
