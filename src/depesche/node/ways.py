"""The channels of a node: the ways that a delivery may go, put together from the settings."""

from collections.abc import Mapping
from pathlib import Path

from depesche.channels.base import Channel as Way
from depesche.channels.fax.sandbox import SandboxFax
from depesche.channels.fax.trunk.channel import SipFax
from depesche.channels.fax.trunk.wire import Setup
from depesche.channels.letter.sandbox import SandboxLetter
from depesche.channels.mail.sandbox import SandboxMail
from depesche.channels.noline import NoLine
from depesche.channels.outbox import Shelf
from depesche.channels.sms.sandbox import SandboxSms
from depesche.model.jobtype import Channel
from depesche.model.reception import Reception
from depesche.usecases import receive
from depesche.usecases.house import House
from depesche.usecases.trunks import Office


def sandbox_ways(house: House) -> dict[Channel, Way]:
    """By which what is sent stays on this machine."""
    data = house.settings.data
    outbox = data / "outbox"

    async def has_inbox(number: str) -> bool:
        return await receive.has_inbox(house, number)

    async def received(source: str) -> bool:
        return await receive.received(house, source)

    async def take(reception: Reception) -> None:
        await receive.receive(house, reception)

    mail = SandboxMail(outbox / "mail", house.now)
    return {
        Channel.FAX: SandboxFax(
            now=house.now,
            scratch=data / "scratch",
            has_inbox=has_inbox,
            receive=take,
            received=received,
            timezone=house.settings.timezone,
        ),
        Channel.SMS: SandboxSms(outbox / "sms"),
        Channel.MAIL: mail,
        Channel.QSIGN: mail,
        Channel.LETTER: SandboxLetter(outbox / "letters"),
    }


def real_ways(trunks: SipFax) -> dict[Channel, Way]:
    """By which it reaches its recipients."""
    return {channel: trunks if channel is Channel.FAX else NoLine(channel) for channel in Channel}


def sip_fax(house: House, worker: str) -> SipFax:
    """The lines of this node, not up yet; `worker`: as whom it shares them with the other nodes."""
    settings = house.settings
    first, _, last = settings.lines.media_ports.partition("-")

    def path(given: Path | None) -> str:
        return str(given.absolute()) if given else ""

    def setup(place: int) -> Setup:
        """Of one line process: each has ports of its own."""
        local = settings.lines
        return Setup(
            host=local.host,
            nameserver=local.nameserver,
            advertised=local.advertised,
            port=local.port + 2 * place if local.port else 0,
            tls_port=local.tls_port + 2 * place if local.tls_port else 0,
            media_first=int(first or 0),
            media_last=int(last or 0),
            certificate=path(local.certificate),
            key=path(local.key),
            authorities=path(local.authorities),
        )

    return SipFax(
        Office(house, worker),
        scratch=settings.data / "scratch",
        spool=settings.data / "lines",
        setups=[setup(place) for place in range(settings.lines.processes)],
        timezone=settings.timezone,
    )


def shelves(sandbox: Mapping[Channel, Way]) -> tuple[Shelf, ...]:
    """Where the sandbox lays down what it sends."""
    ways = dict.fromkeys(sandbox.values())  # mails and invoices go one way
    return tuple(
        shelf for way in ways if isinstance(way, SandboxSms | SandboxMail | SandboxLetter) for shelf in way.shelves
    )
