"""Seeded damage to well-formed apps: flipped bits, cut ends, sizes and counts that lie."""

import random
import struct
from collections.abc import Callable, Iterator
from functools import partial

from tests.support.apks import POLICY, apk, manifest, split_manifest
from tests.support.arsc import Resource, TableLayout, table
from tests.support.axml import compile_xml, element
from tests.support.values import Ref
from tests.support.zips import Entry, archive

_LIES = (0, 1, 7, 8, 12, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)
_RESOURCES = [
    Resource("xml", "policy", {"": "res/a.xml", "v28": "res/b.xml", "land": Ref(0x7F010001)}),
    Resource("xml", "other", {"": "res/b.xml"}),
    Resource("string", "name", {"": "an app", "de": "eine App", "en-rUS": "one app"}),
    Resource("bool", "flag", {"": True}),
    Resource("array", "list", {"": ["a", "b", 3]}),
]
_MANIFEST = manifest(
    application={
        "android:networkSecurityConfig": Ref(0x7F010000),
        "android:debuggable": Ref(0x7F030000),
        "android:name": ".App",
    },
    root={"android:versionName": Ref(0x7F020000)},
    children=(element("activity", {"android:name": ".Main", "android:exported": True}),),
)

Mutation = Callable[[bytes, random.Random], bytes]


def _axml() -> bytes:
    return compile_xml(_MANIFEST)


def _arsc(seed: int) -> bytes:
    layouts = (
        TableLayout(),
        TableLayout(utf8=False),
        TableLayout(sparse=True),
        TableLayout(offset16=True, compact=True),
    )
    return table(_RESOURCES, layouts[seed % len(layouts)])


def _app(*, axml: bytes | None = None, arsc: bytes | None = None, policy: bytes | None = None) -> bytes:
    policy = policy if policy is not None else compile_xml(POLICY)
    files: dict[str, bytes] = {"res/a.xml": policy, "res/b.xml": compile_xml(POLICY), "classes.dex": b"dex\n035\0"}
    return apk(
        axml if axml is not None else _axml(),
        resources=arsc if arsc is not None else _arsc(0),
        files={**files},
    )


def _set() -> bytes:
    split = apk(split_manifest("config.de"), resources=_arsc(1), files={"res/a.xml": POLICY})
    return archive(Entry("base.apk", _app(), deflate=False), Entry("config.de.apk", split), Entry("toc.pb", b"\0"))


def flip_bits(data: bytes, rng: random.Random) -> bytes:
    """Flip up to a dozen bits."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 12)):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def cut(data: bytes, rng: random.Random) -> bytes:
    """Keep the beginning, and sometimes the end."""
    keep = rng.randrange(len(data))
    tail = data[-rng.randrange(1, 200) :] if rng.random() < 0.3 else b""
    return data[:keep] + tail


def lie(data: bytes, rng: random.Random) -> bytes:
    """Replace up to three aligned 32-bit fields by values at the edges."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        struct.pack_into("<I", out, rng.randrange(len(out) // 4) * 4, rng.choice(_LIES))
    return bytes(out)


def shuffle(data: bytes, rng: random.Random) -> bytes:
    """Copy one stretch of the data over another."""
    out = bytearray(data)
    length = rng.randrange(1, max(2, len(out) // 4))
    source, target = rng.randrange(len(out) - length + 1), rng.randrange(len(out) - length + 1)
    out[target : target + length] = out[source : source + length]
    return bytes(out)


def mutated() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield name and builder of each case."""
    plan: tuple[tuple[str, int, Mutation, Callable[[int, Mutation, random.Random], bytes]], ...] = (
        ("container-bits", 40, flip_bits, lambda _, change, rng: change(_app(), rng)),
        ("container-cut", 15, cut, lambda _, change, rng: change(_app(), rng)),
        ("container-lies", 25, lie, lambda _, change, rng: change(_app(), rng)),
        ("set-bits", 15, flip_bits, lambda _, change, rng: change(_set(), rng)),
        ("manifest-bits", 30, flip_bits, lambda _, change, rng: _app(axml=change(_axml(), rng))),
        ("manifest-lies", 30, lie, lambda _, change, rng: _app(axml=change(_axml(), rng))),
        ("manifest-cut", 15, cut, lambda _, change, rng: _app(axml=change(_axml(), rng))),
        ("manifest-shuffled", 15, shuffle, lambda _, change, rng: _app(axml=change(_axml(), rng))),
        ("table-bits", 30, flip_bits, lambda seed, change, rng: _app(arsc=change(_arsc(seed), rng))),
        ("table-lies", 40, lie, lambda seed, change, rng: _app(arsc=change(_arsc(seed), rng))),
        ("table-cut", 15, cut, lambda seed, change, rng: _app(arsc=change(_arsc(seed), rng))),
        ("table-shuffled", 15, shuffle, lambda seed, change, rng: _app(arsc=change(_arsc(seed), rng))),
        ("policy-bits", 25, flip_bits, lambda _, change, rng: _app(policy=change(compile_xml(POLICY), rng))),
        ("policy-lies", 25, lie, lambda _, change, rng: _app(policy=change(compile_xml(POLICY), rng))),
    )
    for name, count, change, build in plan:
        for seed in range(count):
            yield f"{name}-{seed}", partial(_build, f"{name}-{seed}", seed, change, build)


def _build(name: str, seed: int, change: Mutation, build: Callable[[int, Mutation, random.Random], bytes]) -> bytes:
    # The name of a case is its seed, so that a failing one can be built again alone.
    return build(seed, change, random.Random(name))
