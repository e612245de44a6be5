"""Certificates made for a test: every field as the test wants it, small keys that are fast to make."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, PrivateKeyTypes
from cryptography.x509.oid import NameOID

from analyzer.x509.certificate import Certificate, read_certificate

AS_OF = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
START = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2035, 1, 1, tzinfo=dt.UTC)


@lru_cache
def key(label: str = "") -> ec.EllipticCurvePrivateKey:
    """One key per label."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Made:
    """A certificate and the key that it is for."""

    certificate: Certificate
    key: PrivateKeyTypes
    name: x509.Name

    @property
    def der(self) -> bytes:
        return self.certificate.der

    @property
    def pem(self) -> bytes:
        return pem_of(self.der)


def pem_of(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)


def name(common_name: str, organisation: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organisation is not None:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(attributes)


def make(
    subject: str | x509.Name,
    issuer: Made | None = None,
    *,
    ca: bool | None = False,
    path_length: int | None = None,
    not_before: dt.datetime = START,
    not_after: dt.datetime = END,
    hosts: Sequence[str] = (),
    for_key: PrivateKeyTypes | None = None,
    usages: Sequence[x509.ObjectIdentifier] | None = None,
    signs: bool | None = None,
    permitted: Sequence[str] = (),
    excluded: Sequence[str] = (),
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
    signed_with: PrivateKeyTypes | None = None,
    issuer_name: x509.Name | None = None,
) -> Made:
    """Make a certificate signed by `issuer`, or by itself."""
    subject_name = name(subject) if isinstance(subject, str) else subject
    own = for_key or key(str(subject_name.rfc4514_string()))
    signing = signed_with or (issuer.key if issuer is not None else own)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject_name)
        .issuer_name(issuer_name or (issuer.name if issuer is not None else subject_name))
        .public_key(own.public_key())  # type: ignore[arg-type]
        .serial_number(1 + abs(hash((str(subject), str(issuer_name), not_after))))
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    if ca is not None and (ca or path_length is not None):
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(host) for host in hosts]), critical=False)
    if usages is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if signs is not None:
        builder = builder.add_extension(_key_usage(signs), critical=True)
    if permitted or excluded:
        builder = builder.add_extension(
            x509.NameConstraints(
                [_constraint(text) for text in permitted] or None, [_constraint(text) for text in excluded] or None
            ),
            critical=True,
        )
    for extension, critical in more:
        builder = builder.add_extension(extension, critical=critical)
    made = builder.sign(_issuing(signing), hashes.SHA256())
    return Made(read_certificate(made.public_bytes(serialization.Encoding.DER)), own, subject_name)


def _issuing(private: PrivateKeyTypes) -> CertificateIssuerPrivateKeyTypes:
    return private  # type: ignore[return-value]


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _constraint(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_network(text))
    except ValueError:
        return x509.DNSName(text)


def _key_usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs, crl_sign=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
