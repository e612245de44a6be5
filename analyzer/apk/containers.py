"""Finds the APKs of a target: the file itself, the files of a folder, or those inside a split-set archive.

What a file is, is told by its content; its name plays no part.
"""

import hashlib
import mmap
import re
import stat
from pathlib import Path

from analyzer.apk.archive import Archive, Budget
from analyzer.apk.bundle import BundleModule, bundle_modules
from analyzer.apk.errors import EntryError, LimitError, ReadError
from analyzer.errors import UsageError
from analyzer.model import AnalysisGap, FactKind, Record, Target
from analyzer.model.result import TargetFormat
from analyzer.options import Limits

MANIFEST = "AndroidManifest.xml"
ALL_FACTS: tuple[FactKind, ...] = (
    "app", "policy", "pin", "callback", "certificate", "sdk", "host", "code", "native",
)  # fmt: skip
_SET_MARKS: dict[str, TargetFormat] = {"toc.pb": "apks", "manifest.json": "xapk", "info.json": "apkm"}
_BUNDLE_MARK = "BundleConfig.pb"
_UNIVERSAL = "universal.apk"
_VARIANT = re.compile(r"_([0-9]{1,4})\.apk\Z", re.IGNORECASE | re.ASCII)
_NESTED_RATIO = 20
"""Bound on what the APKs of a split set inflate to, as they stay in memory; an APK hardly compresses again."""
_READ_BYTES = 1024 * 1024


class Containers(Record, frozen=True, kw_only=True):
    """The APKs of one target."""

    target: Target
    apks: tuple[Archive | BundleModule, ...]
    """Each named by its file name, by its path in the archive that holds it, or as the module that it is."""
    gaps: tuple[AnalysisGap, ...]


def find_containers(path: Path, limits: Limits) -> Containers:
    """Open the APKs, or the modules of an app bundle, that `path` stands for.

    Raises:
        UsageError: There is nothing at `path`.
        ReadError: What is there is no APK and holds none, or is too large.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder")
    if path.is_dir():
        return _from_folder(path, limits)
    data, size = _map(path, limits.target_bytes)
    try:
        archive = Archive(data, path.name, limits, Budget(limits, size))
    except EntryError as error:
        raise ReadError(f"{path}: not an Android package: {_without_name(error, path.name)}") from None
    if MANIFEST in archive:
        apks: tuple[Archive | BundleModule, ...] = (archive,)
        target_format: TargetFormat = "apk"
        gaps: tuple[AnalysisGap, ...] = archive.gaps
    elif modules := bundle_modules(archive):
        apks, target_format, gaps = modules, "aab", archive.gaps
    else:
        target_format, names = _split_set(archive, path)
        archive.use_budget(Budget(limits, size, _NESTED_RATIO))
        apks, gaps = _open_nested(archive, names, limits, Budget(limits, size))
        gaps = archive.gaps + gaps
    target = Target(path=path.as_posix(), sha256=_digest(path).hex(), size_bytes=size, format=target_format)
    return Containers(target=target, apks=apks, gaps=gaps)


def _from_folder(path: Path, limits: Limits) -> Containers:
    files = sorted(child for child in path.iterdir() if child.suffix.lower() == ".apk" and child.is_file())
    if not files:
        raise ReadError(f"{path}: the folder holds no .apk file; pass an APK, a split set, or a folder of split APKs")
    gaps: list[AnalysisGap] = []
    if len(files) > limits.split_files:
        gaps.append(_too_many(path.name, len(files), limits))
        files = files[: limits.split_files]
    left = limits.target_bytes
    buffers: list[tuple[Path, memoryview]] = []
    for file in files:
        data, size = _map(file, left)
        left -= size
        buffers.append((file, data))
    budget = Budget(limits, limits.target_bytes - left)
    apks: list[Archive] = []
    for file, data in buffers:
        try:
            apks.append(Archive(data, file.name, limits, budget))
        except EntryError as error:
            gaps.append(_unreadable(file.name, str(error)))
    if not apks:
        raise ReadError(f"{path}: none of its {len(files)} .apk files can be read as an Android package")
    digests = sorted(_digest(file) for file in files)
    target = Target(
        path=path.as_posix(),
        sha256=hashlib.sha256(b"".join(digests)).hexdigest(),
        size_bytes=limits.target_bytes - left,
        format="split-set",
    )
    gaps.extend(gap for apk in apks for gap in apk.gaps)
    return Containers(target=target, apks=tuple(apks), gaps=tuple(gaps))


def _map(path: Path, most_bytes: int) -> tuple[memoryview, int]:
    """Map a file into memory, so that only what is looked at is ever loaded."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            # Asked before opening: opening a pipe would wait for its other end.
            raise ReadError(f"{path}: not a regular file")
        if status.st_size == 0:
            raise ReadError(f"{path}: the file is empty")
        if status.st_size > most_bytes:
            raise ReadError(f"{path}: {status.st_size} bytes are more than the limit of {most_bytes}")
        with path.open("rb") as stream:
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)), status.st_size
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error.strerror or error}") from None


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_READ_BYTES):
            digest.update(chunk)
    return digest.digest()


def _split_set(archive: Archive, path: Path) -> tuple[TargetFormat, list[str]]:
    """Tell which kind of split set an archive is, and which of its APKs belong to one installation."""
    nested = sorted(name for name in archive.names if name.lower().endswith(".apk"))
    if not nested:
        if _BUNDLE_MARK in archive:
            raise ReadError(f"{path}: an app bundle without a base module")
        raise ReadError(f"{path}: not an Android package: it holds neither {MANIFEST} nor APKs")
    target_format: TargetFormat = next((kind for mark, kind in _SET_MARKS.items() if mark in archive), "apks")
    if _UNIVERSAL in nested:
        return target_format, [_UNIVERSAL]
    splits = [name for name in nested if name.startswith("splits/")]
    standalones = [name for name in nested if name.startswith("standalones/")]
    if splits:
        return target_format, _one_variant(splits)
    if standalones:
        # Each is a whole app for one kind of device; the largest one holds the most.
        return target_format, [max(standalones, key=lambda name: (archive.stored_bytes(name), name))]
    return target_format, [name for name in nested if not name.startswith(("instant/", "asset-slices/"))]


def _one_variant(names: list[str]) -> list[str]:
    """Keep the APKs of the first variant: bundletool numbers those of further ones ``…_2.apk`` and so on."""
    by_variant: dict[int, list[str]] = {}
    for name in names:
        match = _VARIANT.search(name.replace("x86_64", "x86-64"))
        by_variant.setdefault(int(match[1]) if match is not None else 1, []).append(name)
    return by_variant[min(by_variant)]


def _open_nested(
    archive: Archive, names: list[str], limits: Limits, budget: Budget
) -> tuple[tuple[Archive, ...], tuple[AnalysisGap, ...]]:
    gaps: list[AnalysisGap] = []
    if len(names) > limits.split_files:
        gaps.append(_too_many(archive.name, len(names), limits))
        names = names[: limits.split_files]
    apks: list[Archive] = []
    for name in names:
        try:
            apks.append(Archive(archive.view(name), name, limits, budget))
        except LimitError as error:
            gaps.append(
                AnalysisGap(
                    stage="container",
                    reason="limit",
                    subject=name,
                    detail=f"The split was not read: {error}.",
                    hides=ALL_FACTS,
                    incomplete=True,
                )
            )
        except EntryError as error:
            gaps.append(_unreadable(name, str(error)))
    if not apks:
        first = gaps[0].detail if gaps else "there is none"
        raise ReadError(f"{archive.name}: none of its APKs can be read: {first}")
    gaps.extend(gap for apk in apks for gap in apk.gaps)
    return tuple(apks), tuple(gaps)


def _without_name(error: EntryError, name: str) -> str:
    return str(error).removeprefix(f"{name}: ")


def _unreadable(subject: str, why: str) -> AnalysisGap:
    return AnalysisGap(
        stage="container",
        reason="unreadable",
        subject=subject,
        detail=f"The APK was not read: {why}.",
        hides=ALL_FACTS,
        incomplete=True,
    )


def _too_many(subject: str, count: int, limits: Limits) -> AnalysisGap:
    return AnalysisGap(
        stage="container",
        reason="limit",
        subject=subject,
        detail=f"Of {count} APKs only the first {limits.split_files} were read.",
        hides=ALL_FACTS,
        incomplete=True,
    )
