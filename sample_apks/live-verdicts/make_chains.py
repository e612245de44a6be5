"""Make what the hosts of this sample present, its trust stores, its policy, and the files of `live-key-store`.

Keys of authorities and hosts follow from their names, so that pins stay when the chains are made again; signatures
differ each time. Two RSA keys are kept in files beside this script; they protect nothing.
"""

import base64
import datetime as dt
import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

HERE = Path(__file__).resolve().parent
KEY_STORE = HERE.with_name("live-key-store")
DOMAIN = "verdicts.example.com"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_RSA = {f"weak.{DOMAIN}": ("weak-key.pem", 1024), f"plain.{DOMAIN}": ("plain-key.pem", 2048)}
ISRG_X1 = "C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M="
DST_X3 = "Vjs8r4z+80wjNcr1YKepWQboSIRi63WsWXhIMN+eWys="
ZEROS = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
LATER = "2027-09-30"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def key(name: str) -> Key:
    """Return the key of a name."""
    if name in _RSA:
        file, bits = _RSA[name]
        path = HERE / file
        if not path.exists():
            made = rsa.generate_private_key(65537, bits)
            path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        read = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(read, rsa.RSAPrivateKey)
        return read
    number = int.from_bytes(hashlib.sha256(f"live-verdicts {name}".encode()).digest(), "big")
    return ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())


def pin(name: str) -> str:
    """Return the pin of a name's key."""
    spki = key(name).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def digest(one: x509.Certificate) -> bytes:
    """Return the digest of a certificate as a whole."""
    return hashlib.sha256(one.public_bytes(Encoding.DER)).digest()


def certificate(
    name: str, issuer: str, start: str, end: str, *, host: str | None = None, key_name: str | None = None
) -> x509.Certificate:
    """Issue a certificate: of an authority, or of a host; `key_name` when its key is not that of its name."""
    subject, signer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer))
    builder = (
        x509.CertificateBuilder(signer, subject, key(key_name or name).public_key())
        .serial_number(int.from_bytes(hashlib.sha256(f"{name} {issuer} {start}".encode()).digest()[:12], "big"))
        .not_valid_before(dt.datetime.fromisoformat(start))
        .not_valid_after(dt.datetime.fromisoformat(end))
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
    )
    if host is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return builder.sign(key(issuer), hashes.SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    """Return certificates as a bundle."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


class _Policy:
    """Collects the domain-configs of the network security configuration."""

    def __init__(self) -> None:
        self._configs: dict[str, list[str]] = {}

    def add(
        self,
        host: str,
        pins: tuple[str, ...],
        expires: str,
        *,
        inside: str = "",
        attributes: str = "",
        subdomains: bool = False,
    ) -> None:
        covered = ' includeSubdomains="true"' if subdomains else ""
        lines = [f"    <domain-config{attributes}>", f"        <domain{covered}>{host}</domain>"]
        lines += [f"        {inside}"] if inside else []
        if pins:
            lines += [f'        <pin-set expiration="{expires}">']
            lines += [f'            <pin digest="SHA-256">{value}</pin>' for value in pins]
            lines += ["        </pin-set>"]
        self._configs[host] = [*lines, "    </domain-config>"]

    def text(self) -> str:
        lines = ['<?xml version="1.0" encoding="utf-8"?>', "<!-- Made by make_chains.py. -->"]
        lines += ["<network-security-config>", '    <base-config cleartextTrafficPermitted="false" />']
        for host in sorted(self._configs):
            lines += self._configs[host]
        return "\n".join([*lines, "</network-security-config>", ""])


def main() -> None:
    """Write everything."""
    root = certificate("Verdicts Root", "Verdicts Root", "2020-01-01", "2040-01-01")
    one = certificate("Verdicts CA 1", "Verdicts Root", "2025-01-01", "2029-03-01")
    two = certificate("Verdicts CA 2", "Verdicts Root", "2025-01-01", "2029-03-01")
    ending = certificate("Ending CA", "Verdicts Root", "2024-01-01", "2026-11-20")
    retiring = certificate("Retiring CA", "Verdicts Root", "2024-01-01", "2026-12-20")
    unsent = certificate("Unsent CA", "Verdicts Root", "2025-01-01", "2029-03-01")
    stored = certificate("Stored CA", "Verdicts Root", "2025-01-01", "2029-03-01")
    young = certificate("Young Root", "Young Root", "2024-01-01", "2040-01-01")
    cross = certificate("Young Root", "Verdicts Root", "2024-01-01", "2027-03-01")
    below = certificate("Young CA", "Young Root", "2025-01-01", "2029-03-01")
    unused = certificate("Unused CA", "Young Root", "2025-01-01", "2029-03-01")
    nowhere = certificate("Nowhere CA", "Nowhere Root", "2025-01-01", "2029-03-01")
    private = certificate("Private Root", "Private Root", "2020-01-01", "2040-01-01")
    (HERE / "old-roots.pem").write_bytes(pem(root, stored))
    (HERE / "new-roots.pem").write_bytes(pem(root, young))
    (HERE / "res" / "raw" / "private_root.pem").write_bytes(pem(private))
    (KEY_STORE / "res" / "raw" / "private_root.pem").write_bytes(pem(private))
    policy = _Policy()

    def present(
        label: str,
        issuer: str = "Verdicts CA 1",
        sent: tuple[x509.Certificate, ...] = (one,),
        *,
        start: str = "2026-09-10",
        end: str = "2026-12-09",
        host: str | None = None,
        recorded: str = "2026-10-20T05:00:00Z",
        folder: str = "chains",
        key_name: str | None = None,
    ) -> x509.Certificate:
        """Write what a host presents."""
        name = f"{label}.{DOMAIN}"
        leaf = certificate(name, issuer, start, end, host=host or name, key_name=key_name)
        head = (
            f"# pinned-chain 1\n# host: {name}\n# port: 443\n# sni: {name}\n# recorded: {recorded}\n# tls: TLSv1.3\n\n"
        )
        (HERE / folder / f"{name}_443.pem").write_bytes(head.encode() + pem(leaf, *sent))
        return leaf

    def demand(label: str, *pins: str, expires: str = LATER, **details: str | bool) -> None:
        """Let the policy pin a host."""
        policy.add(f"{label}.{DOMAIN}", pins, expires, **details)  # type: ignore[arg-type]

    ca, backup = pin("Verdicts CA 1"), pin("backup")
    for label in ("fine", "alias", "soon", "client", "old", "plain", "weak", "drift-key", "next"):
        demand(label, ca, ISRG_X1)
    for label in ("fine", "single", "no-backup", "anchor", "placeholder", "retired", "backup", "ended", "ended-moved"):
        present(label)
    for label in ("moved", "ends", "cleartext", "client", "old", "plain", "weak", "near-other", "private-public"):
        present(label)
    demand("moved", pin("gone"), pin("long gone"))
    demand("single", ca)
    demand("no-backup", ca, pin("Verdicts Root"))
    demand("anchor", pin("Verdicts Root"), ISRG_X1)
    demand("placeholder", ca, ZEROS)
    demand("retired", ca, DST_X3)
    demand("backup", ca, backup)
    demand("ended", ca, ISRG_X1, expires="2026-06-30")
    demand("ended-moved", pin("gone"), pin("long gone"), expires="2026-06-30")
    demand("ends", ca, ISRG_X1, expires="2026-11-20")
    demand("cleartext", ca, ISRG_X1, attributes=' cleartextTrafficPermitted="true"')
    demand("near-other", pin(f"fine.{DOMAIN}"), backup)
    near = present("near")
    demand("near", base64.b64encode(digest(near)).decode(), backup)
    present("alias", host=f"other.{DOMAIN}")
    present("soon", start="2026-08-20", end="2026-11-18")
    present("extra", sent=(one, unused))
    demand("extra", pin("Unused CA"), backup)
    for label in ("depends", "cross"):
        present(label, "Young CA", (below, cross))
    demand("depends", pin("Verdicts Root"), ISRG_X1)
    demand("cross", pin("Young Root"), ISRG_X1)
    for label, start, end in (
        ("key-long", "2026-06-01", "2027-07-01"),
        ("key", "2026-09-10", "2026-12-09"),
        ("key-short", "2026-10-30", "2026-11-06"),
    ):
        present(label, start=start, end=end)
        demand(label, pin(f"{label}.{DOMAIN}"), ISRG_X1)
    for label, issuer, sent in (("ending", "Ending CA", ending), ("retiring", "Retiring CA", retiring)):
        present(label, issuer, (sent,), end="2026-11-19", start="2026-08-21")
        demand(label, pin(issuer), ISRG_X1)
    present("past", start="2026-07-01", end="2026-09-29")
    demand("past", ca, ISRG_X1)
    present("next", start="2026-11-10", end="2027-02-08")
    present("nowhere", "Nowhere CA", (nowhere,))
    demand("nowhere", pin("Nowhere CA"), ISRG_X1)
    present("unsent", "Unsent CA", ())
    present("helper", "Unsent CA", (unsent,))
    present("stored", "Stored CA", ())
    for label, issuer in (("unsent", "Unsent CA"), ("helper", "Unsent CA"), ("stored", "Stored CA")):
        demand(label, pin(issuer), ISRG_X1)
    for label in ("silent", "closed", "http", "refused"):
        demand(label, ca, ISRG_X1)
    # Earlier looks at hosts that have changed something since.
    earlier = {"start": "2026-08-12", "end": "2026-12-10", "recorded": "2026-09-01T05:00:00Z", "folder": "before"}
    present("drift-issuer", "Verdicts CA 2", (two,), **earlier)
    demand("drift-issuer", pin("Verdicts Root"), ISRG_X1)
    present("drift-verdict", **earlier)
    demand("drift-verdict", ca, ISRG_X1)
    present("drift-verdict", "Verdicts CA 2", (two,))
    present("drift-issuer")
    present("drift-key")
    present("drift-key", key_name="the key before", **earlier)
    # Hosts of the app's own authority.
    own = '<trust-anchors><certificates src="@raw/private_root" /></trust-anchors>'
    override = '<trust-anchors><certificates src="@raw/private_root" overridePins="true" /></trust-anchors>'
    for label in ("private", "private-moved", "private-override"):
        present(label, "Private Root", ())
    demand("private", pin("Private Root"), ISRG_X1, inside=own)
    demand("private-moved", pin("gone"), pin("long gone"), inside=own)
    demand("private-override", pin("gone"), pin("long gone"), inside=override)
    demand("private-public", ca, ISRG_X1, inside=own)
    present("api.wild")
    demand("wild", ca, ISRG_X1, subdomains=True)
    present("port")
    demand("port", ca, ISRG_X1)
    # What code asks: one certificate as a whole here, hosts of a key store in the other sample.
    whole = present("cert")
    _write_pins(digest(whole))
    present("box", "Private Root", ())
    present("shop")
    (HERE / "res" / "xml" / "network_security_config.xml").write_text(policy.text())


def _write_pins(whole: bytes) -> None:
    path = HERE / "src" / "org" / "example" / "verdicts" / "Pins.java"
    path.write_text(
        "package org.example.verdicts;\n\n/** Made by make_chains.py. */\nfinal class Pins {\n"
        "    /** SHA-256 of the certificate of cert.verdicts.example.com as a whole. */\n"
        f'    static final String CERTIFICATE = "{whole.hex()}";\n\n    private Pins() {{\n    }}\n}}\n'
    )


if __name__ == "__main__":
    main()
