"""Certificates of servers that tests run, right and wrong ones."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """A certificate that nobody has signed but itself. `file`: key and certificate; `public`: the certificate alone, which a client trusts."""

    file: Path
    public: Path

    @property
    def context(self) -> ssl.SSLContext:
        """The context of a server that shows it."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.file)
        return made


def certificate(folder: Path, name: str = "a", *, host: str = "127.0.0.1", days: int = 1) -> Certificate:
    """A certificate for an address or a host, valid from two days ago until in some `days`; below 0: it is over."""
    key, who = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    known = x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    until = now + timedelta(days=days)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number(), now - timedelta(days=2), until)
        .add_extension(x509.SubjectAlternativeName([known]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    plain = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    found = Certificate(folder / f"{name}.pem", folder / f"{name}.public.pem")
    found.file.write_bytes(plain + public)
    found.public.write_bytes(public)
    return found
