"""Offers and answers as gateways write them."""

import pytest

from depesche.channels.fax.media.errors import Garbled
from depesche.channels.fax.media.sdp import (
    T38,
    Address,
    AgreedAudio,
    AgreedT38,
    Direction,
    Negotiation,
    Refused,
    parse,
)
from depesche.channels.fax.media.udptl import Correction
from depesche.channels.fax.t30.g711 import Law


def body(*lines: str, end: str = "\r\n") -> bytes:
    return "".join(line + end for line in lines).encode()


def head(host: str = "192.0.2.9", version: int = 4) -> tuple[str, ...]:
    at = f"IN IP{version} {host}"
    return "v=0", f"o=gw 1 1 {at}", "s=-", f"c={at}", "t=0 0"


ASTERISK_AUDIO = body(
    "v=0",
    "o=- 1693840571 1693840571 IN IP4 203.0.113.5",
    "s=Asterisk",
    "c=IN IP4 203.0.113.5",
    "t=0 0",
    "m=audio 11842 RTP/AVP 8 0 101",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-16",
    "a=ptime:20",
    "a=maxptime:140",
    "a=sendrecv",
)
ASTERISK_T38 = body(
    "v=0",
    "o=- 1693840571 1693840572 IN IP4 203.0.113.5",
    "s=Asterisk",
    "c=IN IP4 203.0.113.5",
    "t=0 0",
    "m=image 4738 udptl t38",
    "a=T38FaxVersion:0",
    "a=T38MaxBitRate:14400",
    "a=T38FaxRateManagement:transferredTCF",
    "a=T38FaxMaxDatagram:400",
    "a=T38FaxUdpEC:t38UDPRedundancy",
)
CISCO_T38 = body(
    "v=0",
    "o=CiscoSystemsSIP-GW-UserAgent 4013 3210 IN IP4 198.51.100.20",
    "s=SIP Call",
    "c=IN IP4 198.51.100.20",
    "t=0 0",
    "m=image 18226 udptl t38",
    "c=IN IP4 198.51.100.21",
    "a=T38FaxVersion:0",
    "a=T38MaxBitRate:14400",
    "a=T38FaxFillBitRemoval:0",
    "a=T38FaxTranscodingMMR:0",
    "a=T38FaxTranscodingJBIG:0",
    "a=T38FaxRateManagement:transferredTCF",
    "a=T38FaxMaxBuffer:200",
    "a=T38FaxMaxDatagram:320",
    "a=T38FaxUdpEC:t38UDPRedundancy",
)
AUDIOCODES_BOTH = body(
    "v=0",
    "o=AudiocodesGW 1408274 1408275 IN IP4 198.51.100.77",
    "s=Phone-Call",
    "c=IN IP4 198.51.100.77",
    "t=0 0",
    "m=audio 0 RTP/AVP 8 96",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:96 telephone-event/8000",
    "m=image 6042 UDPTL T38",
    "a=t38FaxVersion:0",
    "a=T38MaxBitRate:9600",
    "a=T38FaxMaxBuffer:1024",
    "a=T38FaxMaxDatagram:122",
    "a=T38FaxRateManagement:TransferredTCF",
    "a=T38FaxUdpEC:T38UDPRedundancy",
)
FREESWITCH_T38 = body(
    "v=0",
    "o=FreeSWITCH 1700000000 1700000002 IN IP4 192.0.2.44",
    "s=FreeSWITCH",
    "c=IN IP4 192.0.2.44",
    "t=0 0",
    "m=image 21340 udptl t38",
    "a=T38FaxVersion:0",
    "a=T38MaxBitRate:14400",
    "a=T38FaxFillBitRemoval",
    "a=T38FaxTranscodingMMR",
    "a=T38FaxTranscodingJBIG",
    "a=T38FaxRateManagement:transferredTCF",
    "a=T38FaxMaxBuffer:2000",
    "a=T38FaxMaxDatagram:400",
    "a=T38FaxUdpEC:t38UDPRedundancy",
    "a=T38VendorInfo:0 0 0",
)
PATTON_BOTH = body(
    "v=0",
    "o=MxSIP 0 1 IN IP4 192.0.2.61",
    "s=SIP Call",
    "c=IN IP4 192.0.2.61",
    "t=0 0",
    "m=audio 4890 RTP/AVP 8 0 18",
    "a=rtpmap:18 G729/8000",
    "m=image 4890 udptl t38",
    "a=T38FaxVersion:3",
    "a=T38MaxBitRate:33600",
    "a=T38FaxRateManagement:transferredTCF",
    "a=T38FaxUdpEC:t38UDPFEC",
    end="\n",
)


def fax(*lines: str) -> T38:
    [stream] = parse(body(*head(), "m=image 5000 udptl t38", *lines))
    assert stream.t38 is not None
    return stream.t38


def ours(**given: object) -> Negotiation:
    return Negotiation("192.0.2.1", 4000, 7, **given)  # type: ignore[arg-type]


# what is read


def test_audio_as_asterisk_offers_it() -> None:
    [stream] = parse(ASTERISK_AUDIO)
    assert (stream.kind, stream.port, stream.host, stream.ptime) == ("audio", 11842, "203.0.113.5", 20)
    assert stream.laws == (Law.PCMA, Law.PCMU)
    assert stream.direction is Direction.SENDRECV


@pytest.mark.parametrize(
    ("offer", "place", "address", "t38"),
    [
        (ASTERISK_T38, 0, Address("203.0.113.5", 4738), T38()),
        (CISCO_T38, 0, Address("198.51.100.21", 18226), T38(max_datagram=320, max_buffer=200)),
        (
            AUDIOCODES_BOTH,
            1,
            Address("198.51.100.77", 6042),
            T38(max_bit_rate=9600, max_datagram=122, max_buffer=1024),
        ),
        (
            FREESWITCH_T38,
            0,
            Address("192.0.2.44", 21340),
            T38(fill_bit_removal=True, transcoding_mmr=True, transcoding_jbig=True),
        ),
        (
            PATTON_BOTH,
            1,
            Address("192.0.2.61", 4890),
            T38(version=3, max_bit_rate=33600, correction=Correction.FEC),
        ),
    ],
    ids=["Asterisk", "Cisco", "AudioCodes", "FreeSWITCH", "Patton"],
)
def test_t38_as_gateways_offer_it(offer: bytes, place: int, address: Address, t38: T38) -> None:
    stream = parse(offer)[place]
    assert stream.is_t38
    assert Address(stream.host, stream.port) == address
    assert stream.t38 == t38


@pytest.mark.parametrize(
    ("line", "yes"),
    [
        ("a=T38FaxFillBitRemoval", True),
        ("a=T38FaxFillBitRemoval:1", True),
        ("a=T38FaxFillBitRemoval: 1", True),
        ("a=t38faxfillbitremoval:true", True),
        ("a=T38FaxFillBitRemoval:0", False),
        ("a=T38FaxFillBitRemoval:False", False),
        ("a=sendrecv", False),
    ],
)
def test_yes_and_no_have_many_forms(line: str, yes: bool) -> None:
    assert fax(line).fill_bit_removal is yes


@pytest.mark.parametrize(
    ("lines", "correction"),
    [
        (("a=T38FaxUdpEC:t38UDPRedundancy",), Correction.REDUNDANCY),
        (("a=t38FAXUDPEC: T38udpFEC",), Correction.FEC),
        (("a=T38FaxUdpEC:t38UDPNoEC",), Correction.NONE),
        (("a=T38FaxUdpEC",), Correction.NONE),
        ((), Correction.NONE),
    ],
)
def test_correction_that_is_not_said_is_none(lines: tuple[str, ...], correction: Correction) -> None:
    assert fax(*lines).correction is correction


def test_what_a_gateway_says_of_the_whole_session_holds_for_its_image() -> None:
    [stream] = parse(body(*head(), "a=T38MaxBitRate:7200", "a=sendonly", "m=image 5000 udptl t38", "a=T38FaxVersion:0"))
    assert stream.t38 is not None
    assert (stream.t38.max_bit_rate, stream.direction) == (7200, Direction.SENDONLY)


def test_empty_values_and_rates_of_no_modem_say_nothing() -> None:
    assert fax("a=T38MaxBitRate:0", "a=T38FaxMaxDatagram:", "a=T38FaxMaxBuffer:0", "a=T38FaxVersion:") == T38(
        correction=Correction.NONE
    )


def test_ipv6_at_either_level() -> None:
    [one, other] = parse(
        body(*head("2001:DB8::5", 6), "m=audio 5000 RTP/AVP 0", "m=audio 5002 RTP/AVP 0", "c=IN IP6 2001:db8:0:0::6")
    )
    assert (one.host, other.host) == ("2001:db8::5", "2001:db8::6")


def test_a_name_may_stand_for_an_address() -> None:
    [stream] = parse(body(*head("gw-1.carrier.example"), "m=audio 5000/2 RTP/AVP 0"))
    assert (stream.host, stream.port) == ("gw-1.carrier.example", 5000)


@pytest.mark.parametrize(
    "garbled",
    [
        b"",
        b"\r\n",
        b"INVITE sip:a@b SIP/2.0\r\n",
        body("v=1", *head()[1:]),
        body("o=x", "v=0"),
        body("v=0", "nonsense"),
        body("v=0", "ab=c"),
        body(*head(), "m=audio"),
        body(*head(), "m=audio 5000 RTP/AVP"),
        body(*head(), "m=audio x RTP/AVP 8"),
        body(*head(), "m=audio -1 RTP/AVP 8"),
        body(*head(), "m=audio 65536 RTP/AVP 8"),
        body(*head(), "m=audio 99999999999999999999 RTP/AVP 8"),
        body(*head(), "m=audio ٣ RTP/AVP 8"),
        body("v=0", "m=audio 5000 RTP/AVP 8"),
        body("v=0", "c=IN IP4", "m=audio 5000 RTP/AVP 8"),
        body("v=0", "c=ATM IP4 192.0.2.1", "m=audio 5000 RTP/AVP 8"),
        body("v=0", "c=IN IP4 a_b", "m=audio 5000 RTP/AVP 8"),
        body("v=0", "c=IN IP6 [::1]", "m=audio 5000 RTP/AVP 8"),
        body("v=0", "c=IN IP6 ::1%eth0", "m=audio 5000 RTP/AVP 8"),
        body(*head(), "m=audio 5000 RTP/AVP 8", "a=ptime:x"),
        body(*head(), "m=image 5000 udptl t38", "a=T38MaxBitRate:fast"),
        body(*head(), *(["m=audio 0 RTP/AVP 8"] * 33)),
        body("v=0", *(["a=x"] * 10000)),
    ],
)
def test_what_is_no_description_is_refused(garbled: bytes) -> None:
    with pytest.raises(Garbled):
        parse(garbled)
    with pytest.raises(Garbled):
        ours().answer(garbled)


@pytest.mark.parametrize("line", ["a=x", "c=IN IP4 " + "a-" * 120 + "a", "a=" + ":" * 200, "b="])
def test_the_longest_that_is_read_holds_no_trap(line: str) -> None:
    assert parse(body("v=0", *([line] * (16000 // (len(line) + 2))))) == ()


# what is answered


def test_an_answer_to_audio() -> None:
    answer, agreed = ours().answer(ASTERISK_AUDIO)
    assert agreed == AgreedAudio(Address("203.0.113.5", 11842), Law.PCMA)
    assert answer == body(
        "v=0",
        "o=- 7 1 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=audio 4000 RTP/AVP 8",
        "a=rtpmap:8 PCMA/8000",
        "a=ptime:20",
        "a=silenceSupp:off - - - -",
        "a=sendrecv",
    )


def test_an_answer_to_t38() -> None:
    answer, agreed = ours().answer(CISCO_T38)
    assert agreed == AgreedT38(Address("198.51.100.21", 18226), T38(max_datagram=320, max_buffer=200))
    assert answer == body(
        "v=0",
        "o=- 7 1 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=image 4000 udptl t38",
        "a=T38FaxVersion:0",
        "a=T38MaxBitRate:14400",
        "a=T38FaxRateManagement:transferredTCF",
        "a=T38FaxMaxBuffer:2000",
        "a=T38FaxMaxDatagram:400",
        "a=T38FaxUdpEC:t38UDPRedundancy",
    )


def test_each_stream_is_answered_in_its_place() -> None:
    offer = body(
        *head(),
        "m=video 6000 RTP/AVP 31",
        "m=audio 6002 RTP/SAVP 8",
        "m=audio 6004 RTP/AVP 18 0 8",
        "m=audio 6006 RTP/AVP 8",
        "m=image 6008 tcptl t38",
    )
    answer, agreed = ours().answer(offer)
    assert agreed == AgreedAudio(Address("192.0.2.9", 6004), Law.PCMU)
    assert [(stream.kind, stream.port, stream.protocol) for stream in parse(answer)] == [
        ("video", 0, "RTP/AVP"),
        ("audio", 0, "RTP/SAVP"),
        ("audio", 4000, "RTP/AVP"),
        ("audio", 0, "RTP/AVP"),
        ("image", 0, "tcptl"),
    ]


def test_t38_is_preferred_unless_the_line_has_none() -> None:
    answer, agreed = ours().answer(PATTON_BOTH)
    assert isinstance(agreed, AgreedT38)
    assert [stream.port for stream in parse(answer)] == [0, 4000]
    answer, agreed = ours(t38=None).answer(PATTON_BOTH)
    assert agreed == AgreedAudio(Address("192.0.2.61", 4890), Law.PCMA)
    assert [stream.port for stream in parse(answer)] == [4000, 0]


def test_what_is_agreed_is_the_lesser_of_both() -> None:
    _, agreed = ours().answer(PATTON_BOTH)
    assert isinstance(agreed, AgreedT38)
    assert agreed.t38 == T38(version=0, max_bit_rate=14400, correction=Correction.REDUNDANCY, max_datagram=400)
    _, agreed = ours(t38=T38(version=2, max_bit_rate=9600, correction=Correction.FEC)).answer(PATTON_BOTH)
    assert isinstance(agreed, AgreedT38)
    assert agreed.t38 == T38(version=2, max_bit_rate=9600, correction=Correction.FEC)


def test_the_answer_says_what_is_agreed_but_our_own_size() -> None:
    answer, _ = ours().answer(AUDIOCODES_BOTH)
    [refused, image] = parse(answer)
    assert refused.port == 0
    assert image.t38 == T38(max_bit_rate=9600)


@pytest.mark.parametrize(
    "offer",
    [
        body(*head(), "m=audio 5000 RTP/AVP 18 4"),
        body(*head(), "m=audio 0 RTP/AVP 8"),
        body(*head(), "m=image 5000 tcptl t38"),
        body(*head(), "m=image 5000 udptl t38", "a=T38FaxRateManagement:localTCF"),
        body(*head()),
    ],
)
def test_where_there_is_nothing_in_common_the_offer_is_refused(offer: bytes) -> None:
    with pytest.raises(Refused):
        ours().answer(offer)


def test_t38_is_refused_where_it_is_not_wanted_and_audio_stays_what_was_said() -> None:
    negotiation = ours(t38=None)
    before, _ = negotiation.answer(ASTERISK_AUDIO)
    with pytest.raises(Refused):
        negotiation.answer(ASTERISK_T38)
    with pytest.raises(Refused):
        negotiation.offer_t38()
    again, _ = negotiation.answer(ASTERISK_AUDIO)
    assert again == before


def test_only_the_laws_of_the_line_are_taken() -> None:
    _, agreed = ours(laws=(Law.PCMU,)).answer(ASTERISK_AUDIO)
    assert isinstance(agreed, AgreedAudio)
    assert agreed.law is Law.PCMU


@pytest.mark.parametrize(
    ("line", "said", "sends"),
    [
        ("a=sendrecv", Direction.SENDRECV, True),
        ("a=sendonly", Direction.RECVONLY, False),
        ("a=recvonly", Direction.SENDONLY, True),
        ("a=inactive", Direction.INACTIVE, False),
        ("c=IN IP4 0.0.0.0", Direction.SENDRECV, False),
    ],
)
def test_a_call_that_is_held(line: str, said: Direction, sends: bool) -> None:
    answer, agreed = ours().answer(body(*head(), "m=audio 5000 RTP/AVP 8", line))
    assert isinstance(agreed, AgreedAudio)
    assert agreed.sends is sends
    assert parse(answer)[0].direction is said


def test_ipv6_is_answered_as_ipv6() -> None:
    answer, agreed = Negotiation("2001:db8::1", 4000, 7).answer(body(*head("2001:db8::9", 6), "m=audio 5000 RTP/AVP 8"))
    assert agreed.far == Address("2001:db8::9", 5000)
    assert b"c=IN IP6 2001:db8::1\r\n" in answer
    assert parse(answer)[0].host == "2001:db8::1"


# what is offered


def test_an_offer_and_what_comes_of_it() -> None:
    caller, answerer = ours(), Negotiation("192.0.2.2", 6000, 8)
    answer, theirs = answerer.answer(caller.offer_audio())
    assert caller.answered(answer) == AgreedAudio(Address("192.0.2.2", 6000), Law.PCMA)
    assert theirs == AgreedAudio(Address("192.0.2.1", 4000), Law.PCMA)
    answer, theirs = answerer.answer(caller.offer_t38())
    assert caller.answered(answer) == AgreedT38(Address("192.0.2.2", 6000), T38())
    assert theirs == AgreedT38(Address("192.0.2.1", 4000), T38())


def test_each_change_is_a_new_version_and_no_change_is_none() -> None:
    negotiation = ours()
    offers = [
        negotiation.offer_audio(),
        negotiation.offer_audio(),
        negotiation.offer_t38(),
        negotiation.answer(ASTERISK_AUDIO)[0],
    ]
    assert [offer.split(b"\r\n")[1].split()[2] for offer in offers] == [b"1", b"1", b"2", b"3"]


def test_an_offer_of_ours_keeps_the_places_of_the_streams() -> None:
    negotiation = ours()
    negotiation.answer(body(*head(), "m=video 6000 RTP/AVP 31", "m=audio 6002 RTP/AVP 8"))
    assert [(stream.kind, stream.port) for stream in parse(negotiation.offer_t38())] == [("video", 0), ("image", 4000)]
    with pytest.raises(Garbled):
        negotiation.answered(ASTERISK_T38)  # one stream to an offer of two


@pytest.mark.parametrize(
    "answer",
    [
        body(*head(), "m=image 0 udptl t38"),
        body(*head(), "m=audio 5000 RTP/AVP 8"),
        body(*head(), "m=image 5000 udptl t38", "a=T38FaxRateManagement:localTCF"),
    ],
)
def test_t38_that_the_far_end_does_not_take(answer: bytes) -> None:
    negotiation = ours()
    negotiation.offer_t38()
    with pytest.raises(Refused):
        negotiation.answered(answer)


@pytest.mark.parametrize("formats", ["18", "0"])
def test_audio_that_was_not_offered_is_no_answer(formats: str) -> None:
    negotiation = ours(laws=(Law.PCMA,))
    negotiation.offer_audio()
    with pytest.raises(Refused):
        negotiation.answered(body(*head(), f"m=audio 5000 RTP/AVP {formats}"))


def test_an_answer_may_correct_less_than_was_offered_but_not_more() -> None:
    negotiation = ours()
    negotiation.offer_t38()
    answer = (*head(), "m=image 5000 udptl t38", "a=T38FaxMaxDatagram:72")
    for said, correction in (("t38UDPFEC", Correction.REDUNDANCY), ("none", Correction.NONE)):
        agreed = negotiation.answered(body(*answer, f"a=T38FaxUdpEC:{said}"))
        assert isinstance(agreed, AgreedT38)
        assert (agreed.t38.correction, agreed.t38.max_datagram) == (correction, 72)
