"""What a value in a trust decision is made of: certificates of which chain, and which part of them."""

from typing import Literal

import msgspec

from analyzer.dataflow.path_model import Paths
from analyzer.dataflow.values import Computed, Element, FieldValue, Length, Number, Parameter, Result, Text, Value
from analyzer.dex import DexMethod, MethodRef, Program
from analyzer.model.pins import Algorithm

CERTIFICATE = frozenset({"Ljava/security/cert/X509Certificate;", "Ljava/security/cert/Certificate;"})
CHAIN_TYPES = frozenset({"[Ljava/security/cert/X509Certificate;", "[Ljava/security/cert/Certificate;"})
_KEYS = frozenset(
    f"Ljava/security/{name};"
    for name in ("PublicKey", "Key", "interfaces/RSAPublicKey", "interfaces/ECPublicKey", "interfaces/RSAKey")
)
Part = Literal["key", "spki", "modulus", "certificate", "name", "dates", "other"]
_PARTS: dict[str, Part] = {
    "getPublicKey": "key",
    "getEncoded": "certificate",
    "getTBSCertificate": "certificate",
    "getSignature": "certificate",
    "getNotAfter": "dates",
    "getNotBefore": "dates",
    "getSubjectDN": "name",
    "getIssuerDN": "name",
    "getSubjectX500Principal": "name",
    "getIssuerX500Principal": "name",
    "getSubjectAlternativeNames": "name",
    "getIssuerAlternativeNames": "name",
    "getSerialNumber": "name",
    "getBasicConstraints": "other",
    "getKeyUsage": "other",
    "getExtendedKeyUsage": "other",
    "getExtensionValue": "other",
    "getSigAlgName": "other",
    "getSigAlgOID": "other",
    "getVersion": "other",
    "getCriticalExtensionOIDs": "other",
}
"""Methods of ``X509Certificate`` and ``Certificate`` (Java SE 8)."""
_ALGORITHMS: dict[str, Algorithm] = {
    "SHA-256": "sha256", "SHA256": "sha256", "SHA-1": "sha1", "SHA1": "sha1", "SHA": "sha1", "MD5": "md5",
}  # fmt: skip
_HASHES: dict[str, Algorithm] = {
    "sha256": "sha256", "sha256Hex": "sha256", "sha1": "sha1", "sha1Hex": "sha1", "md5": "md5", "md5Hex": "md5",
}  # fmt: skip
"""Hash helpers of okio's ``ByteString``, Guava and Apache's ``DigestUtils``."""
CALLS = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79)})
"""Opcodes of calls."""
_STRINGS = frozenset({0x1A, 0x1B})
LAST = -1
"""Stands for the place of the last certificate that the server sends."""
_SCANNED = 30
"""Most helpers of one value that are looked into."""


class Features(msgspec.Struct, frozen=True):
    """What a value is made of."""

    parts: frozenset[Part]
    """Of certificates; empty for the certificate object itself."""
    from_chain: bool
    """Made from the certificates that the server presented."""
    validated: bool
    """Made from what a check returned, or from a path built by verifying signatures."""
    whole_chain: bool
    """Any certificate of the chain may be meant, not a fixed one."""
    indices: frozenset[int]
    """The fixed places in the chain that are meant."""
    algorithms: tuple[Algorithm, ...]
    is_key: bool
    """A hash, or bytes, or numbers of a key or certificate: what pins are compared with."""

    @property
    def leaf_only(self) -> bool:
        """Only the first certificate is meant: whose key the handshake proves."""
        return not self.whole_chain and self.indices == {0}


class FeatureReader:
    """Reads values of one exploration."""

    def __init__(self, program: Program, paths: Paths, chain: frozenset[Value] | None = None) -> None:
        """Take `chain` for what the server presented; without it, the parameters that hold certificate chains."""
        self._program = program
        self._paths = paths
        ref = paths.method.ref
        shift = 0 if paths.method.is_static else 1
        parameters: frozenset[Value] = frozenset(
            Parameter(ref, index + shift) for index, one in enumerate(ref.parameters) if one in CHAIN_TYPES
        )
        self.chain = parameters if chain is None else chain
        self._known: dict[Value, Features] = {}
        self._scans: dict[DexMethod, frozenset[MethodRef | str]] = {}

    @property
    def program(self) -> Program:
        """The program that the paths belong to."""
        return self._program

    @property
    def paths(self) -> Paths:
        """The exploration that is read."""
        return self._paths

    def of(self, value: Value) -> Features:
        """Return what `value` is made of."""
        known = self._known.get(value)
        if known is None:
            known = self._known[value] = self._read(value)
        return known

    def _read(self, value: Value) -> Features:
        parts: set[Part] = set()
        algorithms: dict[Algorithm, None] = {}
        indices: set[int] = set()
        whole = from_chain = validated = False
        inside: set[Value] = set()
        for one in self._paths.ingredients(value):
            match one:
                case Parameter() | FieldValue() if one in self.chain:
                    from_chain = True
                    inside.add(one)
                case Element(array=array, index=index) if array in self.chain:
                    from_chain = True
                    place = _fixed_place(index, array)
                    whole = whole or place is None
                    indices.update(() if place is None else (place,))
                case Result(ref=ref, arguments=arguments):
                    from_chain = from_chain or one in self.chain
                    self._note(ref, parts, algorithms)
                    if ref.name == "getInstance" and ref.owner == "Ljava/security/MessageDigest;":
                        algorithms.update(_named(arguments))
                    validated = validated or returns_validated(ref)
                    validated = self._inside_helper(ref, parts, algorithms) or validated
                    if any(argument in self.chain for argument in arguments):
                        place = _place(ref, arguments)
                        whole = whole or place is None
                        indices.update(() if place is None else (place,))
        if from_chain and not indices and not whole:
            whole = True
        is_key = bool(parts & {"key", "spki", "modulus", "certificate"}) or bool(algorithms and from_chain)
        return Features(frozenset(parts), from_chain, validated, whole, frozenset(indices), tuple(algorithms), is_key)

    def _note(self, ref: MethodRef, parts: set[Part], algorithms: dict[Algorithm, None]) -> None:
        part = part_of(ref)
        if part is not None:
            parts.add(part)
        hashed = _HASHES.get(ref.name)
        if hashed is not None:
            algorithms[hashed] = None

    def _inside_helper(self, ref: MethodRef, parts: set[Part], algorithms: dict[Algorithm, None]) -> bool:
        """Add what a helper that was not entered uses; say whether it verifies signatures."""
        method = self._program.resolve_method(ref)
        if method is None or not method.code_offset:
            return False
        verifies = False
        for used in self._scan(method):
            if isinstance(used, str):
                named = _ALGORITHMS.get(used.upper())
                if named is not None:
                    algorithms[named] = None
            else:
                self._note(used, parts, algorithms)
                verifies = verifies or is_signature_check(used) or returns_validated(used)
        return verifies

    def _scan(self, method: DexMethod) -> frozenset[MethodRef | str]:
        """Return the methods that a helper and its helpers call, and the strings they load."""
        known = self._scans.get(method)
        if known is not None:
            return known
        found: set[MethodRef | str] = set()
        seen = {method}
        waiting = [method]
        while waiting and len(seen) <= _SCANNED:
            one = waiting.pop()
            code = one.code()
            for instruction in code.instructions if code is not None else ():
                if instruction.opcode in _STRINGS:
                    found.add(str(one.file.resolve("string", instruction.index or 0)))
                elif instruction.opcode in CALLS:
                    ref = one.file.method(instruction.index or 0)
                    found.add(ref)
                    callee = self._program.resolve_method(ref)
                    if callee is not None and callee not in seen:
                        seen.add(callee)
                        waiting.append(callee)
        self._scans[method] = frozenset(found)
        return self._scans[method]


def part_of(ref: MethodRef) -> Part | None:
    """Return which part of a certificate or key a method of the platform hands out."""
    if ref.owner in CERTIFICATE:
        return _PARTS.get(ref.name)
    if ref.owner in _KEYS:
        return {"getEncoded": "spki", "getModulus": "modulus"}.get(ref.name)  # type: ignore[return-value]
    if ref.name == "pin" and ref.parameters == ("Ljava/security/cert/Certificate;",):
        return "spki"
    return None


def returns_validated(ref: MethodRef) -> bool:
    """Say whether a method returns the chain that it validated (``X509TrustManagerExtensions``, Conscrypt)."""
    return ref.name == "checkServerTrusted" and ref.return_type == "Ljava/util/List;"


def is_signature_check(ref: MethodRef) -> bool:
    """Say whether a method checks that a key signed a certificate."""
    return ref.owner in CERTIFICATE and ref.name == "verify"


def _place(ref: MethodRef, arguments: tuple[Value, ...]) -> int | None:
    """Return which element a list, or a helper of Kotlin's library, hands out; None for other methods."""
    if ref.owner == "Ljava/util/List;" and ref.name == "get" and isinstance(arguments[-1], Number):
        return arguments[-1].value
    if not ref.owner.startswith("Lkotlin/collections/"):
        return None
    if ref.name in ("first", "firstOrNull") and len(arguments) == 1:
        return 0
    if ref.name in ("last", "lastOrNull") and len(arguments) == 1:
        return LAST
    if ref.name in ("getOrNull", "elementAtOrNull") and isinstance(arguments[-1], Number):
        return arguments[-1].value
    return None


def _fixed_place(index: Value, array: Value) -> int | None:
    """Return a fixed place in an array, `LAST` for its end; None where any element may be meant."""
    if isinstance(index, Number):
        return index.value
    if isinstance(index, Computed) and index.operation in ("add", "sub"):
        ends = {one for one in index.operands if not isinstance(one, Number)}
        steps = [one.value for one in index.operands if isinstance(one, Number)]
        if ends == {Length(array)} and steps == [-1 if index.operation == "add" else 1]:
            return LAST
    return None


def _named(arguments: tuple[Value, ...]) -> dict[Algorithm, None]:
    names = [_ALGORITHMS.get(one.value.upper()) for one in arguments if isinstance(one, Text)]
    return {name: None for name in names if name is not None}
