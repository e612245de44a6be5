"""What becomes of certificates and key stores that code reads: whom it trusts, who it is, what it compares."""

from collections.abc import Iterable

import msgspec

from analyzer.dataflow.evaluate import Call
from analyzer.dataflow.resolve import Resolver
from analyzer.dex import DexMethod, MethodRef, Site, dotted
from analyzer.extractors.certificate_catalogue import CertificateSink
from analyzer.extractors.code.callback_wiring import CallbackWiring, Role
from analyzer.extractors.code.certificate_origins import CertificateOrigins, Origin
from analyzer.extractors.code.certificates import CodeUse
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.trust_keystores import factory_installation
from analyzer.extractors.code.trust_sources import FACTORY, KEY_STORE
from analyzer.model import AnalysisGap, Location
from analyzer.model.certificates import UseKind
from analyzer.model.gaps import GapReason
from analyzer.model.pins import Activation

_DIGEST = "Ljava/security/MessageDigest;"
_FACTORY = "Ljava/security/cert/CertificateFactory;"
_COMPARISONS = frozenset({"equals", "isEqual", "contains", "verify", "containsAll"})
_CHECKS: tuple[tuple[Role, str, str], ...] = (
    ("trust_manager", "checkServerTrusted", "Ljavax/net/ssl/X509TrustManager;"),
    ("hostname_verifier", "verify", "Ljavax/net/ssl/HostnameVerifier;"),
)
"""What judges a server's certificates: its role, its method, and the type above it."""
_MAX_SITES = 200
_MAX_CHECKS = 100
_MAX_GAPS = 20


class CertificateUses(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    uses: tuple[CodeUse, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def extract_certificate_uses(code: CodeContext, wiring: CallbackWiring) -> CertificateUses:
    """Follow what trusts, presents, hashes or compares certificates back to the files and bytes they are read from."""
    if code.resolver is None or not _reads_any(code):
        return CertificateUses()
    reader = _Reader(code, code.resolver, wiring)
    for sink in code.catalogue.certificates.sinks:
        reader.read_sink(sink)
    reader.read_digests()
    for role, name, above in _CHECKS:
        reader.read_checks(role, name, above)
    return CertificateUses(uses=tuple(dict.fromkeys(reader.uses)), gaps=tuple(reader.gaps)[:_MAX_GAPS])


def _reads_any(code: CodeContext) -> bool:
    """Say whether code reads certificates or stores at all, or hands streams of them to something that does."""
    sinks = [sink.name for sink in code.catalogue.certificates.sinks if sink.takes_stream]
    names = [(_FACTORY, "generateCertificate"), (_FACTORY, "generateCertificates"), (KEY_STORE, "load"), *sinks]
    return any(code.program.users.callers_of(code.program.method_refs(*name)) for name in names)


class _Reader:
    """Reads one app."""

    def __init__(self, code: CodeContext, resolver: Resolver, wiring: CallbackWiring) -> None:
        self._code = code
        self._program = code.program
        self._resolver = resolver
        self._wiring = wiring
        self._origins = CertificateOrigins(code, resolver)
        self.uses: list[CodeUse] = []
        self.gaps: dict[AnalysisGap, None] = {}

    def read_sink(self, sink: CertificateSink) -> None:
        """Read the calls of a method that takes a certificate, a key store or a stream."""
        refs = [ref for ref in self._program.method_refs(*sink.name) if sink.fits(ref.parameters)]
        for site, call in self._calls(refs):
            at = sink.argument - (call.kind == "static")
            if at < len(call.arguments):
                find = self._origins.of_stream if sink.takes_stream else self._origins.of
                self._state(sink, site, call, find(call.arguments[at]))

    def read_digests(self) -> None:
        """Read what is hashed: a pin that is computed from a certificate of the app."""
        refs = [
            ref
            for name in ("digest", "update")
            for ref in self._program.method_refs(_DIGEST, name)
            if ref.parameters[:1] == ("[B",)
        ]
        for site, call in self._calls(refs):
            if len(call.arguments) < 2:
                continue
            origin = self._origins.of(call.arguments[1])
            if origin.sources:
                place = (location_of(site, str(site.target)),)
                self._add("pin", origin, self._wiring.runs.of(site.method), site.method.ref.owner, place)

    def read_checks(self, role: Role, name: str, above: str) -> None:
        """Read what code that judges a server's certificates compares them with."""
        for descriptor in list(self._program.hierarchy.subtypes_of(above))[:_MAX_CHECKS]:
            definition = self._program.find_class(descriptor)
            for method in definition.methods if definition is not None else ():
                if method.ref.name == name and method.code_offset:
                    self._read_check(role, descriptor, method)

    def _read_check(self, role: Role, descriptor: str, method: DexMethod) -> None:
        values = self._resolver.evaluator.evaluate(method)
        for call in values.calls.values() if values is not None else ():
            if call.ref.name not in _COMPARISONS or len(call.arguments) < 2:
                continue
            for argument in call.arguments:
                origin = self._origins.of(argument)
                if origin.sources:
                    installed = self._wiring.of_class(role, descriptor)
                    place = location_in(method, call.offset, str(call.ref))
                    self._add("comparison", origin, installed.activation, descriptor, (place, *installed.trail))

    def _calls(self, refs: Iterable[MethodRef]) -> list[tuple[Site, Call]]:
        sites = list(self._program.users.callers_of(refs))
        if len(sites) > _MAX_SITES:
            detail = "More calls take certificates than are followed."
            self.gaps[_gap(f"{len(sites)} calls of {sites[0].target}", detail, "limit")] = None
        found: list[tuple[Site, Call]] = []
        for site in sites[:_MAX_SITES]:
            values = self._resolver.evaluator.evaluate(site.method)
            call = None if values is None else values.calls.get(site.offset)
            if call is not None:
                found.append((site, call))
        return found

    # ---- facts

    def _state(self, sink: CertificateSink, site: Site, call: Call, origin: Origin) -> None:
        if not origin.sources and not origin.outside:
            return
        activation: Activation = self._wiring.runs.of(site.method)
        evidence: tuple[Location, ...] = (location_of(site, str(site.target)),)
        if sink.name[0] == FACTORY:
            installed = factory_installation(self._resolver, self._wiring, call.arguments[0])
            activation, evidence = installed.activation, (*evidence, *installed.trail)
        owner = site.method.ref.owner
        self._add(sink.use, origin, activation, owner, evidence)
        if origin.outside and activation != "defined_only" and not self._code.owner_of(owner).startswith("sdk:"):
            where = f"{dotted(owner)}.{site.method.ref.name}"
            taker = f"{dotted(sink.name[0])}.{sink.name[1]}"
            detail = f"What {taker} is given there is not read from a file or bytes of the app."
            self.gaps[_gap(where, detail, "unresolved-value")] = None

    def _add(
        self, kind: UseKind, origin: Origin, activation: Activation, descriptor: str, evidence: tuple[Location, ...]
    ) -> None:
        owner = self._code.owner_of(descriptor)
        if origin.cut_off:
            detail = "Where a certificate that is used there is from takes too long to follow."
            self.gaps[_gap(dotted(descriptor), detail, "limit")] = None
        for source in origin.sources:
            self.uses.append(
                CodeUse(
                    kind=kind,
                    entry=source.entry,
                    data=source.data,
                    activation=activation,
                    owner=owner,
                    evidence=evidence,
                )
            )


def _gap(subject: str, detail: str, reason: GapReason) -> AnalysisGap:
    return AnalysisGap(stage="certificates", reason=reason, subject=subject, detail=detail, hides=("certificate",))
