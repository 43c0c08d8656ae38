"""Certificates that openssl(1) makes: good ones, but of an authority that nobody has heard of."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """A certificate that signed itself, and its key, in files."""

    file: Path
    key: Path

    @property
    def server(self) -> ssl.SSLContext:
        """What a server with it needs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


def make(folder: Path, *names: str, days_ago: int = 0) -> Certificate:
    """For these names, each ``DNS:`` or ``IP:``, and two days."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=Depesche test", "-addext", f"subjectAltName={','.join(names)}"]
    if days_ago:
        command = ["faketime", f"{days_ago} days ago", *command]
    subprocess.run([*command, "-keyout", made.key, "-out", made.file], check=True, capture_output=True)
    return made
