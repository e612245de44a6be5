"""One app: a base APK and its splits, opened and ready to be asked for entries, resources and XML."""

import re
from pathlib import Path
from typing import NamedTuple

import msgspec

from analyzer.apk.archive import Archive
from analyzer.apk.bundle import BASE, BundleModule
from analyzer.apk.containers import ALL_FACTS, MANIFEST, find_containers
from analyzer.apk.errors import EntryError, LimitError, ReadError
from analyzer.apk.manifest import add_split, package_name, read_manifest, split_name
from analyzer.apk.manifest_attributes import ATTRIBUTE_IDS
from analyzer.apk.resources import Resolution, ResourceTable, ResourceValue
from analyzer.apk.signing import read_signers
from analyzer.apk.tree import ValueType, XmlElement
from analyzer.apk.xml import XmlDocument, read_xml
from analyzer.model import AnalysisGap, AppInfo, Record, ResourceReference, Target
from analyzer.options import Limits

_DEX = re.compile(r"classes([2-9]|[1-9][0-9]{1,5})?\.dex", re.ASCII)
_MOST_LIMIT_GAPS = 20
_NATIVE = re.compile(r"lib/[^/]+/([^/]+\.so)", re.ASCII)


class ResourceFile(Record, frozen=True, kw_only=True):
    """A file that holds a resource for some devices."""

    entry: str
    qualifiers: str = ""
    """Folder suffix of the configuration, such as ``v28``; empty for the default."""
    first_level: int = 0
    """API level of the version qualifier, else 0."""
    resource_id: int


class _Part(NamedTuple):
    """An APK, or a module of an app bundle, with its manifest."""

    archive: Archive | BundleModule
    document: XmlDocument
    split: str | None


class OpenedApp:
    """An app whose manifest has been read; everything else is read when it is asked for.

    Entries are named as in the APK; in a split set the name of the APK comes before, joined with ``!``.
    """

    def __init__(
        self, target: Target, parts: list[_Part], info: AppInfo, resources: ResourceTable, limits: Limits
    ) -> None:
        """See `open_app`."""
        self.target = target
        self.info = info
        self.resources = resources
        self.manifest: XmlElement = parts[0].document.root
        self._limits = limits
        self._gaps: dict[AnalysisGap, None] = {}
        self._too_large = 0
        self._parts = parts
        self._places = {
            _joined(part.archive, name, target): (part.archive, name) for part in parts for name in part.archive.names
        }
        self.manifest_entry = _joined(parts[0].archive, MANIFEST, target)

    @property
    def gaps(self) -> tuple[AnalysisGap, ...]:
        """What was not read, including entries that later reads found too large."""
        return tuple(self._gaps)

    def add_gaps(self, gaps: tuple[AnalysisGap, ...]) -> None:
        """Record what was not read."""
        self._gaps.update(dict.fromkeys(gaps))

    def entries(self) -> tuple[str, ...]:
        """Return the names of all entries, the base's first, each in the order of its archive."""
        return tuple(self._places)

    def read(self, entry: str) -> bytes:
        """Return an entry's content.

        Raises:
            EntryError: There is no such entry, it is damaged, or it is larger than the limits allow.
        """
        place = self._places.get(entry)
        if place is None:
            raise EntryError(f"{self.target.path}: there is no entry {entry!r}")
        try:
            return place[0].read(place[1])
        except LimitError as error:
            self._too_large += 1
            if self._too_large <= _MOST_LIMIT_GAPS:
                self.add_gaps((_limit_gap(entry, str(error)),))
            else:
                self.add_gaps((_limit_gap(self.target.path, "further entries are too large, too"),))
            raise

    def starts_with(self, entry: str, size: int) -> bytes:
        """Return the first bytes of an entry, at most `size`, at little cost; none when it cannot be read."""
        place = self._places.get(entry)
        return b"" if place is None else place[0].starts_with(place[1], size)

    def xml(self, entry: str) -> XmlDocument:
        """Read an entry as XML, binary or plain.

        Raises:
            ReadError: It cannot be read, or not as XML.
        """
        return read_xml(self.read(entry), entry, self._limits, of_bundle=self.target.format == "aab")

    @property
    def dex_entries(self) -> tuple[str, ...]:
        """Entries with DEX code in load order: the base's first, then each split's."""
        return self.info.dex_entries

    def read_dex(self, entry: str) -> bytes:
        """Return the content of a DEX entry.

        Raises:
            EntryError: As `read`.
        """
        return self.read(entry)

    def resource_files(self, reference: ResourceReference | int) -> tuple[ResourceFile, ...]:
        """Return the files that a resource stands for, in every configuration, whatever they are called.

        A value that names a file which no APK holds is left out here; see `missing_resource_files`.
        """
        files: dict[ResourceFile, None] = {}
        for value in self._resolve(reference).values:
            entry = self._entry_of(value)
            if entry is not None:
                files[
                    ResourceFile(
                        entry=entry,
                        qualifiers=value.configuration,
                        first_level=value.first_level,
                        resource_id=value.resource_id,
                    )
                ] = None
        return tuple(files)

    def missing_resource_files(self, reference: ResourceReference | int) -> tuple[str, ...]:
        """Return the file names that a resource has according to the tables but that no APK holds."""
        return tuple(
            value.string
            for value in self._resolve(reference).values
            if value.value_type == ValueType.STRING and value.string and self._entry_of(value) is None
        )

    def _resolve(self, reference: ResourceReference | int) -> Resolution:
        if isinstance(reference, int):
            return self.resources.resolve(reference)
        identifier = reference.resource_id
        if identifier is None and reference.name is not None:
            kind, _, name = reference.name.partition("/")
            identifier = self.resources.id_of(kind, name)
        return Resolution(values=()) if identifier is None else self.resources.resolve(identifier)

    def _entry_of(self, value: ResourceValue) -> str | None:
        """Find the file of a value: in the APK whose table names it, as on a device, else in any other."""
        if value.value_type != ValueType.STRING or not value.string:
            return None
        container, separator, _ = value.entry.rpartition("!")
        own = f"{container}{separator}{value.string}"
        if own in self._places:
            return own
        return next(
            (_joined(part.archive, value.string, self.target) for part in self._parts if value.string in part.archive),
            None,
        )


def open_app(path: Path, limits: Limits) -> OpenedApp:
    """Open an APK, a split set (.apks, .xapk, .apkm), an app bundle (.aab), or a folder of split APKs as one app.

    Nothing is written to disk. What can be read although it is damaged is read, with a gap that says so.

    Raises:
        UsageError: There is nothing at `path`.
        TargetError: It is no Android package, or its manifest cannot be read; the message is one line.
    """
    containers = find_containers(path, limits)
    gaps = list(containers.gaps)
    parts = _ordered(path, _read_manifests(containers.apks, limits, gaps), gaps)
    base = parts[0]
    if base.split is not None:
        raise ReadError(
            f"{path}: holds only the split {base.split!r} of {package_name(base.document.root)}; "
            "pass it together with the base APK, as a folder or a split set"
        )
    target = containers.target
    resources = ResourceTable.from_bytes(_tables(parts, target, gaps), limits)
    gaps.extend(resources.gaps)
    entry = _joined(base.archive, MANIFEST, target)
    if base.document.recovered:
        gaps.append(_recovered(entry, base.document.detail))
    reading = read_manifest(base.document.root, entry, resources)
    gaps.extend(reading.gaps)
    app_info = reading.info
    for part in parts[1:]:
        added = add_split(app_info, part.document.root, _joined(part.archive, MANIFEST, target), resources)
        app_info = added.info
        gaps.extend(added.gaps)
    # A bundle is signed by whoever uploads it, its APKs by whoever holds the app's key: nothing is said of that here.
    signers, signer_gaps = read_signers(base.archive) if isinstance(base.archive, Archive) else ((), ())
    gaps.extend(signer_gaps)
    splits = tuple(sorted(part.split for part in parts[1:] if part.split))
    info = msgspec.structs.replace(
        app_info,
        splits=splits,
        required_splits_missing=reading.splits_required and not splits,
        signers=signers,
        dex_entries=_dex_entries(parts, target),
        native_libraries=_native_libraries(parts),
    )
    if info.required_splits_missing:
        gaps.append(_splits_missing(entry))
    app = OpenedApp(target, parts, info, resources, limits)
    app.add_gaps(tuple(gaps))
    return app


def _joined(archive: Archive | BundleModule, name: str, target: Target) -> str:
    return name if target.format == "apk" else f"{archive.name}!{name}"


def _read_manifests(apks: tuple[Archive | BundleModule, ...], limits: Limits, gaps: list[AnalysisGap]) -> list[_Part]:
    """Read each APK's manifest; those without one are left out, unless it is the only APK."""
    parts: list[_Part] = []
    failures: list[ReadError] = []
    for archive in apks:
        try:
            of_bundle = isinstance(archive, BundleModule)
            document = read_xml(archive.read(MANIFEST), f"{archive.name}!{MANIFEST}", limits, of_bundle=of_bundle)
        except ReadError as error:
            failures.append(error)
            gaps.append(
                AnalysisGap(
                    stage="manifest",
                    reason="limit" if isinstance(error, LimitError) else "unreadable",
                    subject=f"{archive.name}!{MANIFEST}",
                    detail=f"The APK was not read, its manifest is missing or damaged: {error}.",
                    hides=ALL_FACTS,
                    incomplete=True,
                )
            )
            continue
        # A module becomes the split of its own name, which its manifest need not say.
        module = None if archive.name == BASE else archive.name
        parts.append(_Part(archive, document, module if of_bundle else split_name(document.root)))
    if not parts:
        raise failures[0]
    return parts


def _ordered(path: Path, parts: list[_Part], gaps: list[AnalysisGap]) -> list[_Part]:
    """Put the base first, then its splits by name; leave out what belongs to another app or version."""
    bases = [part for part in parts if part.split is None]
    if not bases:
        return parts[:1]
    packages = sorted({package_name(part.document.root) for part in bases})
    if len(packages) > 1:
        raise ReadError(f"{path}: holds several apps ({', '.join(packages[:3])}…); scan each of them on its own")
    base = bases[0]
    identity = _identity(base)
    kept: list[_Part] = []
    for part in parts:
        if part is base:
            continue
        if part.split is None:
            detail = "It is a second base APK; only the first one was read"
        elif _identity(part) != identity:
            detail = "It is a split of another package or version than the base, and was not read"
        elif any(part.split == other.split for other in kept):
            detail = f"The split {part.split!r} is there twice; only the first one was read"
        else:
            kept.append(part)
            continue
        gaps.append(
            AnalysisGap(
                stage="container",
                reason="unsupported-format",
                subject=part.archive.name,
                detail=f"{detail}.",
                hides=ALL_FACTS,
            )
        )
    return [base, *sorted(kept, key=lambda part: part.split or "")]


def _identity(part: _Part) -> tuple[str, int | None]:
    root = part.document.root
    version = root.android("versionCode", ATTRIBUTE_IDS["versionCode"])
    return package_name(root), version.data if version is not None else None


def _tables(parts: list[_Part], target: Target, gaps: list[AnalysisGap]) -> list[tuple[str, memoryview]]:
    tables: list[tuple[str, memoryview]] = []
    for part in parts:
        name = part.archive.resource_table
        if name not in part.archive:
            continue
        entry = _joined(part.archive, name, target)
        try:
            tables.append((entry, part.archive.view(name)))
        except EntryError as error:
            gaps.append(
                AnalysisGap(
                    stage="container",
                    reason="limit" if isinstance(error, LimitError) else "unreadable",
                    subject=entry,
                    detail=f"The resource table could not be read: {error}.",
                    hides=("app", "policy", "pin", "certificate"),
                )
            )
    return tables


def _dex_entries(parts: list[_Part], target: Target) -> tuple[str, ...]:
    found: list[str] = []
    for part in parts:
        numbered = [(int(match[1] or 1), name) for name in part.archive.names if (match := _DEX.fullmatch(name))]
        found.extend(_joined(part.archive, name, target) for _, name in sorted(numbered))
    return tuple(found)


def _native_libraries(parts: list[_Part]) -> tuple[str, ...]:
    matches = (_NATIVE.fullmatch(name) for part in parts for name in part.archive.names)
    return tuple(sorted({match[1] for match in matches if match is not None}))


def _recovered(entry: str, detail: str | None) -> AnalysisGap:
    return AnalysisGap(
        stage="manifest",
        reason="recovered",
        subject=entry,
        detail=f"The manifest is not as compilers write it and was read as a device reads it ({detail}).",
    )


def _limit_gap(subject: str, why: str) -> AnalysisGap:
    return AnalysisGap(stage="container", reason="limit", subject=subject, detail=f"An entry was not read: {why}.")


def _splits_missing(entry: str) -> AnalysisGap:
    return AnalysisGap(
        stage="container",
        reason="missing-split",
        subject=entry,
        detail="The manifest says that the app needs its splits, and none was supplied: pass all APKs of the app.",
        hides=("policy", "pin", "callback", "certificate", "sdk", "host", "code", "native"),
    )
