"""Targets built to cost time or memory, or to lead a reader astray."""

import struct
from collections.abc import Callable, Iterator
from functools import cache

from tests.support.apks import POLICY, apk, manifest
from tests.support.arsc import Resource, TableLayout, table
from tests.support.axml import Element, chunk, compile_xml, element
from tests.support.pools import Pool
from tests.support.values import Ref, Value
from tests.support.zips import Entry, archive, deflated

MIB = 1024 * 1024
_NONE = 0xFFFFFFFF
_NSC: dict[str, Value] = {"android:networkSecurityConfig": Ref(0x7F010000)}
_MANIFEST = manifest(application=_NSC)


def _with_policy(policy: bytes | Element) -> bytes:
    return apk(_MANIFEST, resources=[Resource("xml", "policy", {"": "res/a.xml"})], files={"res/a.xml": policy})


def _raw_axml(pool: bytes, nodes: bytes) -> bytes:
    content = pool + nodes
    return struct.pack("<HHI", 3, 8, 8 + len(content)) + content


def _pool(*strings: str) -> bytes:
    pool = Pool()
    for text in strings:
        pool.add(text)
    return pool.chunk()


def _node(kind: int, body: bytes) -> bytes:
    return chunk(kind, body, struct.pack("<II", 1, _NONE))


def _start(name: int = 0, count: int = 0, width: int = 20, records: bytes = b"") -> bytes:
    return _node(0x102, struct.pack("<IIHHHHHH", _NONE, name, 20, width, count, 0, 0, 0) + records)


def _end() -> bytes:
    return _node(0x103, struct.pack("<II", _NONE, 0))


def deep_nesting() -> bytes:
    """A hundred thousand elements, each in the one before."""
    return _with_policy(_raw_axml(_pool("a"), _start() * 100_000 + _end() * 100_000))


def deep_plain_nesting() -> bytes:
    """The same as plain XML."""
    return _with_policy(b"<a>" * 100_000 + b"</a>" * 100_000)


def million_attributes() -> bytes:
    """Sixteen elements whose attributes all overlap: 65535 each for no bytes at all."""
    return _with_policy(_raw_axml(_pool("a"), _start(count=65_535, width=0, records=b"\0" * 20) * 400 + _end() * 400))


def million_attributes_written_out() -> bytes:
    """A million attributes in twenty megabytes of one file, deflated to little."""
    record = struct.pack("<IIIHBBI", _NONE, 0, _NONE, 8, 0, 0x10, 1)
    element_ = _start(count=50_000, records=record * 50_000)
    return _with_policy(_raw_axml(_pool("a"), element_ * 12 + _end() * 12))


def strings_that_are_not_there() -> bytes:
    """A pool that announces four billion strings."""
    pool = bytearray(_pool("manifest"))
    struct.pack_into("<I", pool, 8, 0xFFFFFFFF)
    return apk(_raw_axml(bytes(pool), _start() + _end()))


def three_million_strings() -> bytes:
    """A pool of three million empty strings, each really there."""
    count = 3_000_000
    start = 28 + 4 * count
    pool = struct.pack("<HHIIIIII", 1, 28, start + 4, count, 0, 0x100, start, 0) + b"\0" * 4 * count + b"\0\0\0\0"
    return apk(_raw_axml(pool, _start() + _end()))


def junk_before_every_chunk() -> bytes:
    """Bytes that make a reader search byte by byte for the next chunk."""
    return _with_policy(_raw_axml(_pool("a"), (b"\x01" * 64 + _start() + _end()) * 20_000))


def tiny_chunks() -> bytes:
    """A table of nothing but headers."""
    return apk(_MANIFEST, resources=struct.pack("<HHII", 2, 12, 8 * MIB, 1) + struct.pack("<HHI", 0x7777, 8, 8) * MIB)


def many_type_chunks() -> bytes:
    """A hundred thousand configurations of one type."""
    header = struct.pack("<BBHII", 1, 0, 0, 1, 84 + 4)
    one = chunk(
        0x201, struct.pack("<I", 0) + struct.pack("<HHIHBBI", 8, 0, 0, 8, 0, 1, 0x7F010000), header + b"\0" * 64
    )
    types, keys = _pool("xml"), _pool("policy")
    package = struct.pack("<I256sIIIII", 0x7F, b"", 288, 0, 288 + len(types), 0, 0)
    content = _pool("x") + chunk(0x200, types + keys + one * 100_000, package)
    return apk(_MANIFEST, resources=struct.pack("<HHII", 2, 12, 12 + len(content), 1) + content)


def references_in_a_circle() -> bytes:
    """Resources that refer to each other."""
    circle = [Resource("xml", f"r{i}", {"": Ref(0x7F010000 + (i + 1) % 50)}) for i in range(50)]
    return apk(_MANIFEST, resources=circle)


def references_that_multiply() -> bytes:
    """Each resource refers to the next one in thirty configurations: thirty to the power of twenty paths."""
    fan = [Resource("xml", f"r{i}", {f"v{v}": Ref(0x7F010001 + i) for v in range(1, 31)}) for i in range(20)]
    return apk(_MANIFEST, resources=fan)


def references_to_nothing() -> bytes:
    """A policy that no table defines."""
    return apk(_MANIFEST, resources=[Resource("string", "a", {"": Ref(0x7F990000)})])


def huge_arrays() -> bytes:
    """An array that announces four billion items."""
    raw = bytearray(table([Resource("array", "policy", {"": ["a"] * 200})]))
    position = raw.rindex(struct.pack("<HHIII", 16, 1, 0, 0, 200))
    struct.pack_into("<I", raw, position + 12, 0xFFFFFFFF)
    return apk(_MANIFEST, resources=bytes(raw))


def sparse_lies() -> bytes:
    """A sparse type that announces four billion entries."""
    raw = bytearray(table([Resource("xml", "policy", {"": "res/a.xml"})], TableLayout(sparse=True)))
    position = raw.index(struct.pack("<HH", 0x0201, 84))
    struct.pack_into("<I", raw, position + 12, 0xFFFFFFFF)
    return apk(_MANIFEST, resources=bytes(raw))


def entity_bomb() -> bytes:
    """Entities that expand to ten to the power of nine characters."""
    entities = b"".join(b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 10) for i in range(1, 9))
    return _with_policy(b'<!DOCTYPE a [<!ENTITY e0 "0123456789">' + entities + b"]><a>&e8;</a>")


def entity_bomb_in_attributes() -> bytes:
    """The same where attribute values are expanded."""
    entities = b"".join(b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 10) for i in range(1, 9))
    return _with_policy(b'<!DOCTYPE a [<!ENTITY e0 "0123456789">' + entities + b']><a b="&e8;"/>')


def quadratic_entities() -> bytes:
    """One large entity used again and again."""
    return _with_policy(b'<!DOCTYPE a [<!ENTITY e "' + b"x" * 100_000 + b'">]><a>' + b"&e;" * 100_000 + b"</a>")


def external_entities() -> bytes:
    """Entities that name files and addresses."""
    return _with_policy(b'<!DOCTYPE a SYSTEM "http://example.com/a.dtd" [<!ENTITY e SYSTEM "/etc/passwd">]><a>&e;</a>')


def manifest_bomb() -> bytes:
    """A manifest that inflates to a hundred megabytes of zeros."""
    return archive(Entry("AndroidManifest.xml", b"", raw=_zeros(100), size_bytes=2000))


def table_bomb() -> bytes:
    """A resource table that inflates to a hundred megabytes."""
    plain = compile_xml(_MANIFEST)
    return archive(Entry("AndroidManifest.xml", plain), Entry("resources.arsc", b"", raw=_zeros(100), size_bytes=100))


def many_small_bombs() -> bytes:
    """Two hundred entries just below the size from which the ratio counts."""
    raw = _zeros(24)
    entries = (Entry(f"res/{i}.xml", b"", raw=raw, size_bytes=10) for i in range(200))
    return archive(Entry("AndroidManifest.xml", compile_xml(_MANIFEST)), *entries)


def overlapping_entries() -> bytes:
    """Sixty thousand entries that all point to the same bomb."""
    raw = _zeros(24)
    names = (
        Entry(f"res/{i}.xml", b"", raw=b"", stored_bytes=len(raw), size_bytes=1, header_offset=0) for i in range(60_000)
    )
    return archive(
        Entry("res/x.xml", b"", raw=raw, size_bytes=1), Entry("AndroidManifest.xml", compile_xml(_MANIFEST)), *names
    )


def nested_bombs() -> bytes:
    """A split set whose APKs are bombs."""
    raw = _zeros(24)
    return archive(*(Entry(f"s{i}.apk", b"", raw=raw, size_bytes=10) for i in range(500)), Entry("toc.pb", b""))


def set_in_a_set() -> bytes:
    """Split sets in split sets."""
    data = apk(_MANIFEST)
    for _ in range(30):
        data = archive(Entry("base.apk", data, deflate=False), Entry("toc.pb", b""))
    return data


def many_entries() -> bytes:
    """As many entries as the format counts without ZIP64."""
    return archive(
        Entry("AndroidManifest.xml", compile_xml(_MANIFEST)), *(Entry(f"a/{i}", deflate=False) for i in range(65_000))
    )


def one_name_many_times() -> bytes:
    """Sixty-five thousand entries with the name of the manifest."""
    entry = Entry("AndroidManifest.xml", compile_xml(_MANIFEST))
    return archive(entry, *(Entry("AndroidManifest.xml", b"x", deflate=False) for _ in range(60_000)))


def names_of_sixty_kilobytes() -> bytes:
    """Names as long as the format allows."""
    return archive(
        Entry("AndroidManifest.xml", compile_xml(_MANIFEST)), *(Entry(b"%05d" % i + b"n" * 60_000) for i in range(50))
    )


def names_that_lead_elsewhere() -> bytes:
    """Names that mean trouble to whoever writes them to a disk or a terminal."""
    names = ["../../etc/passwd", "/etc/passwd", "C:\\x", "a\0b", "a\nb\x1b[2J", "‮txt.exe", "classes.dex/"]
    return archive(Entry("AndroidManifest.xml", compile_xml(_MANIFEST)), *(Entry(name, b"x") for name in names))


def faked_everything() -> bytes:
    """Unknown methods, encryption flags, wrong sizes, wrong extra fields, all at once."""
    raw = compile_xml(_MANIFEST)
    return archive(
        Entry("AndroidManifest.xml", raw, deflate=False, method=0x3039, flags=0xFFFF, central_extra=b"\xff" * 9),
        Entry("classes.dex", b"dex\n035\0", flags=1, size_bytes=0, local_extra=b"**"),
        Entry("resources.arsc", b"\x02\0", method=98, flags=0x2001),
    )


def end_records_everywhere() -> bytes:
    """A comment full of end records."""
    fake = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFF, 0, 0)
    return archive(Entry("AndroidManifest.xml", compile_xml(_MANIFEST)), comment=fake * 2900, after=b"x")


def directory_of_four_gigabytes() -> bytes:
    """ZIP64 records with sizes beyond everything."""
    data = archive(Entry("AndroidManifest.xml", compile_xml(_MANIFEST)))
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1 << 60, 1 << 60, 1 << 62, 0)
    locator = struct.pack("<IIQI", 0x07064B50, 0, len(data), 1)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, _NONE, _NONE, 0)
    return data + end64 + locator + end


def giant_signing_block() -> bytes:
    """A signing block that announces a quarter of all memory there is."""
    block = struct.pack("<Q", 1 << 61) + b"\0" * 64 + struct.pack("<Q", 1 << 61) + b"APK Sig Block 42"
    return archive(Entry("AndroidManifest.xml", compile_xml(_MANIFEST)), before_directory=block)


def deep_der() -> bytes:
    """A JAR signature of nothing but nested sequences."""
    content = b""
    for _ in range(2000):
        length = struct.pack(">I", len(content))
        content = b"\x30\x84" + length + content
    manifest_ = Entry("AndroidManifest.xml", compile_xml(_MANIFEST))
    return archive(manifest_, Entry("META-INF/A.RSA", content), Entry("META-INF/A.SF", b""))


def manifest_of_nothing() -> bytes:
    """A manifest without a single element."""
    return apk(_raw_axml(_pool("manifest"), b""))


def end_tags_without_start() -> bytes:
    """More end tags than start tags."""
    return _with_policy(_raw_axml(_pool("a"), _end() * 1000 + _start() + _end() * 1000))


def texts_without_element() -> bytes:
    """Texts before the root."""
    text = _node(0x104, struct.pack("<IHBBI", 0, 8, 0, 0, 0))
    return _with_policy(_raw_axml(_pool("a"), text * 1000 + _start() + text * 1000 + _end()))


def many_configurations() -> bytes:
    """A policy in two thousand configurations."""
    values: dict[str, Value | list[Value]] = {f"sw{i}dp": "res/a.xml" for i in range(1, 2000)}
    return apk(_MANIFEST, resources=[Resource("xml", "policy", values)], files={"res/a.xml": POLICY})


def many_components() -> bytes:
    """Tens of thousands of components and their names."""
    children = tuple(element("activity", {"android:name": f".A{i % 100}"}) for i in range(30_000))
    return apk(manifest(application=_NSC, children=children))


def long_strings() -> bytes:
    """A package name of a million characters."""
    return apk(manifest(root={"package": "a." * 500_000, "android:versionName": "9" * 1_000_000}))


@cache
def _zeros(mebibytes: int) -> bytes:
    return deflated(bytes(mebibytes * MIB))


_BUILDERS: tuple[Callable[[], bytes], ...] = (
    deep_nesting, deep_plain_nesting, million_attributes, million_attributes_written_out, strings_that_are_not_there,
    three_million_strings, junk_before_every_chunk, tiny_chunks, many_type_chunks, references_in_a_circle,
    references_that_multiply, references_to_nothing, huge_arrays, sparse_lies, entity_bomb, entity_bomb_in_attributes,
    quadratic_entities, external_entities, manifest_bomb, table_bomb, many_small_bombs, overlapping_entries,
    nested_bombs, set_in_a_set, many_entries, one_name_many_times, names_of_sixty_kilobytes,
    names_that_lead_elsewhere, faked_everything, end_records_everywhere, directory_of_four_gigabytes,
    giant_signing_block, deep_der, manifest_of_nothing, end_tags_without_start, texts_without_element,
    many_configurations, many_components, long_strings,
)  # fmt: skip


def crafted() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield name and builder of each case."""
    for builder in _BUILDERS:
        yield builder.__name__.replace("_", "-"), builder
