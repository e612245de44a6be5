"""What code says about certificates: texts and arrays that hold some, and the calls that read them or open stores."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dex import DexMethod, Site
from analyzer.dex.byte_arrays import byte_arrays
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.reached import Runs
from analyzer.extractors.code.stream_sources import stream_sources, texts_of
from analyzer.model import AnalysisGap, Location
from analyzer.model.certificates import UseKind
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.model.pins import Activation

# What the string tables are searched for; whether a text holds anything is for its reader to say.
_PEM = re.compile(rb"-----BEGIN [A-Z0-9 ]{3,40}-----")
_BASE64 = re.compile(rb"M[A-Za-z0-9+/_-]{3}[A-Za-z0-9+/_\r\n-]{60}")
_HEX = re.compile(r"30[ :]?[58][0-9A-Fa-f](?:[ :]?[0-9A-Fa-f]{2}){40}")
_HEX_CHARACTERS = b"0123456789ABCDEFabcdef :"
_HEX_RUN = 84
_ARRAYS = (b"\x30", b"-----BEGIN ", b"\xfe\xed\xfe\xed", b"\0\0\0\2\0\0\0\x14")
"""How certificates, PEM texts and key stores of the types JKS and BKS begin."""
_RESOURCE_MARKS = ("-----BEGIN ", "MII", "MFkw", "MHYw", "3082")
_LEAST_BYTES = 60
"""No certificate and hardly a key is smaller."""
_MOST_TEXT = 4 << 20
_MAX_TEXTS = 2_000
_MAX_ARRAYS = 1_000
_MAX_SITES = 200
_MAX_PASSWORDS = 40
"""Most passwords that are tried: those of ``KeyStore.load``, and texts near such calls."""
_MAX_PASSWORD = 64
_SHOWN_SITES = 3
_STRING_LOADS = frozenset({0x1A, 0x1B})
_KEY_STORE = "Ljava/security/KeyStore;"
_FACTORY = "Ljava/security/cert/CertificateFactory;"
_READS: tuple[tuple[str, str, UseKind], ...] = (
    (_KEY_STORE, "load", "key-store"),
    (_FACTORY, "generateCertificate", "certificate-factory"),
    (_FACTORY, "generateCertificates", "certificate-factory"),
    (_FACTORY, "generateCertPath", "certificate-factory"),
)


class CodeInput(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes in code or resources that may hold certificates."""

    data: bytes
    source: str
    """``code`` or ``resource``."""
    owner: str
    evidence: tuple[Location, ...]


class CodeUse(msgspec.Struct, frozen=True, kw_only=True):
    """A call that reads a certificate or key store."""

    kind: UseKind
    entry: str | None
    """The file that it reads; None for `data`."""
    data: bytes | None
    activation: Activation
    owner: str
    evidence: tuple[Location, ...]


class CodePassword(msgspec.Struct, frozen=True):
    """A constant that may open a key store."""

    text: str
    place: str
    """The class that it stands in, dotted."""


class CertificateCode(msgspec.Struct, frozen=True, kw_only=True):
    """What code says about certificates."""

    inputs: tuple[CodeInput, ...] = ()
    uses: tuple[CodeUse, ...] = ()
    passwords: tuple[CodePassword, ...] = ()
    unresolved: int = 0
    """Calls that read something which could not be told."""
    gaps: tuple[AnalysisGap, ...] = ()

    def with_uses(self, uses: tuple[CodeUse, ...], gaps: tuple[AnalysisGap, ...]) -> "CertificateCode":
        """Add what becomes of what the calls read."""
        return msgspec.structs.replace(self, uses=(*self.uses, *uses), gaps=(*self.gaps, *gaps))


def extract_certificate_code(code: CodeContext) -> CertificateCode:
    """Find texts and arrays in code that may hold certificates, and the calls that read certificates and stores."""
    gaps: list[AnalysisGap] = []
    inputs = [*_texts(code, gaps), *_arrays(code, gaps), *_resource_texts(code)]
    runs = Runs(code.program, code.component_classes)
    uses: list[CodeUse] = []
    passwords: dict[str, CodePassword] = {}
    unresolved = 0
    for owner, name, kind in _READS:
        for site in _sites(code, owner, name, gaps):
            found = list(_uses(code, runs, site, kind, passwords))
            uses += found
            unresolved += not found and kind == "certificate-factory"
    return CertificateCode(
        inputs=tuple(inputs),
        uses=tuple(dict.fromkeys(uses)),
        passwords=tuple(passwords.values())[:_MAX_PASSWORDS],
        unresolved=unresolved,
        gaps=tuple(gaps),
    )


# ---- what code holds


def _texts(code: CodeContext, gaps: list[AnalysisGap]) -> Iterator[CodeInput]:
    program = code.program
    candidates = set(program.strings_matching(_PEM, (b"-----BEGIN ",)))
    candidates.update(program.strings_matching(_BASE64))
    candidates.update(text for text in program.strings_with_run(_HEX_CHARACTERS, _HEX_RUN) if _HEX.search(text))
    texts = sorted(candidates)
    texts = [text for text in texts if len(text) <= _MOST_TEXT]
    if len(texts) > _MAX_TEXTS:
        gaps.append(_limit(f"{len(texts)} texts"))
        texts = texts[:_MAX_TEXTS]
    places: dict[str, list[tuple[str, Location]]] = {}
    for site in program.users.loads_of(texts):
        owner = code.owner_of(site.method.ref.owner)
        places.setdefault(str(site.target), []).append((owner, location_of(site, _snippet(str(site.target)))))
    for field in program.users.initialised_with(texts):
        value = field.initial_value
        text = str(value.value) if value is not None else ""
        place = Location(
            kind="code",
            entry=field.file.entry,
            class_name=field.owner.name,
            snippet=_snippet(f"{field.ref.name} = {text}"),
        )
        places.setdefault(text, []).append((code.owner_of(field.owner.descriptor), place))
    for text, found in sorted(places.items()):
        yield CodeInput(
            data=text.encode("utf-8", "replace"),
            source="code",
            owner=_owner([owner for owner, _ in found]),
            evidence=tuple(place for _, place in found[:_SHOWN_SITES]),
        )


def _arrays(code: CodeContext, gaps: list[AnalysisGap]) -> Iterator[CodeInput]:
    arrays = byte_arrays(code.program, _ARRAYS, least=_LEAST_BYTES, most=_MAX_ARRAYS)
    if len(arrays) >= _MAX_ARRAYS:
        gaps.append(_limit(f"{_MAX_ARRAYS} arrays of bytes"))
    for array in arrays:
        place = location_in(array.method, array.offset, f"{len(array.data)} bytes: {array.data[:24].hex()}…")
        yield CodeInput(data=array.data, source="code", owner=code.owner_of(array.method.ref.owner), evidence=(place,))


def _resource_texts(code: CodeContext) -> Iterator[CodeInput]:
    for found in code.resource_texts(_RESOURCE_MARKS) if code.resource_texts is not None else ():
        if len(found.text) < _LEAST_BYTES:
            continue
        name = f"{found.name} = " if found.name else ""
        place = Location(kind="resource", entry=found.entry, snippet=_snippet(name + found.text))
        data = found.text.encode("utf-8", "replace")
        yield CodeInput(data=data, source="resource", owner="unknown", evidence=(place,))


def _owner(owners: list[str]) -> str:
    """The app's own code decides, then code of unknown authors, then a library's."""
    return min(owners, key=lambda owner: (owner != "first-party", owner != "unknown", owner))


# ---- what code reads


def _sites(code: CodeContext, owner: str, name: str, gaps: list[AnalysisGap]) -> Iterator[Site]:
    refs = [ref for ref in code.program.method_refs(owner, name) if ref.parameters[:1] == ("Ljava/io/InputStream;",)]
    for number, site in enumerate(code.program.users.callers_of(refs)):
        if number >= _MAX_SITES:
            gaps.append(_limit(f"{_MAX_SITES} calls of {name}"))
            return
        yield site


def _uses(
    code: CodeContext, runs: Runs, site: Site, kind: UseKind, passwords: dict[str, CodePassword]
) -> Iterator[CodeUse]:
    bound = code.resolver.bound_calls(site) if code.resolver is not None else ()
    activation = runs.of(site.method)
    owner = code.owner_of(site.method.ref.owner)
    place = location_of(site, str(site.target))
    for call in bound:
        if len(call.arguments) < 2:
            continue
        if kind == "key-store" and len(call.arguments) > 2:
            _note_passwords(site.method, texts_of(call.arguments[2].values), passwords)
        for source in stream_sources(code, call.arguments[1].values):
            if source.data is not None and len(source.data) < _LEAST_BYTES:
                continue
            yield CodeUse(
                kind=kind,
                entry=source.entry,
                data=source.data,
                activation=activation,
                owner=owner,
                evidence=(place,),
            )


def _note_passwords(method: DexMethod, resolved: Iterable[str], passwords: dict[str, CodePassword]) -> None:
    """Keep the passwords of a call."""
    for one in passwords_of(method, resolved):
        if len(passwords) < _MAX_PASSWORDS:
            passwords.setdefault(one.text, one)


def passwords_of(method: DexMethod, resolved: Iterable[str]) -> Iterator[CodePassword]:
    """Yield what may open a store that `method` loads: its `resolved` passwords, else the texts that it loads."""
    texts = [text for text in resolved if text]
    for text in texts or _loaded(method):
        if len(text) <= _MAX_PASSWORD:
            yield CodePassword(text, method.owner.name)


def _loaded(method: DexMethod) -> list[str]:
    body = method.code()
    return [
        str(method.file.resolve("string", instruction.index))
        for instruction in (body.instructions if body is not None else ())
        if instruction.opcode in _STRING_LOADS and instruction.index is not None
    ]


def _snippet(text: str) -> str:
    return text[:MAX_SNIPPET_CHARACTERS]


def _limit(subject: str) -> AnalysisGap:
    return AnalysisGap(
        stage="certificates",
        reason="limit",
        subject=subject,
        detail="More of the code looks like certificates than is read.",
        hides=("certificate",),
    )
