"""Finds and reads the policy files of an app: the manifest's resource, its ``_debug`` sibling, and strays."""

import msgspec

from analyzer.apk.app import OpenedApp, ResourceFile
from analyzer.apk.tree import XmlElement
from analyzer.errors import TargetError
from analyzer.extractors.network_policy import DescribePin, PolicyFacts, PolicyFile, build_policy
from analyzer.model import AnalysisGap, FactKind, Location, NetworkPolicy, PinFact, ResourceReference
from analyzer.options import Limits

_POLICY_ROOT = "network-security-config"
_HIDES: tuple[FactKind, ...] = ("policy", "pin")
# The first chunk of binary XML: type RES_XML_TYPE, header size 8.
_BINARY_XML = b"\x03\x00\x08\x00"
_ROOT_MARKS = (_POLICY_ROOT.encode(), _POLICY_ROOT.encode("utf-16-le"))


class PolicyExtraction(msgspec.Struct, frozen=True, kw_only=True):
    """The policy of an app, and what could not be read of it."""

    facts: PolicyFacts
    gaps: tuple[AnalysisGap, ...]


def extract_policy(app: OpenedApp, limits: Limits, describe_pin: DescribePin | None = None) -> PolicyExtraction:
    """Read and resolve the policy that the manifest names, in every configuration of the resource."""
    gaps: list[AnalysisGap] = []
    reference = app.info.network_security_config
    if reference is None:
        orphans = _orphans(app, set())
        return PolicyExtraction(facts=build_policy(app.info, (), orphans=orphans, describe_pin=describe_pin), gaps=())
    candidates = app.resource_files(reference)
    if len(candidates) > limits.policy_variants:
        gaps.append(
            AnalysisGap(
                stage="policy",
                reason="limit",
                subject=reference.name or reference.text,
                detail=f"{len(candidates)} configurations of the policy resource; the first "
                f"{limits.policy_variants} were resolved.",
                hides=_HIDES,
                incomplete=True,
            )
        )
        candidates = candidates[: limits.policy_variants]
    files = _read(app, candidates, gaps, limits)
    debug_candidates = _debug_sibling(app, reference.name)
    # A sibling that cannot be read matters only where it would be in force.
    debug_files = _read(app, debug_candidates, gaps if app.info.debuggable else [], limits)
    referenced = {file.entry for file in (*candidates, *debug_candidates)} | _meta_data_files(app)
    orphans = _orphans(app, referenced)
    if not files:
        if not candidates:
            gaps.append(_unresolved(app, reference.name or reference.text))
        policy = NetworkPolicy(state="unreadable" if candidates else "unresolved", reference=reference, orphans=orphans)
        return PolicyExtraction(facts=PolicyFacts(policy=policy, pins=(), hosts=()), gaps=tuple(gaps))
    facts = build_policy(
        app.info,
        files,
        debug_files=debug_files,
        reference=reference,
        orphans=orphans,
        describe_pin=describe_pin,
        name_resource=app.resources.name,
        most_pins=limits.policy_pins,
    )
    if facts.pins_left_out:
        gaps.append(
            AnalysisGap(
                stage="policy",
                reason="limit",
                subject=reference.name or reference.text,
                detail=f"{facts.pins_left_out} pins beyond the first {limits.policy_pins} were left out "
                "(limit policy_pins).",
                hides=("pin",),
                incomplete=True,
            )
        )
    return PolicyExtraction(facts=facts, gaps=tuple(gaps))


def policy_file_pins(
    app: OpenedApp, resource_id: int, limits: Limits, describe_pin: DescribePin
) -> tuple[PinFact, ...] | None:
    """Return the pins of a policy file that a library reads instead of the platform; None when it cannot be read."""
    candidates = app.resource_files(resource_id)[: limits.policy_variants]
    files = _read(app, candidates, [], limits)
    if not files:
        return None
    facts = build_policy(
        app.info,
        files,
        reference=ResourceReference(text=f"@{resource_id:#010x}", resource_id=resource_id),
        describe_pin=describe_pin,
        name_resource=app.resources.name,
        most_pins=limits.policy_pins,
    )
    return facts.pins


def _unresolved(app: OpenedApp, name: str) -> AnalysisGap:
    missing = app.info.required_splits_missing
    advice = "supply all split APKs of the app" if missing else "check that the package is whole"
    return AnalysisGap(
        stage="policy",
        reason="missing-split" if missing else "unreadable",
        subject=name,
        detail=f"The manifest names {name} as network security configuration, but no file that was read "
        f"contains it; {advice}.",
        hides=_HIDES,
        incomplete=True,
    )


def _read(
    app: OpenedApp, candidates: tuple[ResourceFile, ...], gaps: list[AnalysisGap], limits: Limits
) -> list[PolicyFile]:
    files: list[PolicyFile] = []
    for candidate in candidates:
        try:
            document = app.xml(candidate.entry)
        except TargetError as error:
            gaps.append(
                AnalysisGap(
                    stage="policy",
                    reason="unreadable",
                    subject=candidate.entry,
                    detail=f"The network security configuration could not be read: {error}",
                    hides=_HIDES,
                    incomplete=True,
                )
            )
            continue
        if document.recovered:
            gaps.append(
                AnalysisGap(
                    stage="policy",
                    reason="recovered",
                    subject=candidate.entry,
                    detail=f"The file is damaged; it was read as a device would read it ({document.detail}).",
                )
            )
        if _elements(document.root, limits.policy_elements) > limits.policy_elements:
            gaps.append(
                AnalysisGap(
                    stage="policy",
                    reason="limit",
                    subject=candidate.entry,
                    detail=f"The network security configuration has more than {limits.policy_elements} elements "
                    "(limit policy_elements).",
                    hides=_HIDES,
                    incomplete=True,
                )
            )
            continue
        files.append(
            PolicyFile(
                entry=candidate.entry,
                root=document.root,
                qualifiers=candidate.qualifiers,
                version=candidate.first_level,
            )
        )
    return files


def _elements(root: XmlElement, enough: int) -> int:
    """Count elements, but not far beyond `enough`."""
    count = 0
    pending = [root]
    while pending and count <= enough:
        children = pending.pop().elements
        count += 1
        pending.extend(children)
    return count


def _debug_sibling(app: OpenedApp, name: str | None) -> tuple[ResourceFile, ...]:
    """Return the files of ``<entry>_debug``, which debuggable builds read when the policy has no debug-overrides."""
    if name is None or "/" not in name:
        return ()
    kind, _, entry = name.partition("/")
    resource_id = app.resources.id_of(kind, entry + "_debug")
    return app.resource_files(resource_id) if resource_id is not None else ()


def _meta_data_files(app: OpenedApp) -> set[str]:
    """Return the entries that ``<meta-data android:resource>`` names: libraries read policies from there."""
    entries: set[str] = set()
    for item in app.info.meta_data:
        for text in (item.resource, item.value):
            if text and text.startswith("@0x"):
                entries.update(file.entry for file in app.resource_files(int(text[1:], 16)))
    return entries


def _orphans(app: OpenedApp, referenced: set[str]) -> tuple[Location, ...]:
    """Return XML files with a policy's root element that nothing in manifest or policy refers to."""
    found: list[Location] = []
    for entry in app.entries():
        if not entry.endswith(".xml") or entry in referenced or entry.endswith("AndroidManifest.xml"):
            continue
        try:
            data = app.read(entry)
        except TargetError:
            # Unreadable resources that nothing names take no part in any policy.
            continue
        if not data.startswith(_BINARY_XML) or not any(mark in data for mark in _ROOT_MARKS):
            continue
        try:
            root = app.xml(entry).root
        except TargetError:
            continue
        if root.name == _POLICY_ROOT:
            found.append(Location(kind="xml", entry=entry, xml_path=root.name, line=root.line))
    return tuple(found)
