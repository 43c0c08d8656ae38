"""What is fuzzed: everything that reads what customers and far sides send, and must have an answer for all of it."""

import csv
import io
import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from unittest.mock import patch
from zoneinfo import ZoneInfo

from depesche.channels.fax.media import rtp, sdp, udptl
from depesche.channels.fax.media.errors import Garbled
from depesche.channels.fax.media.media import Media
from depesche.channels.fax.t30.g711 import G711Terminal
from depesche.channels.fax.t30.ifp import measured
from depesche.channels.fax.t30.layout import verified
from depesche.channels.fax.t30.session import Station
from depesche.fronts.soap.codec import decoder as decoding
from depesche.fronts.soap.codec.decoder import Decoder
from depesche.fronts.soap.codec.fault import SoapFault
from depesche.fronts.soap.codec.slots import FileData, Limits
from depesche.fronts.soap.operations import OPERATIONS
from depesche.model import blocklist, gsm, numbers, options, statusfile, statusurl, webaddress
from depesche.model.account import Account, AccountState
from depesche.model.codes import SendJobCode
from depesche.model.job import Fate
from depesche.model.jobtype import JobType
from depesche.model.recipients import Given, NoList, encoding_of, from_lines, from_parameter, from_single
from depesche.model.result import Result
from depesche.model.states import State
from depesche.model.statusurl import Told
from depesche.usecases import compose, tariffs
from depesche.usecases.accounts import NotPossible
from depesche.usecases.order import Order, Submission
from fuzz import sip
from fuzz.engine import Target

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIMITS = Limits(body=1 << 20, file=1 << 12, text=1 << 12)


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def said(error: Exception) -> str:
    """What people are told."""
    words = str(error)
    assert words.strip()
    return words


# the SOAP codec: three octets say the charset, how it is cut, and how large the parser's blocks are

CHARSETS = ("", "utf-8", "iso-8859-1", "utf-16", "windows-1252", "nonsense")


def codec(data: bytes) -> None:
    """A call or a Fault, and the same however it came."""
    head, body = data[:3].ljust(3, b"\0"), data[3:]
    charset = CHARSETS[head[0] % len(CHARSETS)]
    whole = _decoded([body], charset)
    cut = 1 + head[1] % 64
    assert _decoded([body[start : start + cut] for start in range(0, len(body), cut)], charset) == whole
    with patch.object(decoding, "BLOCK", 1 + head[2] % 64):
        blocks = _decoded([body], charset)
    assert blocks == whole or whole[0] == blocks[0] == "fault", "blocks make no difference but for the words of a Fault"


def _decoded(pieces: list[bytes], charset: str) -> tuple[object, ...]:
    decoder = Decoder(LIMITS, charset)
    files: dict[str, bytes] = {}
    try:
        for event in (*(event for piece in pieces for event in decoder.feed(piece)), *decoder.close()):
            files.setdefault(event.name, b"")
            if isinstance(event, FileData):
                files[event.name] += event.data
    except SoapFault as fault:
        return "fault", fault.code, said(fault)
    finally:
        decoder.release()
    assert decoder.call is not None
    assert decoder.version is not None
    assert all(len(file) <= LIMITS.file for file in files.values())
    return "call", decoder.call, files


def _envelope(inner: str, encoding: str = "utf-8", head: str = "") -> bytes:
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    text = f'{head}<s:Envelope xmlns:s="{soap}"><s:Body>{inner}</s:Body></s:Envelope>'
    return b"\0\7\5" + text.encode(encoding)


CODEC_SEEDS = (
    _envelope(
        '<m:SendJob xmlns:m="urn:XMLWSIntf-IntfXMLWS"><Account>10001</Account><Password>demo</Password>'
        "<JobType>1</JobType><Recipient>+491713920000[a],x</Recipient><SendText>Gr&#252;&amp;&#13;</SendText>"
        "<SendFilename1>a.pdf</SendFilename1><SendFile1>QUJD\nREU=</SendFile1>"
        "<SendDateTime>2026-01-01T00:00:00+01:00</SendDateTime><Options/></m:SendJob>"
    ),
    _envelope('<JobStatus><Account nil="1"/><JobId href="#a"/></JobStatus><multiRef id="a">7</multiRef>'),
    _envelope("<CancelJob><![CDATA[]]><Account>ä</Account></CancelJob>", "utf-16", "<?xml version='1.0'?>"),
    _envelope("<DeleteReceived><FaxId>-9223372036854775808</FaxId></DeleteReceived>", "latin-1"),
)
CODEC_WORDS = tuple(
    word.encode()
    for word in (
        *(operation.name for operation in OPERATIONS),
        *sorted({parameter.name for operation in OPERATIONS for parameter in operation.ins}),
        *("Envelope", "Body", "Header", "multiRef", "href", "id", "nil", "xsi:nil", "xmlns", "mustUnderstand", "root"),
        *(
            "<",
            ">",
            "</",
            "/>",
            "=",
            '"',
            "#",
            ":",
            "&amp;",
            "&#0;",
            "&#xD800;",
            "&#128512;",
            "<!--",
            "-->",
            "<![CDATA[",
        ),
        *(
            "]]>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]>",
            "<?xml version='1.0' encoding='utf-16'?>",
            "<?a b?>",
            "QQ==",
            "2147483648",
        ),
        *("-2147483649", "1899-12-30T00:00:00.000Z", "2026-02-29T24:00:00", "0000-00-00", "+14:01", "\ufeff", "\x1f"),
        *("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"),
    )
)


# Options, and how the sender appears by them

ACCOUNT = Account(
    id=1,
    number="10001",
    name="Müller & Söhne",
    state=AccountState.ACTIVE,
    trial_until=None,
    sandbox=True,
    country="DE",
    fax_number="+493023125100",
    numbers=("+493023125100", "+493023125101"),
    job_types=frozenset(JobType),
    bulk=True,
    foreign=True,
    mail_from="info@firma.de",
    mail_subject="Nachricht",
    sms_from="Firma",
    sender_addresses=frozenset(),
    status_encoding="utf-8",
    weight=1,
)


def switches(data: bytes) -> None:
    parsed = options.parse(text_of(data))
    assert set(parsed.values) <= options.VALUED | options.PLAIN
    assert len(parsed.warnings) <= options.MOST_WARNINGS + 1
    assert 0 <= options.repeats(parsed)[0] <= options.MOST_REPEATS
    for kind in (JobType.FAX, JobType.SMS, JobType.MAIL):
        order = Order(Submission(int(kind)), kind, (Given("1", ""),), (), parsed, NOW, "")
        sending, warnings = compose.sending(ACCOUNT, order, tell_each=False)
        assert len(sending.station_id) <= 20
        assert all(" " <= character <= "~" for character in sending.station_id)
        assert len(sending.fax_header) <= 30
        assert sending.caller_number in ACCOUNT.numbers
        assert kind is not JobType.SMS or len(sending.sender.removeprefix("+")) <= 16
        assert sending.flash <= ("FLASHSMS" in parsed)
        if sending.status_url:
            assert len(sending.status_url) <= options.STATUS_URL_LENGTH
            webaddress.parse(sending.status_url)
        elif parsed.get("STATURL"):
            assert any("STATURL" in warning for warning in warnings)
        assert all(len(warning) < 200 for warning in warnings)


SWITCH_WORDS = tuple(switch.name.encode() for switch in options.SWITCHES) + tuple(
    word.encode()
    for word in (
        ";",
        "=",
        " ",
        "http://",
        "https://x.de/",
        "$JID",
        "+49 30 23125101",
        "Größe €",
        "٣",
        "²",
        "\0",
        "0" * 9,
    )
)


# Recipient and RecipientFile


def recipients(data: bytes) -> None:
    whole = _rows(data, len(data) or 1)
    assert whole == _rows(data, 1) == _rows(data, 3)
    text = text_of(data)
    for row in (*(whole or ()), *from_parameter(text), from_single(text)):
        assert row.address == row.address.strip()
        assert row.reference == row.reference.strip()
    assert all(row.address for row in from_parameter(text))


def _rows(data: bytes, piece: int) -> list[Given] | None:
    try:
        encoding = encoding_of(data[start : start + piece] for start in range(0, len(data), piece))
        return list(from_lines(io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")))
    except NoList as error:
        said(error)
        return None


# STATURL: whatever the values are, they change neither host nor path nor the number of parameters


def status_url(data: bytes) -> None:
    text, _, value = text_of(data).partition("\n")
    try:
        template = statusurl.accept(text)
    except ValueError as error:
        said(error)
        return
    plain = webaddress.parse(statusurl.fill(template, dict.fromkeys(statusurl.PLACEHOLDERS, "x")))
    told = Told(7, 8, value, value, Result.OK, 1, Decimal("0.0795"), value, NOW, 19, 1, "MMR", 14400)
    for values in (dict.fromkeys(statusurl.PLACEHOLDERS, value), statusurl.values(told, ZoneInfo("Europe/Berlin"))):
        filled = webaddress.parse(statusurl.fill(template, values))
        assert (filled.scheme, filled.host, filled.port) == (plain.scheme, plain.host, plain.port)
        assert [filled.target.count(sign) for sign in "/?&=#"] == [plain.target.count(sign) for sign in "/?&=#"]
        assert all("!" <= character <= "~" for character in filled.target)


URL_WORDS = tuple(f"${name}".encode() for name in statusurl.PLACEHOLDERS) + tuple(
    word.encode()
    for word in (
        *(
            "http://",
            "HTTPS://",
            "x.de",
            "[::1]",
            ":8080",
            "/",
            "?",
            "&",
            "=",
            "#",
            "@",
            "\\",
            "%",
            "%41",
            "%0",
            "$",
            "$$",
        ),
        *("\n", " ", "ä", "..", "/../", "1.2.3.4", "0x7f.1", "xn--", "。", "a[]="),
    )
)


# SMS


def messages(data: bytes) -> None:
    text = text_of(data)
    parts = gsm.parts(text)
    assert "".join(parts) == text
    assert len(parts) >= 1
    if gsm.is_gsm(text):
        sizes = [sum(1 if character in gsm.BASIC else 2 for character in part) for part in parts]
        assert all(character in gsm.BASIC + gsm.EXTENSION for character in text)
        alone, joined = 160, 153
    else:
        sizes = [len(part.encode("utf-16-le")) // 2 for part in parts]
        alone, joined = 70, 67
    assert max(sizes) <= (alone if len(parts) == 1 else joined)
    assert all(size + 2 > joined for size in sizes[:-1]), "no part is left half empty"
    assert len(parts) == 1 or sum(sizes) > alone


# numbers and addresses

COUNTRIES = ("DE", "AT", "CH", "US", "IT", "NL", "XX")


def addresses(data: bytes) -> None:
    country, foreign = COUNTRIES[data[0] % len(COUNTRIES)] if data else "DE", bool(data[:1] and data[0] & 64)
    given = text_of(data[1:])
    number, code = numbers.judge_number(given, country, foreign=foreign)
    if code in (SendJobCode.ACCEPTED, SendJobCode.NUMBER_BARRED, SendJobCode.NOT_RELEASED):
        assert number.startswith("+")
        assert number[1:].isascii()
        assert number[1:].isdigit()
        assert numbers.judge_number(number, country, foreign=foreign) == (number, code)
    else:
        assert number == given
    if code is not SendJobCode.NUMBER_MALFORMED:
        compact = re.sub(r"[ ()/.\-]", "", given.strip())
        assert numbers._by_library(given, compact, country, foreign=foreign) == (number, code)
    address, code = numbers.judge_mail(given)
    assert address == (given.strip() if code is SendJobCode.ACCEPTED else given)
    assert code is not SendJobCode.ACCEPTED or (address.count("@") == 1 and "\n" not in address)
    for prefix in (False, True):
        try:
            kept, is_prefix = blocklist.read(given, country, prefix=prefix)
        except ValueError as error:
            said(error)
        else:
            assert blocklist.read(blocklist.written(kept, prefix=is_prefix), country) == (kept, is_prefix)


# what goes out as CSV, and the operator's own CSV


def files(data: bytes) -> None:
    fields = (text_of(data).split("\n") * 3)[:3]
    address, remote, reference = (field.replace("\r", "") for field in fields)
    fate = Fate(0, address, reference, State.SENT, Result.OK, 0, 2, remote, 19, NOW, 1, None)
    written = statusfile.write([fate, replace(fate, result=None)], JobType.FAX, "utf-8")
    rows = list(csv.reader(io.StringIO(written.decode(), newline=""), strict=True))
    assert rows[1] == [address, "FAX", "OK", remote, "2", "2026-03-02 09:00:00", "19", reference]
    assert statusfile.write([fate], JobType.SMS, "windows-1252").count(b"\r\n") == 2
    try:
        assert tariffs.read(io.StringIO(text_of(data), newline=""))
    except NotPossible as error:
        said(error)


# the media of a fax call


def descriptions(data: bytes) -> None:
    """An answer that can be read again, with a stream for each that was offered, or the reason why there is none."""
    negotiation = sdp.Negotiation("192.0.2.1", 4000, 7)
    try:
        streams = sdp.parse(data)
    except Garbled as error:
        said(error)
        return
    try:
        answer, agreed = negotiation.answer(data)
    except (Garbled, sdp.Refused) as error:
        said(error)
    else:
        again = sdp.parse(answer)
        assert [stream.kind for stream in again] == [stream.kind for stream in streams]
        assert sum(stream.port > 0 for stream in again) == 1
        assert agreed.far.port > 0
        assert sdp.Negotiation("192.0.2.2", 4000, 8).answer(negotiation.offer_audio())
    for offer in (negotiation.offer_t38, negotiation.offer_audio):
        offer()
        try:
            negotiation.answered(data)
        except (Garbled, sdp.Refused) as error:
            said(error)


def datagrams(data: bytes) -> Iterator[bytes]:
    """The input, cut: an octet tells the length of each."""
    position = 0
    while position < len(data):
        yield data[position + 1 : position + 1 + data[position]]
        position += 1 + data[position]


def sent_as(*packets: bytes) -> bytes:
    """What `datagrams` cuts into these."""
    return b"".join(bytes([len(packet)]) + packet for packet in packets)


def audio(data: bytes) -> None:
    """Whatever comes, the terminal hears no more than was said and what time was filled in, and hears the next call."""
    with G711Terminal(verified(), Station("1"), calling=False) as terminal:
        receiver = rtp.Receiver(terminal)
        for packet in datagrams(data):
            rtp.plausible(packet)
            if packet:
                try:
                    receiver.receive(packet)
                except Garbled as error:
                    said(error)
            else:
                receiver.tick()
        for _ in range(rtp.WINDOW * (rtp.WINDOW + 1)):  # behind each gap that waits for its end it is waited anew
            receiver.tick()
        assert not receiver._held
        assert receiver.late >= 0 <= receiver.lost


def packets(data: bytes) -> None:
    """No packet twice, none out of order; and what our own sender makes of it arrives, though some are lost."""
    receiver = udptl.Receiver()
    given: list[udptl.Numbered] = []
    for datagram in datagrams(data):
        whole = udptl.plausible(datagram)
        try:
            given += receiver.receive(datagram) if datagram else receiver.tick()
        except Garbled as error:
            said(error)
            assert not whole or datagram[:2] != receiver._next.to_bytes(2, "big")
    numbers = [number for number, _ in given]
    assert all(later - number & 0xFFFF > 0 for number, later in itertools.pairwise(numbers))
    for correction in udptl.Correction:
        _exchanged(data, correction)


def _exchanged(data: bytes, correction: udptl.Correction) -> None:
    chance = random.Random(data)
    sender, receiver = udptl.Sender(correction, chance.randrange(1000)), udptl.Receiver()
    sent = list(datagrams(data))
    given: list[udptl.Numbered] = []
    for ifp in sent:
        datagram = sender.datagram(ifp)
        assert udptl.plausible(datagram)
        if chance.random() > 0.2:
            given += receiver.receive(datagram)
    for number, ifp in given:
        assert ifp.rstrip(b"\0") == sent[number].rstrip(b"\0")


def fax_packets(data: bytes) -> None:
    """The engine takes or leaves each packet, and lives."""
    calling = bool(data[:1] and data[0] & 1)
    with Media(verified(), Station("1"), calling=calling, chance=random.Random(1)) as media:
        media.to_t38(sdp.T38(version=data[0] >> 1 & 1 if data else 0))
        for number, ifp in enumerate(datagrams(data[1:])):
            assert 0 <= measured(ifp) <= len(ifp)
            media.receive((number & 0xFFFF).to_bytes(2, "big") + bytes([0x80, len(ifp)]) + ifp + b"\0\0")
            media.tick()
        media.plausible(data)
        assert media.report().pages == ()


_OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    b"m=audio 5000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n"
)
_T38_OFFER = (
    b"v=0\no=x 2 2 IN IP6 2001:db8::9\ns=x\nt=0 0\nm=audio 0 RTP/AVP 8\nm=image 5002 udptl t38\nc=IN IP6 2001:db8::9\n"
    b"a=T38FaxVersion:0\na=T38MaxBitRate:9600\na=T38FaxFillBitRemoval\na=T38FaxRateManagement:transferredTCF\n"
    b"a=T38FaxMaxDatagram:72\na=T38FaxUdpEC:t38UDPFEC\n"
)
_SDP_WORDS = tuple(
    word.encode()
    for word in (
        *(
            "v=0",
            "c=IN IP4 ",
            "c=IN IP6 ::1",
            "m=audio ",
            "m=image ",
            "m=video ",
            " RTP/AVP ",
            " udptl t38",
            "\r\n",
            "\n",
        ),
        *("a=", "sendonly", "inactive", "ptime:", "localTCF", "T38FaxUdpEC:", "T38MaxBitRate:", "t38UDPRedundancy"),
        *("0", "65536", "/2", "0.0.0.0", "999999999", ":", " "),
    )
)

_VOICE = b"\x80\x08\x00\x01\x00\x00\x00\xa0\xde\xad\xbe\xef" + b"\xd5" * 160
_LATER = b"\x80\x00\x00\x03\x00\x00\x01\xe0\xde\xad\xbe\xef" + b"\xff" * 160
_DECORATED = b"\xb1\x0d\x00\x02\x00\x00\x01\x40\xde\xad\xbe\xef" + b"\1\2\3\4\xbe\xde\0\1abcd" + b"\0" * 9 + b"\3"


def _udptl(correction: udptl.Correction) -> bytes:
    sender = udptl.Sender(correction)
    return sent_as(*(sender.datagram(bytes([number]) * (number + 1)) for number in range(6)))


_DIS = (b"\x06", b"\xc0\x01\x80\x00\x00\xff", b"\xc0\x02\x80\x00\x02\x13\x80\x00\x20", b"\xc0\x01\x40")
_IMAGE = (b"\x1e", b"\xd0\x01\xe0\x00\x03abcd", b"\xd0\x01\xf0\x00\x00\xff", b"\xd0\x01\x80\x00\x01\xff\x03", b"\0")

TARGETS = (
    Target("codec", codec, CODEC_SEEDS, CODEC_WORDS),
    Target(
        "options",
        switches,
        (
            b"STATIONID=a;FAXHEADER=b;FAXRETRY=2;FLASHSMS;SMSFROM=123",
            b"CALLERID=03023125101;STATURL=http://x.de/?a=$JID",
        ),
        SWITCH_WORDS,
    ),
    Target(
        "recipients",
        recipients,
        (b'"+491713920000","a ""b"""\r\n040123,\xe4\n', "\ufeff+49[a,b],c[d\n".encode(), b"a,b\n\n ,\n"),
        (
            b'"',
            b'""',
            b",",
            b"\r\n",
            b"\n",
            b"\r",
            b"[",
            b"]",
            b"\xef\xbb\xbf",
            b"\x81",
            b"\0",
            "€".encode(),
            b"\xe2\x82",
        ),
    ),
    Target(
        "statusurl",
        status_url,
        (b"http://x.de/a?b=$RCV&c=$CID$COD\na&b=c/d#e", b"x.de:8080/$DATE/$TIME?$STATX\n\xc3\xa4"),
        URL_WORDS,
    ),
    Target(
        "gsm",
        messages,
        (b"x" * 161, "€[]{}".encode() * 40, "ä😀".encode() * 40, b"Guten Tag"),
        tuple(word.encode() for word in ("€", "😀", "ç", "Ç", "\f", "\x1b", "x" * 152, "^", "\r\n", "Ω", "ß")),
    ),
    Target(
        "numbers",
        addresses,
        (b"\0+49 (0)40/123 456-0", b"\0+4930", b"\x01+4312345678", b"\0a.b+c@firma.de", b"\x430900 1", b"\0+49171*"),
        tuple(
            word.encode()
            for word in ("+49", "0049", "00", "010", "0900", "0137", "118", "(0)", "@", ".de", "+", "*", "٣", "\t")
        ),
    ),
    Target(
        "csv",
        files,
        (b"type,prefix,base,unit\nfax,+49,0.02,0.05\nsms,,0,0.0795\n", b'a"b\nc,d\n"e""f"', b"letter,,1,2\n"),
        tuple(word.encode() for word in (*tariffs.TYPES, ",", '"', "\n", "\r", "0.07", "1,5", "+49171", "€", "\0")),
    ),
    Target("sdp", descriptions, (_OFFER, _T38_OFFER), _SDP_WORDS),
    Target(
        "rtp",
        audio,
        (sent_as(_VOICE, _LATER, _DECORATED, b""), sent_as(_DECORATED, b"", _VOICE, _VOICE)),
        (b"\x80\x08", b"\x80\x88", b"\x90", b"\xa0", b"\xff\xff", b"\0\0\0\xa0", b"\xde\xad\xbe\xef", b"\0" * 16),
    ),
    Target(
        "udptl",
        packets,
        tuple(_udptl(correction) for correction in udptl.Correction),
        (b"\0\0", b"\0\1", b"\xff\xff", b"\x80\1\3\3", b"\x80", b"\xc0", b"\0\3", b"\x80\x08"),
    ),
    Target(
        "t38",
        fax_packets,
        (b"\0" + sent_as(*_DIS, *_IMAGE), b"\1" + sent_as(*_IMAGE, *_DIS), b"\2" + sent_as(*_DIS)),
        (*_DIS, *_IMAGE, b"\x04", b"\x02", b"\xff\x13\x80", b"\xff\x13\x83", b"\xff\xff", b"\xc0", b"\xd0\x01"),
    ),
    *sip.TARGETS,
)
