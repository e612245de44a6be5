"""Make the recorded chains of this sample, its trust store, and its network security configuration.

Keys follow from names, so that the pins stay when the chains are made again; signatures differ each time.
"""

import base64
import datetime as dt
import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

HERE = Path(__file__).resolve().parent
DOMAIN = "live.example.com"
RECORDED = "2026-10-20T05:00:00Z"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def key(name: str) -> ec.EllipticCurvePrivateKey:
    """Return the key of a name."""
    number = int.from_bytes(hashlib.sha256(f"live-chains {name}".encode()).digest(), "big")
    return ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())


def pin(name: str) -> str:
    """Return the pin of a name's key."""
    spki = key(name).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def certificate(name: str, issuer: str, start: str, end: str, *, host: str | None = None) -> x509.Certificate:
    """Issue a certificate: of an authority, or of a host."""
    subject, signer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer))
    builder = (
        x509.CertificateBuilder(signer, subject, key(name).public_key())
        .serial_number(int.from_bytes(hashlib.sha256(f"{name} {issuer} {start}".encode()).digest()[:12], "big"))
        .not_valid_before(dt.datetime.fromisoformat(start))
        .not_valid_after(dt.datetime.fromisoformat(end))
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
    )
    if host is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return builder.sign(key(issuer), hashes.SHA256())


def main() -> None:
    """Write everything."""
    root = certificate("Sample Root", "Sample Root", "2020-01-01", "2040-01-01")
    other = certificate("Other Root", "Other Root", "2020-01-01", "2040-01-01")
    authority = certificate("Sample CA 1", "Sample Root", "2025-01-01", "2028-03-01")
    extra = certificate("Extra CA", "Other Root", "2025-01-01", "2028-03-01")
    (HERE / "roots.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in (root, other)))
    sets: dict[str, tuple[tuple[str, ...], str]] = {}

    def record(
        label: str,
        pins: tuple[str, ...],
        *,
        expires: str = "2027-09-30",
        start: str = "2026-09-10",
        end: str = "2026-12-09",
        sent: tuple[x509.Certificate, ...] = (authority,),
    ) -> x509.Certificate:
        host = f"{label}.{DOMAIN}"
        leaf = certificate(host, "Sample CA 1", start, end, host=host)
        head = (
            f"# pinned-chain 1\n# host: {host}\n# port: 443\n# sni: {host}\n# recorded: {RECORDED}\n# tls: TLSv1.3\n\n"
        )
        body = b"".join(one.public_bytes(Encoding.PEM) for one in (leaf, *sent))
        (HERE / "chains" / f"{host}_443.pem").write_bytes(head.encode() + body)
        sets[host] = (pins, expires)
        return leaf

    record("api", (pin("Sample CA 1"), pin("backup")))
    record("moved", (pin("old"), pin("older")))
    record("short", (pin(f"short.{DOMAIN}"), pin("backup")), start="2026-10-30", end="2026-11-05")
    record("extra", (pin("Extra CA"), pin("backup")), sent=(authority, extra))
    record("expired", (pin("Sample CA 1"), pin("backup")), expires="2026-06-30")
    record("partly", (pin("Sample Root"), pin("Other Root")), sent=())
    leaf = record("cert", ())
    whole = base64.b64encode(hashlib.sha256(leaf.public_bytes(Encoding.DER)).digest()).decode()
    sets[f"cert.{DOMAIN}"] = ((whole, pin("backup")), "2027-09-30")
    sets[f"gone.{DOMAIN}"] = ((pin("Sample Root"), pin("backup")), "2027-09-30")
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<!-- Made by make_chains.py. -->", "<network-security-config>"]
    lines.append('    <base-config cleartextTrafficPermitted="false" />')
    for host, (pins, expires) in sorted(sets.items()):
        lines += [
            "    <domain-config>",
            f"        <domain>{host}</domain>",
            f'        <pin-set expiration="{expires}">',
        ]
        lines += [f'            <pin digest="SHA-256">{value}</pin>' for value in pins]
        lines += ["        </pin-set>", "    </domain-config>"]
    (HERE / "res" / "xml" / "network_security_config.xml").write_text(
        "\n".join([*lines, "</network-security-config>", ""])
    )


if __name__ == "__main__":
    main()
