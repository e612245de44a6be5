"""The zoo: one server for each kind that the prober was designed against, with what must come of asking it."""

import ssl
from pathlib import Path
from typing import NamedTuple

from tests.live import servers
from tests.live.pki import DAY, NOW, Issued, authority, make, new_key
from tests.live.servers import Handler

HOST = "api.shop.test"
SMALL_BYTES, LARGE_BYTES = 92_000, 157_000
"""Padding of leaves below and above what OpenSSL takes as a message with certificates (100 KB)."""


NAMES = (
    "good", "expired", "not yet valid", "self-signed", "wrong host", "untrusted root", "leaf only", "root sent",
    "misordered", "duplicates", "52 certificates", "RSA 1024", "a leaf of 92 KB", "TLSv1 only", "TLSv1_2 only",
    "TLSv1_3 only", "SNI required", "SNI switch", "no such SNI", "IPv6", "client certificate, TLS 1.3",
    "client certificate, TLS 1.2", "flood afterwards", "no secure renegotiation", "a leaf of 157 KB",
    "252 certificates", "silent", "drip", "stall midway", "closes", "resets", "HTTP", "SSH", "16 MB claim",
    "HelloRequest flood", "alert flood",
)  # fmt: skip
"""Of all rows, in their order."""


class Row(NamedTuple):
    """A server and the outcome."""

    name: str
    handler: Handler
    certificates: tuple[bytes, ...] = ()
    """In the order sent; empty for a server that leads to an error."""
    kinds: tuple[str, ...] = ()
    """The errors of which it may be one."""
    partial: bool = False
    """The handshake fails after the certificates were seen."""
    renegotiation: bool | None = None
    """Whether RFC 5746 is spoken, where the row is about it."""
    address: str = "127.0.0.1"
    host: str = HOST


def rows(folder: Path) -> list[Row]:
    """Make the certificates in a folder and return the servers."""
    return [*_behaving(folder), *_misbehaving(folder)]


def _behaving(folder: Path) -> list[Row]:
    root = authority("Root")
    intermediate = authority("Intermediate", root)
    leaf = intermediate.issue("leaf", hosts=[HOST])
    good = leaf.write(folder, "good")
    sent = (leaf.der, intermediate.der)
    found: list[Row] = []

    def chain(name: str, *items: Issued) -> None:
        path = items[0].write(folder, name, list(items))
        found.append(Row(name, servers.tls(path), tuple(item.der for item in items)))

    chain("good", leaf, intermediate)
    chain("expired", intermediate.issue("past", hosts=[HOST], start=NOW - 90 * DAY, end=NOW - DAY), intermediate)
    chain("not yet valid", intermediate.issue("next", hosts=[HOST], start=NOW + DAY, end=NOW + 90 * DAY), intermediate)
    chain("self-signed", make("alone", hosts=[HOST]))
    chain("wrong host", intermediate.issue("other", hosts=["other.test"]), intermediate)
    chain("untrusted root", make("nowhere", issuer=authority("Nowhere"), hosts=[HOST]))
    chain("leaf only", leaf)
    chain("root sent", leaf, intermediate, root)
    chain("misordered", leaf, root, intermediate)
    chain("duplicates", leaf, intermediate, intermediate, leaf)
    chain("52 certificates", leaf, *[intermediate] * 51)
    chain("RSA 1024", intermediate.issue("short", hosts=[HOST], key=new_key("rsa1024")), intermediate)
    chain("a leaf of 92 KB", intermediate.issue("large", hosts=[HOST], padding=SMALL_BYTES))
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        found.append(Row(f"{version.name} only", servers.tls(good, minimum=version, maximum=version), sent))
    second = intermediate.issue("second", hosts=["b.test"])
    names = {HOST: good, "b.test": second.write(folder, "second")}
    switch = servers.tls(names["b.test"], by_name=names)
    found += [
        Row("SNI required", switch, sent),
        Row("SNI switch", switch, (second.der, intermediate.der), host="b.test"),
        Row("no such SNI", switch, kinds=("tls",), host="c.test"),
        Row("IPv6", servers.tls(good), sent, address="::1"),
        Row("client certificate, TLS 1.3", servers.tls(good, wants_client=True), sent),
        Row("client certificate, TLS 1.2", servers.tls12_with_client_certificate(good), sent, partial=True),
        Row("flood afterwards", servers.tls(good, afterwards=b"x" * 16_000), sent),
    ]
    plain = intermediate.issue("plain", hosts=[HOST], key=new_key("rsa2048"))
    handler = servers.without_renegotiation_info(plain.write(folder, "plain"))
    found.append(Row("no secure renegotiation", handler, (plain.der, intermediate.der), renegotiation=False))
    return found


def _misbehaving(folder: Path) -> list[Row]:
    root = authority("Root")
    huge = root.issue("huge", hosts=[HOST], padding=LARGE_BYTES).write(folder, "huge")
    leaf = root.issue("many", hosts=[HOST])
    many = leaf.write(folder, "many", [leaf, *[authority("Wide", padding=300)] * 251])
    good = leaf.write(folder, "stalling")
    return [
        Row("a leaf of 157 KB", servers.tls(huge), kinds=("tls",)),
        Row("252 certificates", servers.tls(many), kinds=("tls",)),
        Row("silent", servers.silent, kinds=("timeout",)),
        Row("drip", servers.dripping, kinds=("timeout",)),
        Row("stall midway", servers.stalling(good), kinds=("timeout",)),
        Row("closes", servers.closing, kinds=("closed",)),
        Row("resets", servers.resetting, kinds=("reset",)),
        Row("HTTP", servers.saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), kinds=("tls",)),
        Row("SSH", servers.saying(b"SSH-2.0-OpenSSH_9.2\r\n"), kinds=("tls",)),
        Row("16 MB claim", servers.claiming_much, kinds=("tls",)),
        Row("HelloRequest flood", servers.endless(servers.HELLO_REQUEST), kinds=("too-much",)),
        Row("alert flood", servers.endless(servers.WARNING_ALERT), kinds=("tls", "too-much")),
    ]
