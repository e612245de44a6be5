"""Certificates for tests, made on the spot: good ones, and every kind of wrong one."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
DAY = dt.timedelta(days=1)


class Issued:
    """A certificate with its key, and how to reach its issuer."""

    def __init__(self, certificate: x509.Certificate, key: Any, issuer: "Issued | None") -> None:
        self.certificate = certificate
        self.key = key
        self.issuer = issuer

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def spki(self) -> bytes:
        return self.certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def pin(self) -> bytes:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(self.spki)
        return digest.finalize()

    @property
    def chain(self) -> list["Issued"]:
        """From this certificate up to, and with, its root."""
        return [self] if self.issuer is None else [self, *self.issuer.chain]

    def issue(self, name: str, **details: Any) -> "Issued":
        return make(name, issuer=self, **details)

    def write(self, folder: Path, name: str, sent: Sequence["Issued"] | None = None) -> Path:
        """Write key and certificates as a server loads them; by default what stands below the root."""
        chain = list(sent) if sent is not None else [item for item in self.chain if item.issuer is not None] or [self]
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        path = folder / f"{name}.pem"
        path.write_text(key + "".join(item.pem for item in chain))
        return path


def new_key(kind: str = "ec") -> Any:
    """A fresh key; RSA sizes are given as ``rsa1024``."""
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, int(kind[3:]))


def make(
    name: str,
    *,
    issuer: Issued | None = None,
    ca: bool = False,
    hosts: Sequence[str] = (),
    start: dt.datetime = NOW - 30 * DAY,
    end: dt.datetime = NOW + 60 * DAY,
    key: Any = None,
    padding: int = 0,
    digest: Any = None,
) -> Issued:
    """Make a certificate; without an issuer a self-signed one."""
    key = key or new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if hosts:
        names: list[x509.GeneralName] = []
        for host in hosts:
            try:
                names.append(x509.IPAddress(ipaddress.ip_address(host)))
            except ValueError:
                names.append(x509.DNSName(host))
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if padding:
        oid = x509.ObjectIdentifier("1.3.6.1.4.1.55555.1")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, b"\0" * padding), critical=False)
    signer = issuer.key if issuer is not None else key
    return Issued(builder.sign(signer, digest or hashes.SHA256()), key, issuer)


def authority(name: str, issuer: Issued | None = None, **details: Any) -> Issued:
    """Make a CA: a root, or an intermediate when there is an issuer."""
    return make(name, issuer=issuer, ca=True, **{"end": NOW + 3650 * DAY, **details})
