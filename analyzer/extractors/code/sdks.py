"""Libraries, SDKs, runtimes and packers, recognised by the catalogue."""

import re
from collections.abc import Iterable, Mapping

from analyzer.dex import DexClass, descriptor_of, dotted
from analyzer.errors import TargetError
from analyzer.extractors.code.context import CodeContext, location_of
from analyzer.extractors.sdk_catalogue import Sdk, VersionFile
from analyzer.model import AnalysisGap, Location, Record, SdkFact

_SHOWN_SITES = 3
_VERSION_FILE_CHARACTERS = 4096
_BEGINNING = re.compile(r"(?:[A-Za-z0-9/_ -](?![*?+{]))*")
"""What texts begin with that match an expression, as far as it is written plainly."""


class SdkFacts(Record, frozen=True, kw_only=True):
    """What was recognised."""

    sdks: tuple[SdkFact, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def extract_sdks(code: CodeContext) -> SdkFacts:
    """Recognise what the app brings along, by packages, classes, bundled files, native libraries and version texts.

    There is one fact per library and version: an app may hold two copies, one of them renamed. Gaps are left for
    code that a packer or a runtime keeps from being read.
    """
    by_owner = _first_classes(code)
    entries = _by_name(code.entries)
    natives = frozenset(code.app.native_libraries)
    facts: list[SdkFact] = []
    for sdk in code.catalogue.sdks:
        versions = _versions(code, sdk)
        evidence = [*_code_evidence(code, sdk, by_owner), *_file_evidence(sdk, entries, natives)]
        if not evidence and not versions:
            continue
        if versions:
            facts += (
                SdkFact(name=sdk.name, kind=sdk.kind, version=version, evidence=(*places, *evidence))
                for version, places in versions.items()
            )
        else:
            version = _version_in_file(code, sdk.version_file, entries)
            facts.append(SdkFact(name=sdk.name, kind=sdk.kind, version=version, evidence=tuple(evidence)))
    return SdkFacts(sdks=tuple(facts), gaps=(*_gaps(facts), *_renamed(code)))


def _first_classes(code: CodeContext) -> dict[str, DexClass]:
    """Return for each owner the first of its classes by name, whatever the order of the DEX files."""
    first: dict[str, tuple[str, DexClass]] = {}
    for descriptor, definition in code.program.hierarchy.definitions:
        owner = code.owner_of(descriptor)
        known = first.get(owner)
        if known is None or descriptor < known[0]:
            first[owner] = (descriptor, definition)
    return {owner: definition for owner, (_, definition) in first.items()}


def _by_name(entries: Iterable[str]) -> dict[str, str]:
    """Return entries by their name inside the APK; in a split set that of the APK comes before it."""
    found: dict[str, str] = {}
    for entry in entries:
        found.setdefault(entry.rpartition("!")[2], entry)
    return found


def _code_evidence(code: CodeContext, sdk: Sdk, by_owner: Mapping[str, DexClass]) -> Iterable[Location]:
    definition = by_owner.get(f"sdk:{sdk.name}")
    if definition is None:
        named = (code.program.find_class(descriptor_of(name)) for name in sdk.classes)
        definition = next((found for found in named if found is not None), None)
    if definition is not None:
        yield Location(kind="code", entry=definition.file.entry, class_name=definition.name)


def _file_evidence(sdk: Sdk, entries: Mapping[str, str], natives: frozenset[str]) -> Iterable[Location]:
    for wanted in sdk.entries:
        if wanted.endswith("/"):
            found = next((entry for name, entry in entries.items() if name.startswith(wanted)), None)
        else:
            found = entries.get(wanted)
        if found is not None:
            yield Location(kind="entry", entry=found)
    for library in sdk.native:
        if library in natives:
            place = next((entry for name, entry in entries.items() if name.endswith(f"/{library}")), library)
            yield Location(kind="entry", entry=place)


def _versions(code: CodeContext, sdk: Sdk) -> dict[str, tuple[Location, ...]]:
    """Return the versions that string constants name, each with the places that load it."""
    if sdk.version_string is None:
        return {}
    pattern = re.compile(sdk.version_string)
    versions: dict[str, tuple[Location, ...]] = {}
    start = _BEGINNING.match(sdk.version_string)
    assert start is not None
    for text in code.program.strings_starting(start[0]):
        match = pattern.fullmatch(text)
        if match is not None:
            sites = code.program.users.loads_of([text])[:_SHOWN_SITES]
            versions[match[1]] = tuple(location_of(site, text) for site in sites)
    return versions


def _version_in_file(code: CodeContext, file: VersionFile | None, entries: Mapping[str, str]) -> str | None:
    if file is None or code.read is None or file.entry not in entries:
        return None
    try:
        content = code.read(entries[file.entry])
    except TargetError:
        return None
    match = re.search(file.pattern, content[:_VERSION_FILE_CHARACTERS].decode("utf-8", "replace"))
    return None if match is None else match[1]


def _gaps(facts: Iterable[SdkFact]) -> Iterable[AnalysisGap]:
    for fact in facts:
        if fact.kind == "packer":
            yield AnalysisGap(
                stage="code",
                reason="packed",
                subject=fact.name,
                detail=f"The code is packed with {fact.name}: what it unpacks on the device is not in the package.",
                hides=("pin", "callback", "certificate", "sdk", "host", "code"),
            )
        elif fact.kind == "runtime":
            yield AnalysisGap(
                stage="code",
                reason="unsupported-runtime",
                subject=fact.name,
                detail=f"The app brings the runtime {fact.name}; what runs on it is not analysed, and it may make "
                "connections of its own.",
                hides=("host", "native"),
            )


def _renamed(code: CodeContext) -> Iterable[AnalysisGap]:
    """Yield a gap for each library that is there by its texts, and not by the names that its calls are known by."""
    program = code.program
    for name, renamed in ((sdk.name, one) for sdk in code.catalogue.sdks for one in sdk.renamed):
        texts = [program.strings_starting(text) for text in renamed.texts]
        loading = [program.users.loads_of(some)[:1] for some in texts] if all(texts) else []
        if loading and all(loading) and not any(_is_there(code, one) for one in renamed.unless):
            yield AnalysisGap(
                stage="code",
                reason="unresolved-value",
                subject=name,
                detail=f"{dotted(loading[0][0].method.ref.owner)} loads a text of {name}, whose classes have other "
                f"names here, so that its calls are not recognised: {renamed.missing} may be missing.",
                hides=renamed.hides,
            )


def _is_there(code: CodeContext, name: str) -> bool:
    """Say whether a class is there, under another package in front as well."""
    descriptor = descriptor_of(name)
    names = (descriptor, *code.program.copies_of(descriptor))
    return any(code.program.find_class(one) is not None for one in names)
