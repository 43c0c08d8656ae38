"""Where a host is: asked of a real DNS server."""

import asyncio
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from depesche.channels.fax.sip.flow import Address
from depesche.channels.fax.trunk.hops import Hops
from depesche.channels.fax.trunk.resolver import Resolver, Unknown, hosts
from depesche.model.line import Line, Transport
from peers.nameserver import Nameserver

RECORDS = (
    "srv-host=_sip._udp.carrier.example,a.carrier.example,5070,10,90",
    "srv-host=_sip._udp.carrier.example,b.carrier.example,5071,10,10",
    "srv-host=_sip._udp.carrier.example,c.carrier.example,5072,20,0",
    "srv-host=_sip._tcp.carrier.example,b.carrier.example,5073,0,0",
    "srv-host=_sips._tcp.carrier.example",
    "srv-host=_sip._udp.lost.example,nowhere.lost.example,5060,0,0",
    "srv-host=_sip._udp.half.example,nowhere.lost.example,5060,0,0",
    "srv-host=_sip._udp.half.example,a.carrier.example,5060,1,0",
    "host-record=a.carrier.example,192.0.2.1",
    "host-record=b.carrier.example,192.0.2.2,2001:db8::2",
    "host-record=c.carrier.example,192.0.2.3",
    "host-record=plain.example,192.0.2.9",
)


def places(resolver: Resolver, host: str, port: int = 0, transport: Transport = Transport.UDP) -> list[Address]:
    return asyncio.run(resolver.places(host, port, transport))


def test_a_host_is_where_its_records_say(tmp_path: Path) -> None:
    with Nameserver.running(tmp_path, *RECORDS) as server:
        resolver = Resolver(server.place)
        found = places(resolver, "carrier.example")
        a, b, c = ("192.0.2.1", 5070), [("2001:db8::2", 5071), ("192.0.2.2", 5071)], ("192.0.2.3", 5072)
        assert found in ([a, *b, c], [*b, a, c])
        assert places(resolver, "carrier.example", transport=Transport.TCP) == [
            ("2001:db8::2", 5073),
            ("192.0.2.2", 5073),
        ]
        assert places(resolver, "half.example") == [("192.0.2.1", 5060)]
        assert places(resolver, "plain.example", transport=Transport.TLS) == [("192.0.2.9", 5061)]
        assert places(resolver, "plain.example", 5099) == [("192.0.2.9", 5099)]
        assert places(resolver, "2001:db8::7") == [("2001:db8::7", 5060)]
        for host, transport, why in (
            ("carrier.example", Transport.TLS, "offers no SIP over TLS"),
            ("lost.example", Transport.UDP, "no host nowhere.lost.example"),
            ("nobody.example", Transport.UDP, "no host nobody.example"),
            ("a..b", Transport.UDP, "no DNS server answers"),
        ):
            with pytest.raises(Unknown, match=why):
                places(resolver, host, transport=transport)
        assert "SRV _sips._tcp.plain.example" in server.questions
        assert "SRV _sip._udp.plain.example" not in server.questions  # where there is a port nobody asks


def test_of_equal_priority_the_weight_decides(tmp_path: Path) -> None:
    with Nameserver.running(tmp_path, *RECORDS) as server:
        resolver = Resolver(server.place)

        async def many() -> list[Address]:
            return [(await resolver.places("carrier.example", 0, Transport.UDP))[0] for _ in range(400)]

        first = Counter(port for _, port in asyncio.run(many()))
    assert first[5072] == 0
    assert 320 <= first[5070] <= 398, first  # of 400, nine in ten
    assert first[5071] > 0


def test_answers_are_kept_for_their_time_and_the_last_ones_while_dns_is_away(tmp_path: Path) -> None:
    with Nameserver.running(tmp_path, *RECORDS, ttl=1) as server:
        resolver = Resolver(server.place, seconds=0.5)
        for _ in range(3):
            places(resolver, "plain.example", 5060)
        assert Counter(server.questions)["A plain.example"] == 1
        time.sleep(1.1)
        places(resolver, "plain.example", 5060)
        assert Counter(server.questions)["A plain.example"] == 2
    time.sleep(1.1)
    assert places(resolver, "plain.example", 5060) == [("192.0.2.9", 5060)]
    with pytest.raises(Unknown, match="no DNS server answers"):
        places(Resolver(server.place, seconds=0.5), "plain.example", 5060)


def test_this_machines_own_names_are_known(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(
        "127.0.0.1 localhost # ours\n::1 localhost ip6-localhost\n\nnonsense PBX\n192.0.2.5 pbx.local PBX\n"
    )
    assert hosts(file, "localhost") == ["127.0.0.1", "::1"]
    assert hosts(file, "pbx") == ["192.0.2.5"]
    assert hosts(file, "ours") == hosts(tmp_path / "none", "pbx") == []
    assert ("127.0.0.1", 5060) in places(Resolver(), "localhost")


def test_a_hop_that_failed_comes_last_for_a_while(tmp_path: Path) -> None:
    now = 0.0
    records: tuple[str, ...] = (
        "srv-host=_sip._udp.c.example,a.c.example,1,1,1",
        "srv-host=_sip._udp.c.example,b.c.example,2,2,1",
    )
    records += ("host-record=a.c.example,192.0.2.1,2001:db8::1", "host-record=b.c.example,192.0.2.2")
    with Nameserver.running(tmp_path, *records) as server:
        hops = Hops(Resolver(server.place), Line("c", "c.example"), lambda: now, lambda host: ":" not in host)
        asyncio.run(hops.look())
        a, b = ("192.0.2.1", 1), ("192.0.2.2", 2)
        assert hops.best == [a, b]
        assert hops.failed(a)
        assert hops.best == [b, a]
        assert not hops.failed(b)
        hops.worked(b)
        assert hops.best == [b, a]
        now = 200.0
        asyncio.run(hops.look())
        assert hops.best == [b, a]  # we are registered there
        assert hops.includes("192.0.2.1")
        assert not hops.includes("2001:db8::1")
        with pytest.raises(Unknown, match=re.escape("no way to c.example")):
            asyncio.run(Hops(Resolver(server.place), Line("c", "c.example"), lambda: now, lambda _: False).look())
