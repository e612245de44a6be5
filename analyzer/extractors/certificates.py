"""Certificates, keys and key stores that come with an app, found by their content, and what uses them."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import msgspec

from analyzer.apk.app import OpenedApp
from analyzer.errors import TargetError
from analyzer.extractors.catalogue import Catalogue
from analyzer.extractors.certificate_facts import Group, certificate_facts
from analyzer.extractors.code.certificates import CertificateCode, CodeUse
from analyzer.extractors.code.owners import Owners
from analyzer.extractors.pin_objects import BundledCertificate, with_wrong_objects
from analyzer.extractors.policy_anchors import anchored_entries
from analyzer.model import AnalysisGap, CertificateFact, CertificateUse, Location, NetworkPolicy, PinFact
from analyzer.options import MIB
from analyzer.x509.certificate import Certificate
from analyzer.x509.contents import MAX_INPUT_BYTES, Contents, Item, read_contents
from analyzer.x509.pbe import Password, Work

_MARK = b"-----BEGIN "
_SKIPPED = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"OggS", b"ID3", b"\x00\x01\x00\x00\x00", b"OTTO", b"wOF", b"dex\n",
    b"PK\x03\x04",
)  # fmt: skip
"""How pictures, sounds, fonts, DEX files and archives begin; DEX files are read as code, archives are payloads."""
_SIGNATURE = re.compile(r"(?:^|!)META-INF/[^/]+\.(?:RSA|DSA|EC|SF|MF)$", re.IGNORECASE)
_NAMED = re.compile(r"\.(?:pem|crt|cer|der|key|p7b|p7c|p12|pfx|jks|bks|keystore|truststore|ca-bundle)$", re.IGNORECASE)
"""Names that promise a certificate: what cannot be read there is said, elsewhere it is no certificate at all."""
_TOTAL_BYTES = 512 * MIB
_MAX_FACTS = 4_000
_TAIL = 1 << 17
"""How much behind the last mark of a PEM block in a large file is read."""


class CertificateExtraction(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    certificates: tuple[CertificateFact, ...]
    pins: tuple[PinFact, ...]
    """The pins that were given, those marked that are another digest of a certificate than their mechanism's."""
    gaps: tuple[AnalysisGap, ...]


def extract_certificates(
    app: OpenedApp,
    catalogue: Catalogue,
    policy: NetworkPolicy,
    code: CertificateCode | None = None,
    pins: tuple[PinFact, ...] = (),
) -> CertificateExtraction:
    """Read every entry of an app, and what code holds, as far as they hold certificates, keys or key stores.

    Key stores and encrypted keys are tried with the empty password and with the constants that code hands to
    ``KeyStore.load``. `pins` are compared with the certificates.
    """
    return _Extraction(app, catalogue, policy, code or CertificateCode()).run(pins)


class _Extraction:
    def __init__(self, app: OpenedApp, catalogue: Catalogue, policy: NetworkPolicy, code: CertificateCode) -> None:
        self._app = app
        self._catalogue = catalogue
        self._code = code
        self._owners = Owners(app.info, catalogue.sdks)
        self._anchored = anchored_entries(app, policy)
        self._passwords = tuple(Password(text=one.text, source=f"a constant in {one.place}") for one in code.passwords)
        self._work = Work()
        self._facts: list[CertificateFact] = []
        self._bundled: dict[Certificate, str] = {}
        self._gaps: dict[AnalysisGap, None] = dict.fromkeys(code.gaps)
        self._by_entry: dict[str, list[CodeUse]] = {}
        self._by_content: dict[bytes, list[CodeUse]] = {}
        for use in code.uses:
            if use.entry is not None:
                self._by_entry.setdefault(use.entry, []).append(use)
            elif use.data is not None:
                self._by_content.setdefault(_key(use.data), []).append(use)

    def run(self, pins: tuple[PinFact, ...]) -> CertificateExtraction:
        for entry, data in self._entries():
            self._add_entry(entry, data)
        self._add_code()
        if self._work.spent:
            self._gap("passwords", "Not every password was tried on every key store: that takes too long.")
        if len(self._facts) > _MAX_FACTS:
            self._gap(f"{len(self._facts)} certificates and keys", f"Only the first {_MAX_FACTS} are listed.")
        return CertificateExtraction(
            certificates=tuple(self._facts[:_MAX_FACTS]),
            pins=with_wrong_objects(pins, (BundledCertificate(*one) for one in self._bundled.items()), self._catalogue),
            gaps=tuple(self._gaps),
        )

    # ---- files

    def _entries(self) -> Iterator[tuple[str, bytes]]:
        left = _TOTAL_BYTES
        own = {*self._app.dex_entries, self._app.manifest_entry}
        for entry in self._app.entries():
            if entry in own or entry.endswith(("/", "resources.arsc")) or _SIGNATURE.search(entry):
                continue
            try:
                data = self._app.read(entry)
            except TargetError as error:
                if _NAMED.search(entry) or entry in self._anchored:
                    self._gap(entry, f"The file could not be read: {error}.", reason="unreadable")
                continue
            left -= len(data)
            if left < 0:
                self._gap(
                    entry, f"Files beyond the first {_TOTAL_BYTES // MIB} MiB were not searched for certificates."
                )
                return
            if not data.startswith(_SKIPPED) or entry in self._anchored:
                yield entry, data

    def _add_entry(self, entry: str, data: bytes) -> None:
        wanted = entry in self._anchored or entry in self._by_entry
        contents = self._read(entry, data)
        items = [item for item in contents.items if item.kind != "unreadable" or wanted or _NAMED.search(entry)]
        if contents.truncated:
            self._gap(entry, "The file is too large, or holds too many certificates, to be read to its end.")
        anchors = self._anchored.get(entry, ())
        if anchors and not any(item.certificate is not None for item in items):
            items = [item for item in items if item.kind != "unreadable"]
            items.append(Item(kind="unreadable", form="DER", problem=_why_no_certificate(data, contents)))
        if items:
            uses = (*anchors, *self._uses(self._by_entry.get(entry, ())))
            place = Location(kind="entry", entry=entry)
            group = Group(
                entry=entry, name=entry, source="file", owner=self._owner(entry, uses), uses=uses, evidence=(place,)
            )
            self._add(group, items)

    def _add(self, group: Group, items: list[Item]) -> None:
        if not group.uses:
            items = [item for item in items if not self._signs_apps(item)]
        self._facts += certificate_facts(group, items, self._catalogue)
        for item in items:
            inside = item.store.certificates if item.store is not None else ()
            for certificate in (item.certificate, *inside):
                if certificate is not None:
                    self._bundled.setdefault(certificate, group.entry)

    def _signs_apps(self, item: Item) -> bool:
        certificate = item.certificate
        return certificate is not None and self._catalogue.certificates.signs_apps(certificate.der)

    def _read(self, entry: str, data: bytes) -> Contents:
        if len(data) <= MAX_INPUT_BYTES:
            return read_contents(data, self._passwords, self._work, embedded=True)
        first = data.find(_MARK)
        if first < 0:
            return Contents(items=())
        # Large files hold PEM among other things, such as the code of a script bundle.
        return read_contents(
            data[first : min(data.rfind(_MARK) + _TAIL, first + MAX_INPUT_BYTES)], self._passwords, self._work
        )

    def _owner(self, entry: str, uses: Iterable[CertificateUse]) -> str:
        """Say whose a file is: who uses it decides, then the folder of a file that lies beside classes."""
        users = {use.owner for use in uses}
        if users:
            return min(users, key=lambda owner: (owner != "first-party", owner != "unknown", owner))
        path = PurePosixPath(entry.rpartition("!")[2])
        if path.parts[:1] in (("assets",), ("res",)):
            return "first-party"
        return self._owners.owner_of(f"L{path}")

    # ---- code

    def _add_code(self) -> None:
        seen: set[bytes] = set()
        for number, item in enumerate(self._code.inputs):
            key = _key(item.data)
            if key in seen:
                continue
            seen.add(key)
            self._add_input(item.data, number, item.source, item.owner, item.evidence)
        for number, use in enumerate(self._code.uses, start=len(self._code.inputs)):
            if use.data is not None and _key(use.data) not in seen:
                seen.add(_key(use.data))
                self._add_input(use.data, number, "code", use.owner, use.evidence)

    def _add_input(self, data: bytes, number: int, source: str, owner: str, evidence: tuple[Location, ...]) -> None:
        contents = read_contents(data, self._passwords, self._work)
        items = [item for item in contents.items if item.kind != "unreadable"]
        if not items:
            return
        entry = evidence[0].entry
        group = Group(
            entry=entry,
            name=f"{entry}#{number}",
            source=source,
            owner=owner,
            uses=self._uses(self._by_content.get(_key(data), ())),
            evidence=evidence,
        )
        self._add(group, items)

    def _uses(self, found: Iterable[CodeUse]) -> tuple[CertificateUse, ...]:
        return tuple(
            CertificateUse(kind=use.kind, activation=use.activation, owner=use.owner, evidence=use.evidence)
            for use in found
        )

    def _gap(self, subject: str, detail: str, reason: str = "limit") -> None:
        gap = AnalysisGap(
            stage="certificates",
            reason=reason,  # type: ignore[arg-type]
            subject=subject,
            detail=detail,
            hides=("certificate",),
        )
        self._gaps[gap] = None


def _why_no_certificate(data: bytes, contents: Contents) -> str:
    """Say why a policy's anchor holds no certificate."""
    if not data.strip():
        return "the file is empty"
    problem = next((item.problem for item in contents.items if item.problem is not None), None)
    if problem is not None:
        return problem
    kinds = sorted({item.kind for item in contents.items})
    return f"it holds no certificate but {', '.join(kinds)}" if kinds else "it is no certificate in PEM or DER"


def _key(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
