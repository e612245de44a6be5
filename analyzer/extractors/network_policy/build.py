"""From policy files to facts: the resolved policy, its pins and the hosts it names."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from analyzer.apk.tree import XmlElement
from analyzer.extractors.network_policy.declared import DeclaredPolicy, MalformedPin
from analyzer.extractors.network_policy.parse import NameResource, parse_policy
from analyzer.extractors.network_policy.resolve import policy_levels, resolve
from analyzer.model import (
    AppInfo,
    DebugOverrides,
    HostFact,
    Location,
    NetworkPolicy,
    PinFact,
    PinIdentity,
    PinSet,
    PolicyError,
    PolicyScope,
    PolicyVariant,
    ResourceReference,
    TrustAnchor,
)
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.model.pins import PinProblem
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL

MANIFEST_ENTRY = "AndroidManifest.xml"


class PolicyFile(msgspec.Struct, frozen=True, kw_only=True):
    """One configuration of the policy resource, read."""

    entry: str
    root: XmlElement
    qualifiers: str = ""
    """All resource qualifiers as written, such as ``land-v28``."""
    version: int = 0
    """The API level of a version qualifier; 0 without one."""


class PinDescription(msgspec.Struct, frozen=True):
    """What the text of a pin shows by itself."""

    problem: PinProblem | None = None
    detail: str | None = None
    identity: PinIdentity | None = None


DescribePin = Callable[[str, bytes | None, str], PinDescription]
"""Judges a pin's text, the bytes that Android decodes it to (None when it refuses the text), and its host."""


class PolicyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the policy files of an app state."""

    policy: NetworkPolicy
    pins: tuple[PinFact, ...]
    hosts: tuple[HostFact, ...]
    pins_left_out: int = 0
    """How many pins a limit kept out of `pins`."""


def build_policy(
    app: AppInfo,
    files: Sequence[PolicyFile],
    *,
    debug_files: Sequence[PolicyFile] = (),
    reference: ResourceReference | None = None,
    orphans: tuple[Location, ...] = (),
    describe_pin: DescribePin | None = None,
    name_resource: NameResource | None = None,
    most_pins: int | None = None,
) -> PolicyFacts:
    """Resolve a policy from its files; without files, from the platform's defaults alone.

    Args:
        app: The app that the policy belongs to.
        files: Every configuration of the policy resource.
        debug_files: Every configuration of the ``_debug`` sibling resource.
        reference: How the manifest names the resource.
        orphans: Policy-looking entries that nothing refers to.
        describe_pin: Names known keys and finds fault with pin texts.
        name_resource: Names the resources that compiled files refer to by number.
        most_pins: Most pin facts to make; a domain-config with many domains and pins states their product.
    """
    if not files:
        scopes = resolve(None, app, policy_levels(app))
        variant = PolicyVariant(entry=MANIFEST_ENTRY, qualifiers="", scopes=scopes)
        policy = NetworkPolicy(state="none", variants=(variant,), orphans=orphans)
        return PolicyFacts(policy=policy, pins=(), hosts=())
    variants: list[PolicyVariant] = []
    pins: list[PinFact] = []
    left_out = 0
    for file in sorted(files, key=lambda item: (item.qualifiers != "", item.qualifiers, item.entry)):
        variant, declared = _variant(app, file, files, debug_files, name_resource or _no_name)
        variants.append(variant)
        for pin in _pins(variant, declared, describe_pin or _no_description):
            if most_pins is not None and len(pins) >= most_pins:
                left_out += 1
            else:
                pins.append(pin)
    policy = NetworkPolicy(state="resolved", reference=reference, variants=tuple(variants), orphans=orphans)
    return PolicyFacts(policy=policy, pins=tuple(pins), hosts=_hosts(variants), pins_left_out=left_out)


def _variant(
    app: AppInfo,
    file: PolicyFile,
    files: Sequence[PolicyFile],
    debug_files: Sequence[PolicyFile],
    name_resource: NameResource,
) -> tuple[PolicyVariant, DeclaredPolicy]:
    declared = parse_policy(file.root, debuggable=app.debuggable, name_resource=name_resource)
    errors = list(declared.errors)
    overrides: list[DebugOverrides] = []
    if declared.debug is not None:
        overrides.append(_overrides(declared, declared.debug, file.entry, "policy"))
    elif not declared.debug_seen:
        sibling = _sibling(file, debug_files)
        if sibling is not None:
            debug = parse_policy(
                sibling.root, debuggable=app.debuggable, only_debug_overrides=True, name_resource=name_resource
            )
            if app.debuggable:
                errors.extend(debug.errors)
            if debug.debug is not None:
                overrides.append(_overrides(debug, debug.debug, sibling.entry, "sibling"))
    in_force: tuple[TrustAnchor, ...] = ()
    if app.debuggable:
        in_force = tuple(anchor for override in overrides for anchor in override.trust_anchors)
    first, last = _variant_levels(file, files)
    levels = [
        level
        for level in policy_levels(app)
        if first <= level <= last and not any(e.first_level <= level <= e.last_level for e in errors)
    ]
    variant = PolicyVariant(
        entry=file.entry,
        qualifiers=file.qualifiers,
        default=_is_default(file),
        first_level=first,
        last_level=last,
        scopes=resolve(declared, app, levels, debug_anchors=in_force),
        errors=tuple(error for error in errors if _reaches(error, app, first, last)),
        issues=tuple(declared.issues),
        debug_overrides=tuple(overrides),
        trustkit=tuple(declared.trustkit),
    )
    return variant, declared


def _reaches(error: PolicyError, app: AppInfo, first: int, last: int) -> bool:
    """Tell whether some device that the app runs on would meet the error."""
    return any(
        error.first_level <= level <= error.last_level and first <= level <= last for level in policy_levels(app)
    )


def _variant_levels(file: PolicyFile, files: Sequence[PolicyFile]) -> tuple[int, int]:
    """Return the device levels that choose this file over others with the same further qualifiers."""
    rivals = [other.version for other in files if _other_qualifiers(other) == _other_qualifiers(file)]
    higher = [version for version in rivals if version > file.version]
    first = max(file.version, FIRST_POLICY_LEVEL)
    last = min(min(higher) - 1, HIGHEST_KNOWN_LEVEL) if higher else HIGHEST_KNOWN_LEVEL
    return first, last


def _other_qualifiers(file: PolicyFile) -> str:
    suffix = f"v{file.version}"
    if file.version and file.qualifiers.endswith(suffix):
        return file.qualifiers[: -len(suffix)].rstrip("-")
    return file.qualifiers


def _is_default(file: PolicyFile) -> bool:
    return not _other_qualifiers(file)


def _sibling(file: PolicyFile, debug_files: Sequence[PolicyFile]) -> PolicyFile | None:
    same = [debug for debug in debug_files if debug.qualifiers == file.qualifiers]
    default = [debug for debug in debug_files if not debug.qualifiers]
    return next(iter(same or default or debug_files), None)


def _overrides(declared: DeclaredPolicy, index: int, entry: str, source: str) -> DebugOverrides:
    config = declared.configs[index]
    return DebugOverrides(
        source="sibling" if source == "sibling" else "policy",
        entry=entry,
        path=config.path,
        line=config.line,
        trust_anchors=config.anchors.anchors if config.anchors else (),
    )


def _no_name(_resource_id: int) -> None:
    return None


def _no_description(_text: str, _digest: bytes | None, _host: str) -> PinDescription:
    return PinDescription()


def _pins(variant: PolicyVariant, declared: DeclaredPolicy, describe: DescribePin) -> Iterator[PinFact]:
    """Yield the pins of every domain: those that count on the newest level, and those that are refused."""
    for scope in variant.scopes:
        if scope.kind != "domain":
            continue
        pin_set = scope.bands[-1].settings.pin_set if scope.bands else _declared_set(declared, scope)
        origin = scope.bands[-1].settings.pin_set_origin.path if scope.bands else scope.path
        malformed = [pin for pin in declared.malformed_pins if declared.configs[pin.config].path == scope.path]
        candidates: list[tuple[str, bytes | None, str, int | None, MalformedPin | None]]
        candidates = [(p.value, p.digest, p.path, p.line, None) for p in (pin_set.pins if pin_set else ())]
        candidates += [(m.value, None, m.path, m.line, m) for m in malformed]
        for domain in scope.domains:
            for value, digest, path, line, refused in candidates:
                description = describe(value, digest, domain.name)
                problem, detail = description.problem, description.detail
                if refused is not None:
                    problem = "length" if refused.error_kind == "pin-length" else "encoding"
                    detail = refused.detail
                snippet = value[:MAX_SNIPPET_CHARACTERS]
                yield (
                    PinFact(
                        mechanism="nsc",
                        host=domain.name,
                        include_subdomains=domain.include_subdomains,
                        algorithm="sha256",
                        digest=digest,
                        hashed_object="spki",
                        value=value,
                        problem=problem,
                        problem_detail=detail,
                        expires_on=pin_set.expires_date if pin_set else None,
                        checked_against="validated",
                        resolution="constant",
                        activation="active",
                        scope=f"{variant.entry}#{origin}",
                        identity=description.identity,
                        evidence=(
                            Location(kind="xml", entry=variant.entry, xml_path=path, line=line, snippet=snippet),
                        ),
                    )
                )


def _declared_set(declared: DeclaredPolicy, scope: PolicyScope) -> PinSet | None:
    """Return the pin-set that would count if the platform did not refuse the file."""
    index = next((i for i, c in enumerate(declared.configs) if c.path == scope.path), None)
    while index is not None:
        config = declared.configs[index]
        if config.pin_set is not None:
            return config.pin_set.pin_set
        index = config.parent
    return None


def _hosts(variants: Sequence[PolicyVariant]) -> tuple[HostFact, ...]:
    hosts: dict[str, HostFact] = {}
    for variant in variants:
        for scope in variant.scopes:
            for domain in scope.domains:
                if domain.problem is None and domain.name not in hosts:
                    hosts[domain.name] = HostFact(
                        name=domain.name,
                        owner="unknown",
                        source="policy",
                        evidence=(
                            Location(
                                kind="xml",
                                entry=variant.entry,
                                xml_path=domain.path,
                                line=domain.line,
                                snippet=domain.written.strip()[:MAX_SNIPPET_CHARACTERS],
                            ),
                        ),
                    )
    return tuple(hosts[name] for name in sorted(hosts))
