"""One POST: read the call while it arrives, have it done within the time, answer in kind."""

import asyncio
import math
import re
import secrets
from dataclasses import dataclass
from time import perf_counter

import structlog
from starlette import types
from starlette.datastructures import Headers

from depesche import metrics
from depesche.fronts.soap.answers import perform, send_job_failed
from depesche.fronts.soap.anteroom import Anteroom
from depesche.fronts.soap.codec.encoder import Answer, Message, Style, encode_answer, encode_fault
from depesche.fronts.soap.codec.fault import FaultCode, SoapFault, SoapVersion
from depesche.fronts.soap.codec.slots import Call
from depesche.fronts.soap.forwarded import origin
from depesche.fronts.soap.intake import Intake
from depesche.fronts.soap.operations import SEND_JOB
from depesche.model.codes import SendJobCode
from depesche.usecases.house import House

_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)

log = structlog.get_logger(__name__)


class Disconnected(Exception):
    """The client went away before its request was whole."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back."""

    status: int
    content_type: str
    message: Message
    code: str = ""
    """What the metrics call it: the return code, or the code of a Fault."""


class Exchange:
    """One request and its answer."""

    def __init__(
        self, house: House, anteroom: Anteroom, style: Style, scope: types.Scope, receive: types.Receive
    ) -> None:
        self._house = house
        self._soap = house.settings.soap
        self._style = style
        self._headers = Headers(scope=scope)
        self._receive = receive
        content_type = self._headers.get("content-type", "")
        charset = _CHARSET.search(content_type)
        self._version = SoapVersion.SOAP_1_2 if "soap+xml" in content_type.lower() else SoapVersion.SOAP_1_1
        peer = origin(scope, house.settings.web.trusted_proxies).peer
        self._intake = Intake(house, anteroom, peer, charset[1] if charset else "")
        self._web = house.settings.web
        self._patience = self._web.silence_seconds
        """Seconds that the client may still keep us waiting; what it sends gives it more."""

        self.body_read = False
        """Whether the whole request has arrived."""

        self._asked_at = math.inf
        """When it had; the loop's clock counts in milliseconds, which is too coarse."""

    async def reply(self) -> Reply:
        """Raises: Disconnected."""
        reply = await self._reply()
        seconds = max(0.0, perf_counter() - self._asked_at)
        metrics.SOAP.labels(self._operation or "none", reply.code).observe(seconds)
        return reply

    async def _reply(self) -> Reply:
        async with self._intake:
            try:
                self._check_headers()
                last = await self._read()
                async with asyncio.timeout(self._soap.max_seconds):
                    await self._intake.feed(last)
                    request = await self._intake.close()
                    answer = await perform(self._house, request)
                return self._answered(request.call, answer)
            except SoapFault as fault:
                log.info("soap fault", operation=self._operation, reason=fault.message)
                return self._fault(fault)
            except Disconnected:
                raise
            except Exception as error:
                number = secrets.token_hex(6)
                log.exception("soap call failed", operation=self._operation, number=number)
                reason = "the answer took too long" if isinstance(error, TimeoutError) else "an error of the server"
                return self._failed(f"{reason}; its record has the number {number}")

    def _check_headers(self) -> None:
        if self._headers.get("content-type", "").lower().lstrip().startswith("multipart/"):
            raise SoapFault("attachments (MTOM, SwA) are not read here: send files as base64 inside the envelope")
        length = self._headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._soap.max_body:
            raise SoapFault(f"the request is larger than {self._soap.max_body} bytes")

    async def _read(self) -> bytes:
        """Take in the body but for its last piece: the time for the answer runs from there. Returns that piece."""
        while True:
            message = await self._next_message()
            piece: bytes = message.get("body", b"")
            if not message.get("more_body", False):
                self.body_read = True
                self._asked_at = perf_counter()
                return piece
            await self._intake.feed(piece)

    async def _next_message(self) -> types.Message:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(self._patience):
                message = await self._receive()
        except TimeoutError:
            raise SoapFault("the rest of the request did not arrive in time") from None
        if message["type"] == "http.disconnect":
            raise Disconnected
        earned = len(message.get("body", b"")) / self._web.pace
        self._patience = min(self._patience - (clock() - began) + earned, self._web.silence_seconds)
        return message

    @property
    def _operation(self) -> str:
        call = self._intake.decoder.call
        return call.operation.name if call else ""

    def _answered(self, call: Call, answer: Answer) -> Reply:
        style, namespace = self._style, call.namespace or self._soap.namespace
        if style is Style.DOCUMENT or namespace == self._soap.document_namespace:
            style, namespace = Style.DOCUMENT, self._soap.document_namespace
        message = encode_answer(call.operation, answer, style, call.version, namespace)
        return Reply(200, call.version.content_type, message, f"{int(answer.code)}")

    def _failed(self, reason: str) -> Reply:
        """A failure of ours."""
        call = self._intake.decoder.call
        if call is not None and call.operation is SEND_JOB:
            return self._answered(call, send_job_failed(SendJobCode.SERVER_ERROR))
        return self._fault(SoapFault(reason, FaultCode.SERVER))

    def _fault(self, fault: SoapFault) -> Reply:
        version = self._intake.decoder.version or self._version
        message = Message((encode_fault(fault, version),))
        return Reply(fault.code.status_in(version), version.content_type, message, fault.code.value)
