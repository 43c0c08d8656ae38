"""Whom an Asterisk speaks with, and how: pjsip.conf."""

import resource
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from peers.certificates import Certificate

Section = tuple[str, dict[str, str]]
"""Name and settings; several may have one name."""


@dataclass(frozen=True)
class Trunk:
    """Somebody whom Asterisk speaks with, known by the user in From or in the credentials."""

    name: str
    password: str = ""
    """If there is one it is asked for, at calls and at REGISTER, and given to others who ask."""

    algorithm: Literal["MD5", "SHA-256"] = "MD5"
    laws: str = "alaw,ulaw"
    """G.711, best first."""

    t38: Literal["redundancy", "fec", "none"] | None = "redundancy"
    """Its error correction; None: a request for T.38 is refused with 488."""

    timers: Literal["no", "yes", "required", "always"] = "yes"
    """RFC 4028; with "always" sessions last 90 seconds."""

    reliable: Literal["no", "yes", "required"] = "yes"
    """RFC 3262: provisional answers that want a PRACK."""

    host: Literal["127.0.0.1", "::1"] = "127.0.0.1"
    """Of its media."""

    registrar: str = ""
    """A SIP URI without a user, at which Asterisk registers with this name."""

    @property
    def sections(self) -> Iterator[Section]:
        """What pjsip.conf says of it."""
        yield self.name, self._endpoint()
        yield self.name, {"type": "aor", "max_contacts": "10", "remove_existing": "yes", "minimum_expiration": "1"}
        if self.password:
            yield f"{self.name}-auth", self._auth()
        if self.registrar:
            yield f"{self.name}-registration", self._registration()

    def _endpoint(self) -> dict[str, str]:
        settings = {
            "type": "endpoint",
            "context": "numbers",
            "aors": self.name,
            "disallow": "all",
            "allow": self.laws,
            "direct_media": "no",
            "rtp_symmetric": "yes",
            "force_rport": "yes",
            "rewrite_contact": "yes",
            "rtp_ipv6": "yes" if ":" in self.host else "no",
            "media_address": self.host,
            "bind_rtp_to_media_address": "yes",
            "t38_bind_udptl_to_media_address": "yes",
            "t38_udptl_ipv6": "yes" if ":" in self.host else "no",
            "t38_udptl": "yes" if self.t38 else "no",
            "t38_udptl_ec": self.t38 or "none",
            "t38_udptl_maxdatagram": "400",
            "timers": self.timers,
            "timers_min_se": "90",
            "timers_sess_expires": "90" if self.timers == "always" else "1800",
            "100rel": self.reliable,
        }
        if self.password:
            settings |= {"auth": f"{self.name}-auth", "outbound_auth": f"{self.name}-auth"}
        return settings

    def _auth(self) -> dict[str, str]:
        settings = {"type": "auth", "auth_type": "userpass", "username": self.name, "password": self.password}
        if self.algorithm != "MD5":  # unknown before Asterisk 22.2
            settings |= {"supported_algorithms_uas": self.algorithm, "supported_algorithms_uac": self.algorithm}
        return settings

    def _registration(self) -> dict[str, str]:
        scheme, _, place = self.registrar.partition(":")
        return {
            "type": "registration",
            "outbound_auth": f"{self.name}-auth",
            "server_uri": self.registrar,
            "client_uri": f"{scheme}:{self.name}@{place}",
            "contact_user": self.name,
            "retry_interval": "1",
            "forbidden_retry_interval": "1",
            "max_random_initial_delay": "0",
            "max_retries": "100",
            "expiration": "600",
        }


TRUNKS = (
    Trunk("fax"),
    Trunk("fec", t38="fec"),
    Trunk("bare", t38="none"),
    Trunk("audio", t38=None),
    Trunk("alaw", t38=None, laws="alaw"),
    Trunk("ulaw", t38=None, laws="ulaw"),
    Trunk("secret", password="geheim"),
    Trunk("sha256", password="geheim", algorithm="SHA-256"),
    Trunk("timed", timers="always"),
    Trunk("reliable", reliable="required"),
    Trunk("six", host="::1"),
)

TRANSPORTS = (
    ("udp", "udp", "127.0.0.1"),
    ("tcp", "tcp", "127.0.0.1"),
    ("udp6", "udp", "[::1]"),
    ("tcp6", "tcp", "[::1]"),
)
"""Name, protocol and host."""

STRANGER = Trunk("anonymous")
"""How Asterisk treats whoever has no name of these."""


def settings(trunks: Sequence[Trunk], port: int, tls_port: int, certificate: Certificate | None) -> str:
    """A pjsip.conf."""
    sections: list[Section] = [
        ("global", {"type": "global", "endpoint_identifier_order": "auth_username,username,anonymous"}),
        ("system", {"type": "system", "disable_rport": "no", "threadpool_initial_size": "2"}),
    ]
    for name, protocol, host in TRANSPORTS:
        sections.append((name, {"type": "transport", "protocol": protocol, "bind": f"{host}:{port}"}))
    if certificate:
        sections.append(("tls", _tls(tls_port, certificate)))
    for trunk in (*trunks, STRANGER):
        sections += trunk.sections
    return "".join(map(_text, sections))


def _tls(port: int, certificate: Certificate) -> dict[str, str]:
    return {
        "type": "transport",
        "protocol": "tls",
        "bind": f"127.0.0.1:{port}",
        "method": "tlsv1_2",
        "cert_file": str(certificate.file),
        "priv_key_file": str(certificate.key),
        "ca_list_file": str(certificate.file),
        "verify_server": "yes",
    }


def _text(section: Section) -> str:
    name, settings = section
    lines = (f"{key}={value}\n".replace(";", "\\;") for key, value in settings.items())  # or they end there
    return f"[{name}]\n{''.join(lines)}\n"


def main(settings: Path, unpacked: Path, state: Path, verbose: int) -> str:
    """An asterisk.conf: its programs from where they lie, and all that it writes in one folder."""
    modules = next(unpacked.glob("usr/lib/*/asterisk/modules"), unpacked)
    places = {
        "astetcdir": settings,
        "astmoddir": modules,
        "astdatadir": unpacked / "usr/share/asterisk",
        "astagidir": unpacked / "usr/share/asterisk/agi-bin",
        "astsbindir": unpacked / "usr/sbin",
        "astvarlibdir": state,
        "astdbdir": state,
        "astkeydir": state,
        "astrundir": state,
        "astspooldir": state / "spool",
        "astlogdir": state / "log",
    }
    lines = "".join(f"{name} => {place}\n" for name, place in places.items())
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # a call has half a dozen
    return f"[directories]\n{lines}[options]\nverbose = {verbose}\nmaxfiles = {files}\n"
