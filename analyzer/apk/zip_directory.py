"""The directory of a ZIP archive, read the way Android's libziparchive reads it: only the central directory counts."""

import re
import struct
from typing import NamedTuple

from analyzer.apk.errors import EntryError
from analyzer.options import Limits

Buffer = memoryview

_END = struct.Struct("<IHHHHIIH")
_END_SIGNATURE = b"PK\x05\x06"
_LONGEST_COMMENT = 0xFFFF
_LOCATOR64 = struct.Struct("<IIQI")
_LOCATOR64_SIGNATURE = 0x07064B50
_END64 = struct.Struct("<IQHHIIQQQQ")
_END64_SIGNATURE = 0x06064B50
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_CENTRAL_SIGNATURE = b"PK\x01\x02"
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_LOCAL_SIGNATURE = 0x04034B50
_ZIP64_EXTRA = 0x0001
_ABSENT = 0xFFFFFFFF
_ODD_NAME = re.compile(rb"[\x00-\x1f\x7f\\]|\A/|(?:\A|/)\.\.(?:/|\Z)")


class DirectoryEntry(NamedTuple):
    """One record of the central directory."""

    name: str
    method: int
    """Compression method as written: 8 is deflate, everything else is read as stored, as Android does."""
    stored_bytes: int
    """Size in the archive, as the directory says."""
    size_bytes: int
    """Inflated size, as the directory says; not to be trusted."""
    header_offset: int


class ZipDirectory(NamedTuple):
    """All entries of an archive and what is odd about them."""

    entries: dict[str, DirectoryEntry]
    """By name, in directory order; of several with one name the first."""
    directory_offset: int
    """Where the central directory starts; an APK's signing block ends there."""
    duplicates: tuple[str, ...]
    odd_names: tuple[str, ...]
    """Names that could lead outside of a folder or hold control characters; nothing is ever written to disk."""
    remarks: tuple[str, ...]
    """Damage that devices do not accept but that could be read past, each as a clause."""
    cut_off: str | None
    """Why entries of the directory were not read, or None when all were."""


def read_directory(data: Buffer, limits: Limits) -> ZipDirectory:
    """Read the central directory of an archive.

    Raises:
        EntryError: There is none, or it lies outside of the file.
    """
    count, size, offset, end_offset, remarks = _find_end(data)
    if offset >= end_offset and count:
        raise EntryError("its central directory lies outside of the file: the archive is cut off or damaged")
    if offset + size > end_offset:
        remarks.append("its central directory is shorter than announced")
    directory = bytes(data[offset:end_offset])
    entries: dict[str, DirectoryEntry] = {}
    duplicates: list[str] = []
    odd_names: list[str] = []
    position, cut_off, resumed = 0, None, False
    for index in range(count):
        if index >= limits.entries:
            cut_off = f"it announces {count} entries, only the first {limits.entries} were read"
            break
        found = directory.find(_CENTRAL_SIGNATURE, position)
        if found < 0 or found + _CENTRAL.size > len(directory):
            cut_off = f"its central directory ends after {index} of {count} entries"
            break
        resumed = resumed or found != position
        entry, raw, position = _read_central(directory, found)
        if len(raw) > limits.name_bytes:
            remarks.append(f"a name of {len(raw)} bytes was left out")
        elif entry.name in entries:
            duplicates.append(entry.name)
        else:
            entries[entry.name] = entry
            if _is_odd(raw):
                odd_names.append(entry.name)
    if resumed:
        remarks.append("lengths in its central directory are wrong; the next entries were found by their signature")
    return ZipDirectory(
        entries=entries,
        directory_offset=offset,
        duplicates=tuple(duplicates),
        odd_names=tuple(odd_names),
        remarks=tuple(remarks),
        cut_off=cut_off,
    )


def data_offset(data: Buffer, entry: DirectoryEntry) -> int:
    """Return where an entry's data starts: its local header may have other name and extra lengths.

    Raises:
        EntryError: There is no local header where the directory says.
    """
    if entry.header_offset + _LOCAL.size > len(data):
        raise EntryError("its local header lies outside of the file")
    signature, *_, name_bytes, extra_bytes = _LOCAL.unpack_from(data, entry.header_offset)
    if signature != _LOCAL_SIGNATURE:
        raise EntryError("there is no local header where the directory says")
    offset: int = entry.header_offset + _LOCAL.size + name_bytes + extra_bytes
    if offset > len(data):
        raise EntryError("its data lies outside of the file")
    return offset


def _find_end(data: Buffer) -> tuple[int, int, int, int, list[str]]:
    """Return entry count, size and offset of the directory, where it must end, and remarks."""
    tail_start = max(0, len(data) - _LONGEST_COMMENT - _END.size)
    tail = bytes(data[tail_start:])
    candidates: list[int] = []
    position = tail.rfind(_END_SIGNATURE)
    while position >= 0:
        if position + _END.size <= len(tail):
            comment_bytes = _END.unpack_from(tail, position)[7]
            if position + _END.size + comment_bytes == len(tail):
                return (*_end_record(data, tail_start + position), [])
            candidates.append(tail_start + position)
        position = tail.rfind(_END_SIGNATURE, 0, position)
    # Devices want the archive's comment to end with the file; extra bytes after it are tolerated here.
    for candidate in candidates[:16]:
        record = _end_record(data, candidate)
        count, size, offset, end = record
        if offset + size <= end and (count == 0 or bytes(data[offset : offset + 4]) == _CENTRAL_SIGNATURE):
            return (*record, ["bytes follow the end of the archive"])
    raise EntryError("it has no end-of-central-directory record: it is no ZIP archive, or cut off")


def _end_record(data: Buffer, position: int) -> tuple[int, int, int, int]:
    _, _, _, _, count, size, offset, _ = _END.unpack_from(data, position)
    locator = position - _LOCATOR64.size
    if locator >= 0 and (_ABSENT in (size, offset) or count == 0xFFFF):
        signature, _, end64, _ = _LOCATOR64.unpack_from(data, locator)
        if signature == _LOCATOR64_SIGNATURE and end64 + _END64.size <= locator:
            fields = _END64.unpack_from(data, end64)
            if fields[0] == _END64_SIGNATURE:
                return fields[7], fields[8], fields[9], end64
    return count, size, offset, position


def _read_central(directory: bytes, position: int) -> tuple[DirectoryEntry, bytes, int]:
    """Return the record at `position`, its name as bytes, and where to look for the next record."""
    fields = _CENTRAL.unpack_from(directory, position)
    method, stored, size, header = fields[4], fields[8], fields[9], fields[16]
    name_bytes, extra_bytes, comment_bytes = fields[10:13]
    name_end = position + _CENTRAL.size + name_bytes
    raw = directory[position + _CENTRAL.size : name_end]
    extra = directory[name_end : name_end + extra_bytes]
    if _ABSENT in (stored, size, header):
        size, stored, header = _from_zip64(extra, size, stored, header)
    following = name_end + extra_bytes + comment_bytes
    if not directory.startswith(_CENTRAL_SIGNATURE, following):
        # Wrong lengths must not hide the records behind them.
        following = name_end
    return DirectoryEntry(_decode(raw), method, stored, size, header), raw, following


def _from_zip64(extra: bytes, size: int, stored: int, header: int) -> tuple[int, int, int]:
    """Replace the fields that hold all ones by those of the ZIP64 extra field, in its fixed order."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        if kind == _ZIP64_EXTRA:
            body = extra[position + 4 : position + 4 + length]
            numbers = list(struct.unpack(f"<{len(body) // 8}Q", body[: len(body) // 8 * 8]))
            values = [numbers.pop(0) if value == _ABSENT and numbers else value for value in (size, stored, header)]
            return values[0], values[1], values[2]
        position += 4 + length
    return size, stored, header


def _decode(raw: bytes) -> str:
    # Undecodable bytes stay distinguishable, so that two such names do not become one.
    return raw.decode("utf-8", "backslashreplace")


def _is_odd(raw: bytes) -> bool:
    return not raw or _ODD_NAME.search(raw) is not None
