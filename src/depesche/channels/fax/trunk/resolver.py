"""Where a host is: the SRV, A and AAAA records of its name (RFC 3263, RFC 2782).

The transport of a line is set by its operator: there is no question that NAPTR records would answer.
"""

import asyncio
import ipaddress
from pathlib import Path
from typing import cast

import structlog
from dns import asyncbackend
from dns.asyncresolver import Resolver as Stub
from dns.exception import DNSException
from dns.rdatatype import AAAA, SRV, A, RdataType
from dns.rdtypes.IN.SRV import SRV as ServiceRecord  # noqa: N811  it is a class
from dns.resolver import NXDOMAIN, Answer, LRUCache, NoAnswer, NoNameservers, NoResolverConfiguration

from depesche.channels.fax.sip.flow import Address
from depesche.model.line import PORTS, Transport, split

LOOKUP_SECONDS = 5.0
"""For one question, all servers and repeats together."""

MOST_PLACES = 20
"""Of one name."""

SERVICES = {Transport.UDP: "_sip._udp", Transport.TCP: "_sip._tcp", Transport.TLS: "_sips._tcp"}

HOSTS = Path("/etc/hosts")

log = structlog.get_logger()


class Unknown(Exception):
    """It is not known where a host is; says why."""


class Resolver:
    """Asks a DNS server, and remembers answers, of both kinds, for as long as the server says."""

    def __init__(self, nameserver: str = "", seconds: float = LOOKUP_SECONDS) -> None:
        """`nameserver`: address, or address and port; empty: those of this machine, and its file of hosts."""
        self._seconds = seconds
        self._nameserver = nameserver
        self._cache = LRUCache(1000)
        self._last: dict[tuple[str, int, Transport], list[Address]] = {}

    async def places(self, host: str, port: int, transport: Transport) -> list[Address]:
        """Addresses and ports of a host, those to be tried first in front; `port` 0: as its SRV records say.

        Where no server answers, what was known last holds: a line goes on while DNS is away.

        Raises: Unknown.
        """
        if is_address(host):
            return [(host, port or PORTS[transport])]
        key = host, port, transport
        try:
            places = await self._asked(host, port, transport)
        except _NobodyAnswers as error:
            if key not in self._last:
                raise Unknown(str(error)) from error
            log.warning("no DNS server answers", host=host, why=str(error))
            return self._last[key]
        self._last[key] = places[:MOST_PLACES]
        return self._last[key]

    async def _asked(self, host: str, port: int, transport: Transport) -> list[Address]:
        if not port and not self._own(host):
            try:
                answer = await self._ask(f"{SERVICES[transport]}.{host}", SRV)
            except _NoSuch:
                pass
            else:
                return await self._services(answer, host, transport)
        return [(address, port or PORTS[transport]) for address in await self._addresses(host)]

    async def _services(self, answer: Answer, host: str, transport: Transport) -> list[Address]:
        assert answer.rrset is not None
        # by priority, those of one priority by chance and weight
        services = cast("list[ServiceRecord]", answer.rrset.processing_order())
        if [str(service.target) for service in services] == ["."]:
            raise Unknown(f"{host} offers no SIP over {transport.value.upper()}, says its SRV record")
        found: dict[Address, None] = {}
        why: Exception | None = None
        for service in services:
            try:
                addresses = await self._addresses(service.target.to_text(omit_final_dot=True))
            except (Unknown, _NobodyAnswers) as error:
                why = error
                continue
            found.update(dict.fromkeys((address, service.port) for address in addresses))
        if not found and why is not None:
            raise why
        return list(found)

    async def _addresses(self, host: str) -> list[str]:
        """IPv6 first (RFC 6724); whoever has none leaves those out. Raises: Unknown, _NobodyAnswers."""
        if is_address(host):
            return [host]
        if own := self._own(host):
            return own
        answers = await asyncio.gather(self._ask(host, AAAA), self._ask(host, A), return_exceptions=True)
        found: list[str] = []
        for answer in answers:
            if isinstance(answer, Answer):
                found += [str(record.address) for record in answer]
            elif not isinstance(answer, _NoSuch | _NobodyAnswers):
                raise answer
        if found:
            return found
        for answer in answers:
            if isinstance(answer, _NobodyAnswers):
                raise answer
        raise Unknown(f"there is no host {host}")

    async def _ask(self, name: str, kind: RdataType) -> Answer:
        """Raises: _NoSuch, _NobodyAnswers."""
        stub = self._stub()
        try:
            return await stub.resolve(name, kind, lifetime=self._seconds, backend=asyncbackend.get_backend("asyncio"))
        except (NXDOMAIN, NoAnswer) as error:
            raise _NoSuch from error
        except NoNameservers as error:
            raise _NobodyAnswers(f"the DNS servers fail to say where {name} is") from error
        except (DNSException, OSError) as error:
            raise _NobodyAnswers(f"no DNS server answers; it was asked for {name}") from error

    def _stub(self) -> Stub:
        """Made for each question: the machine may be in another network by now."""
        if self._nameserver:
            stub = Stub(configure=False)
            host, port = split(self._nameserver)
            stub.nameservers, stub.port = [host], port or 53
        else:
            try:
                stub = Stub()
            except NoResolverConfiguration:
                stub = Stub(configure=False)
                stub.nameservers = ["127.0.0.1"]  # as resolv.conf(5)
            stub.use_search_by_default = True
        stub.cache = self._cache
        return stub

    def _own(self, host: str) -> list[str]:
        return [] if self._nameserver else hosts(HOSTS, host)


class _NoSuch(Exception):
    """There is no such record."""


class _NobodyAnswers(Exception):
    """Whether there is, nobody says; says why."""


def is_address(host: str) -> bool:
    """Whether it is one, and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def hosts(file: Path, name: str) -> list[str]:
    """The addresses of a name in a file as hosts(5)."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return []
    entries = [line.partition("#")[0].split() for line in lines]
    wanted = name.lower().rstrip(".")
    return [entry[0] for entry in entries if wanted in map(str.lower, entry[1:]) and is_address(entry[0])]
