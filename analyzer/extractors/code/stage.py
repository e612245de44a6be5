"""The code stage: builds the program, runs the extractors, and says what was looked at and what was not."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol, TypeVar

from msgspec.structs import replace

from analyzer.apk.app import OpenedApp
from analyzer.dataflow.resolve import Resolver
from analyzer.dex import Program
from analyzer.extractors.catalogue import Catalogue
from analyzer.extractors.code.api_uses import extract_api_uses
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.certificate_origins import bundled_pins
from analyzer.extractors.code.certificate_uses import extract_certificate_uses
from analyzer.extractors.code.certificates import CertificateCode, extract_certificate_code
from analyzer.extractors.code.client_facts import extract_clients
from analyzer.extractors.code.connection_pins import extract_connection_pins
from analyzer.extractors.code.context import AppResources, CodeContext
from analyzer.extractors.code.cwac import extract_cwac
from analyzer.extractors.code.handshake_pins import extract_interceptor_pins, extract_verifier_pins
from analyzer.extractors.code.hostname_verifiers import VerifierFacts, extract_hostname_verifiers
from analyzer.extractors.code.hosts import extract_hosts
from analyzer.extractors.code.literals import extract_literals
from analyzer.extractors.code.okhttp import extract_okhttp
from analyzer.extractors.code.okhttp_binding import bind_okhttp
from analyzer.extractors.code.okhttp_classes import renamed_okhttp_classes
from analyzer.extractors.code.okhttp_fingerprints import load_fingerprints
from analyzer.extractors.code.okhttp_settings import extract_okhttp_settings
from analyzer.extractors.code.owners import Owners
from analyzer.extractors.code.pin_libraries import PinLibraryFacts, extract_pin_libraries
from analyzer.extractors.code.pin_practices import extract_pin_practices
from analyzer.extractors.code.pin_sources import extract_pin_sources
from analyzer.extractors.code.sdks import extract_sdks
from analyzer.extractors.code.sockets import extract_sockets
from analyzer.extractors.code.trust_keystores import extract_keystores
from analyzer.extractors.code.trust_managers import extract_trust_managers
from analyzer.extractors.code.trustkit import extract_trustkit
from analyzer.extractors.code.webview_handlers import extract_webview_handlers
from analyzer.extractors.code.wired_libraries import wired_pins
from analyzer.extractors.code_inventory import read_dex_files
from analyzer.extractors.code_payloads import Payloads, read_payloads
from analyzer.extractors.network_policy import PinDescription
from analyzer.extractors.pin_values import describe_pin
from analyzer.extractors.policy_files import policy_file_pins
from analyzer.model import (
    AnalysisGap,
    ApiUse,
    CallbackFact,
    ClientFact,
    FactKind,
    HostFact,
    Location,
    NetworkPolicy,
    PinFact,
    Record,
    SdkFact,
)
from analyzer.options import Limits
from analyzer.x509.certificate import Certificate

_T = TypeVar("_T")
_FEW_CLASSES = 40
"""An app with fewer classes than this, none of them its components, carries its code elsewhere."""


class CodeExtraction(Record, frozen=True, kw_only=True):
    """What the code says."""

    pins: tuple[PinFact, ...] = ()
    hosts: tuple[HostFact, ...] = ()
    sdks: tuple[SdkFact, ...] = ()
    api_uses: tuple[ApiUse, ...] = ()
    clients: tuple[ClientFact, ...] = ()
    callbacks: tuple[CallbackFact, ...] = ()
    certificates: CertificateCode | None = None
    """What the stage that reads certificates needs to know of the code; None when that failed."""
    anchors: tuple[Certificate, ...] = ()
    """What key stores in code trust."""
    payloads: tuple[Location, ...] = ()
    """Entries with code that may be loaded at run time and that was not read."""
    gaps: tuple[AnalysisGap, ...] = ()
    covered: tuple[FactKind, ...] = ()
    """The kinds of facts that were looked for in all code that could be read."""


class _PinFacts(Protocol):
    """What extractors of pinning mechanisms return."""

    @property
    def pins(self) -> tuple[PinFact, ...]: ...
    @property
    def sdks(self) -> tuple[SdkFact, ...]: ...
    @property
    def api_uses(self) -> tuple[ApiUse, ...]: ...
    @property
    def gaps(self) -> tuple[AnalysisGap, ...]: ...


class _CallbackFacts(Protocol):
    """What extractors of classes that take part in TLS decisions return."""

    @property
    def callbacks(self) -> tuple[CallbackFact, ...]: ...
    @property
    def gaps(self) -> tuple[AnalysisGap, ...]: ...


_CALLBACKS: tuple[tuple[str, Callable[[CodeContext, CallbackWiring], _CallbackFacts]], ...] = (
    ("webview-handlers", extract_webview_handlers),
    ("sockets", extract_sockets),
)
_PINNING: tuple[tuple[str, Callable[[CodeContext, NetworkPolicy], _PinFacts]], ...] = (
    ("okhttp", lambda code, _: extract_okhttp(code)),
    ("trustkit", extract_trustkit),
)


class Run(Protocol):
    """Runs a part of the analysis, so that a failure of one leaves the others alone."""

    def __call__(self, name: str, hides: tuple[FactKind, ...], action: Callable[[], _T]) -> _T | None:
        """Run `action` under a name; None when it failed, after recording a gap over the kinds in `hides`."""
        ...


def analyse_code(
    app: OpenedApp,
    catalogue: Catalogue,
    limits: Limits,
    policy: NetworkPolicy,
    run: Run,
    policy_pins: tuple[PinFact, ...] = (),
) -> CodeExtraction:
    """Read all DEX files of an app as one program and run every extractor of code facts over it.

    `policy` is what TrustKit reads its pins from; texts that `policy_pins` explain are no finds of their own.
    """
    files, gaps = read_dex_files(app, limits)
    payloads = run("payloads", ("code",), lambda: read_payloads(app, limits)) or Payloads()
    gaps += payloads.gaps
    program = Program.build(files, limits, payloads.files)
    resources = AppResources(app)
    resolver = Resolver(program, resources)
    copies = run("okhttp-copies", (), lambda: bind_okhttp(program, resolver.evaluator, load_fingerprints()))
    recognised = run("library-classes", (), lambda: renamed_okhttp_classes(program, resolver, copies or ()))
    code = CodeContext(
        program=program,
        app=app.info,
        catalogue=catalogue,
        limits=limits,
        owners=Owners(app.info, catalogue.sdks, recognised),
        resources=resources,
        resolver=resolver,
        entries=app.entries(),
        read=app.read,
        resource_texts=app.resources.texts_containing,
        found_copies=copies,
    )
    resources.read_pins = bundled_pins(code, resolver)
    sdks = run("libraries", ("sdk",), lambda: extract_sdks(code))
    hosts = run("hosts", ("host", "code"), lambda: extract_hosts(code))
    wiring = CallbackWiring(code)
    apis = run("api-uses", ("code",), lambda: extract_api_uses(code, wiring))
    settings = run("okhttp-settings", ("code",), lambda: extract_okhttp_settings(code, wiring))
    clients = run("okhttp-clients", ("code",), lambda: extract_clients(code, wiring))
    pinning = [run(name, ("pin", "code"), partial(extract, code, policy)) for name, extract in _PINNING]
    pinning.append(run("pin-libraries", ("pin", "code"), lambda: _library_pins(code, wiring)))
    verifiers = run("host-name-verifiers", ("callback", "pin"), lambda: extract_hostname_verifiers(code, wiring))
    judged = [run(name, ("callback",), partial(extract, code, wiring)) for name, extract in _CALLBACKS]
    trust = run("trust-managers", ("callback", "pin"), lambda: extract_trust_managers(code, wiring))
    stores = run("key-stores", ("pin", "code"), lambda: extract_keystores(code, wiring))
    intercepted = run("interceptor-pins", ("pin",), lambda: extract_interceptor_pins(code, wiring))
    verified = run("verifier-pins", ("pin",), lambda: extract_verifier_pins(code, verifiers or VerifierFacts()))
    pin_facts = [part for part in pinning if part is not None]
    shown = tuple(pin for part in (trust, intercepted, verified) if part is not None for pin in part.pins)
    seen = run("pin-practices", ("code",), lambda: extract_pin_practices(code))
    connected = run("connection-pins", ("pin",), lambda: extract_connection_pins(code, shown, seen or ()))
    cwac = run("cwac", ("pin",), lambda: extract_cwac(code, wiring, partial(_pins_of_file, app, code)))
    by_hand = (trust, stores, intercepted, verified, connected, cwac)
    compared = tuple(pin for part in by_hand if part is not None for pin in part.pins)
    explained = (*policy_pins, *(pin for part in pin_facts for pin in part.pins), *compared)
    literals = run("literals", ("pin",), lambda: extract_literals(code, explained))
    fetched = run("pin-sources", ("code",), lambda: extract_pin_sources(code, explained))
    certificates = run("certificates-in-code", ("certificate",), lambda: extract_certificate_code(code))
    destinations = run("certificate-uses", ("certificate",), lambda: extract_certificate_uses(code, wiring))
    if certificates is not None and destinations is not None:
        certificates = certificates.with_uses(destinations.uses, destinations.gaps)
    for part in (sdks, hosts, apis, settings, clients, *pin_facts, literals, trust, verifiers, *judged):
        gaps += part.gaps if part is not None else ()
    gaps += _packed_gaps(code)
    gaps += _not_told_apart(resolver)
    # Damage shows when the damaged part is used: only now is all of it known.
    gaps += _of_own_code(program.gaps(), payloads)
    looked: dict[FactKind, bool] = {
        "sdk": sdks is not None,
        "host": hosts is not None,
        "code": None not in (apis, settings, clients, hosts, seen, fetched, stores) and None not in pinning,
        "pin": None not in (*pinning, literals, verifiers, *by_hand),
        "callback": None not in (*judged, trust, verifiers),
    }
    return CodeExtraction(
        certificates=certificates,
        pins=(
            *(pin for part in pin_facts for pin in part.pins),
            *compared,
            *(literals.pins if literals is not None else ()),
        ),
        hosts=hosts.hosts if hosts is not None else (),
        sdks=_merged([*(part.sdks for part in pin_facts), sdks.sdks if sdks is not None else ()]),
        clients=clients.clients if clients is not None else (),
        api_uses=(
            *(apis.api_uses if apis is not None else ()),
            *(settings.api_uses if settings is not None else ()),
            *(hosts.api_uses if hosts is not None else ()),
            *(use for part in pin_facts for use in part.api_uses),
            *(seen or ()),
            *(fetched or ()),
            *(stores.api_uses if stores is not None else ()),
        ),
        callbacks=tuple(fact for part in (trust, verifiers, *judged) if part is not None for fact in part.callbacks),
        anchors=stores.anchors if stores is not None else (),
        payloads=payloads.unread,
        gaps=tuple(dict.fromkeys(gaps)),
        covered=tuple(kind for kind, done in looked.items() if done),
    )


def _library_pins(code: CodeContext, wiring: CallbackWiring) -> PinLibraryFacts:
    """Find what libraries are given as pins, and which clients get it."""
    found = extract_pin_libraries(code)
    return replace(found, pins=wired_pins(code, wiring, found.pins))


def _pins_of_file(app: OpenedApp, code: CodeContext, resource_id: int) -> tuple[PinFact, ...] | None:
    """Read the pins of a policy file that a library of the app is given."""

    def describe(text: str, digest: bytes | None, host: str) -> PinDescription:
        value = describe_pin(text, mechanism="nsc", digest=digest, catalogue=code.catalogue, host=host)
        return PinDescription(problem=value.problem, detail=value.problem_detail, identity=value.identity)

    return policy_file_pins(app, resource_id, code.limits, describe)


def _of_own_code(gaps: Iterable[AnalysisGap], payloads: Payloads) -> Iterable[AnalysisGap]:
    """Let damage of files beside the app's own code be no reason to call the analysis incomplete."""
    beside = {entry for entry, _ in payloads.files}
    return [replace(gap, incomplete=False) if gap.subject in beside else gap for gap in gaps]


def _merged(groups: Iterable[tuple[SdkFact, ...]]) -> tuple[SdkFact, ...]:
    """Join facts of one library and version; one without a version adds nothing to those that have one."""
    found: dict[tuple[str, str | None], SdkFact] = {}
    for group in groups:
        for fact in group:
            found.setdefault((fact.name, fact.version), fact)
    versioned = {name for name, version in found if version is not None}
    return tuple(
        fact for (name, version), fact in sorted(found.items(), key=_by_name) if version or name not in versioned
    )


def _by_name(item: tuple[tuple[str, str | None], SdkFact]) -> tuple[str, str]:
    (name, version), _ = item
    return name, version or ""


def _not_told_apart(resolver: Resolver) -> Iterable[AnalysisGap]:
    """Say so where calls through interfaces were too many: values then come from more callers than they may have."""
    if resolver.side_work.is_spent:
        yield AnalysisGap(
            stage="code",
            reason="limit",
            subject="calls through interfaces",
            detail="Calls through interfaces were too many to tell all of them apart: some values are unknown, and "
            "some classes count as perhaps used, that a longer search could have settled.",
        )


def _packed_gaps(code: CodeContext) -> Iterable[AnalysisGap]:
    """Notice a package whose few classes are not those that its manifest names, whatever packed it."""
    components = code.component_classes
    classes = len(list(code.program.classes))
    missing = [name for name in components if code.program.find_class(name) is None]
    if not code.app.dex_entries or classes >= _FEW_CLASSES or len(missing) * 2 <= len(components):
        return
    yield AnalysisGap(
        stage="code",
        reason="packed",
        subject=f"{len(missing)} of {len(components)} components",
        detail=f"The package has {classes} classes, and {len(missing)} of {len(components)} components of the manifest "
        "are not among them: the code is packed, or arrives at run time.",
        hides=("pin", "callback", "certificate", "sdk", "host", "code"),
    )
