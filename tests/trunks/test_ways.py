"""Ways to a trunk: names and their records, servers that are silent, TLS, IPv6, registrars, a provider in between."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from depesche.config import Settings
from depesche.model.line import Caller, Line, Route, Transport, split
from depesche.node.house import open_house
from depesche.usecases import accounts, lines
from depesche.usecases.house import House
from documents import fax_page, picture
from peers import ports
from peers.asterisk import Asterisk, Way
from peers.certificates import Certificate
from peers.kamailio import Kamailio, Rules
from peers.nameserver import Nameserver
from serving import Serving
from trunks.conftest import Sent, are, fetched

AT_THE_PROVIDER = "493023125100"
LINE_SECONDS = 60


@dataclass
class Site:
    """A server with lines, and all that they lead to."""

    serving: Serving
    asterisk: Asterisk
    kamailio: Kamailio
    port: int

    def wait_for_line(self, line: str, said: str) -> None:
        """Until the line process said so of it."""
        deadline = time.monotonic() + LINE_SECONDS
        while not re.search(rf'^{{"line": "{line}", .*{said}', self.serving.log.read_text(), re.MULTILINE):
            assert time.monotonic() < deadline, f"{line}: {said}\n{self.serving.log.read_text()[-6000:]}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def site(asterisk: Asterisk, sip_certificate: Certificate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("ways")
    with ExitStack() as stack:
        block = stack.enter_context(ports.block(3))
        port, dead = block[0], block[2]
        rules = Rules({AT_THE_PROVIDER: "geheim"}, asterisk.port)
        kamailio = stack.enter_context(Kamailio.running(rules, sip_certificate))
        server = stack.enter_context(
            Nameserver.running(
                folder,
                f"srv-host=_sip._udp.carrier.example,dead.example,{dead},1,1",
                f"srv-host=_sip._udp.carrier.example,alive.example,{asterisk.port},2,1",
                f"srv-host=_sip._tcp.carrier.example,dead.example,{dead},1,1",
                f"srv-host=_sip._tcp.carrier.example,alive.example,{asterisk.port},2,1",
                f"srv-host=_sips._tcp.tls.example,alive.example,{asterisk.tls_port},1,1",
                *(f"host-record={name}.example,127.0.0.1" for name in ("dead", "alive", "other")),
            )
        )
        serving = Serving(
            folder / "data",
            DEPESCHE_LINES__PORT=str(port),
            DEPESCHE_LINES__NAMESERVER=server.place,
            DEPESCHE_LINES__AUTHORITIES=str(sip_certificate.file),
            DEPESCHE_DISPATCH__FAX_CALLS="40",
        )
        serving.start()
        _add_lines(folder, asterisk, kamailio)
        yield Site(serving, asterisk, kamailio, port)
        assert serving.stop() == 0


def _add_lines(folder: Path, asterisk: Asterisk, kamailio: Kamailio) -> None:
    local, secure = f"127.0.0.1:{asterisk.port}", {"transport": Transport.TLS}
    registers, tcp = {"register": True}, {"transport": Transport.TCP}
    values: dict[str, tuple[str, str, dict[str, Any]]] = {
        "udp1": ("carrier.example", "fax", {}),
        "tcp2": ("carrier.example", "fax", tcp),
        "tls3": ("tls.example", "fax", secure),
        "six4": (f"[::1]:{asterisk.port}", "six", {}),
        "secret5": (local, "secret", registers),
        "sha6": (local, "sha256", registers | tcp),
        "provider7": (f"127.0.0.1:{kamailio.port}", AT_THE_PROVIDER, registers | tcp | {"caller": Caller.FROM}),
        "onward8": (local, "fax", {"follow_redirects": True}),
        "strict9": (local, "fax", {}),
        "wrong0": (f"other.example:{asterisk.tls_port}", "fax", secure),
        "blind": (f"other.example:{asterisk.tls_port}", "fax", secure | {"verify": False}),
        "stranger": (f"127.0.0.1:{kamailio.port}", "nobody", registers),
        "nowhere": ("nowhere.example", "fax", {}),
    }

    async def add() -> None:
        async with open_house(Settings(data=folder / "data")) as house:
            await fill(house)

    async def fill(house: House) -> None:
        for name, (place, user, more) in values.items():
            host, port = split(place)
            code = name[-1] if name[-1].isdigit() else "99"
            given: dict[str, Any] = {"register": False, "caller": Caller.ASSERTED, "channels": 20} | more
            line = Line(
                name,
                f"[{host}]" if ":" in host else host,
                port,
                user=user,
                numbers=(f"+{AT_THE_PROVIDER}",),
                routes=(Route(f"+493023125{code}"),),
                **given,
            )
            await lines.add(house, "test", line, "geheim")
        await accounts.change(house, "test", "10001", {"sandbox": False})

    asyncio.run(add())


def test_faxes_find_their_way(site: Site, tmp_path: Path) -> None:
    page = fax_page()
    tiff = picture("TIFF", page, compression="group4", dpi=(204, 196))
    sent = Sent(site.serving)
    ways = {
        "past a server that is silent": ("1", Way.FAX),
        "past a server that is not there": ("2", Way.FAX),
        "TLS": ("3", Way.FAX),
        "IPv6": ("4", Way.FAX),
        "registered": ("5", Way.FAX),
        "registered by TCP, SHA-256": ("6", Way.FAX),
        "through a provider": ("7", Way.FAX),
        "sent on": ("8", Way.ELSEWHERE),
        "sent to another host": ("8", Way.STRAYING),
        "sent in circles": ("8", Way.CIRCLE),
        "sent on against the line's will": ("9", Way.ELSEWHERE),
        "wrong certificate": ("0", Way.FAX),
    }
    for line in ("secret5", "sha6", "provider7", "tls3", "six4", "blind"):
        site.wait_for_line(line, '"up": true')
    for line, why in (
        ("wrong0", "not for other.example"),
        ("stranger", "401 Unauthorized"),
        ("nowhere", "there is no host nowhere.example"),
    ):
        site.wait_for_line(line, f'"up": false, .*{why}')
    assert site.asterisk.registered("secret")
    assert site.asterisk.registered("sha256")
    assert len(site.kamailio.registered(AT_THE_PROVIDER)) == 1
    for name, (code, way) in ways.items():
        sent.order(name, f"+493023125{code}{len(sent.jobs):02}{way.value}", tiff)
    source = tmp_path / "source.tif"
    source.write_bytes(tiff)
    orders = [
        site.asterisk.send(source, uri, trunk, caller=caller)
        for uri, trunk, caller in (
            (site.kamailio.uri(AT_THE_PROVIDER), "fax", "+493023125771"),
            (f"sip:+{AT_THE_PROVIDER}@[::1]:{site.port}", "six", "+493023125772"),
            (f"sip:+{AT_THE_PROVIDER}@127.0.0.1:{site.port};transport=tcp", "fax", "+493023125773"),
        )
    ]
    assert {name: sent.result(name)["SendResult"] for name in ways} == {
        **dict.fromkeys(list(ways)[:8], "OK"),
        **dict.fromkeys(list(ways)[8:], "Call failed"),
    }
    assert [site.asterisk.sent(order).status for order in orders] == ["SUCCESS"] * 3
    callers = []
    for _ in orders:
        fax, got = fetched(site.serving)
        assert are(got, [page])
        callers.append(fax["Originator"])
    assert sorted(callers) == ["+493023125771", "+493023125772", "+493023125773"]
