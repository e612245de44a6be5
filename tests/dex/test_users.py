"""Users are found by a scan of candidates: the result equals that of decoding everything."""

import random
from collections import defaultdict
from pathlib import Path

import pytest

from analyzer.dex import DexClass, DexFile, DexMethod, FieldRef, MethodRef, Program, Site
from analyzer.dex.opcodes import CREATIONS, FIELD_READS, FIELD_WRITES, IndexKind
from tests.dex import oracle
from tests.dex.walk import KINDS

_CORPUS = [oracle.SHARED / "corpus" / name for name in ("com.teleca.jamendo_35.apk", "multidex.apk", "Invalid.apk")]
_SAMPLES = sorted((oracle.ROOT / "sample_apks").glob("*/*.apk"))
_SAMPLED = 50

HELPER = MethodRef("Lapp/Base;", "helper", "(Ljava/lang/String;)V")
DELEGATE = FieldRef("Lapp/Base;", "delegate", "Ljava/lang/Object;")
CHECK = "([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V"
Place = tuple[int, int]


@pytest.fixture(scope="module")
def program() -> Program:
    """The classes of tests/dex/fixtures/users: two DEX files, the second with a class that the first hides."""
    names = ("users-base.dex", "users-split.dex")
    return Program.build([(name, (oracle.FIXTURES / name).read_bytes()) for name in names])


def _where(sites: tuple[Site, ...]) -> list[tuple[str, str, str]]:
    return [(f"{site.method.owner.name}.{site.method.ref.name}", site.instruction.name, site.via) for site in sites]


def _naive(file: DexFile) -> dict[tuple[IndexKind, int], set[Place]]:
    """Decode every method and write down each index."""
    found: dict[tuple[IndexKind, int], set[Place]] = defaultdict(set)
    for row in range(file.class_count):
        for method in DexClass(file, row).methods:
            code = method.code()
            for instruction in code.instructions if code else ():
                if instruction.index is not None and instruction.index_kind is not None:
                    found[instruction.index_kind, instruction.index].add((method.code_offset, instruction.offset))
    return found


def _scanned(file: DexFile, kind: IndexKind, indices: list[int]) -> dict[int, set[Place]]:
    found: dict[int, set[Place]] = defaultdict(set)
    for reference in file.references.users(kind, indices):
        found[reference.target].add((int(file.bodies.offsets[reference.body]), reference.offset))
    return found


@pytest.mark.parametrize(
    "path", [*sorted(oracle.FIXTURES.glob("*.dex")), *_SAMPLES, *_CORPUS], ids=lambda path: path.name
)
def test_a_scan_finds_what_decoding_everything_finds(path: Path) -> None:
    if not path.exists():
        pytest.skip(f"{path} is not there")
    for name, data in oracle.dex_files(path):
        file = oracle.ours(data, name)
        expected = _naive(file)
        for kind in KINDS:
            every_index = {index for known, index in expected if known == kind}
            at_once = _scanned(file, kind, sorted(every_index))
            assert at_once == {index: expected[kind, index] for index in every_index}, kind
            for index in random.Random(1).sample(sorted(every_index), min(_SAMPLED, len(every_index))):
                assert _scanned(file, kind, [index]) == {index: expected[kind, index]}


def test_an_index_nobody_uses_has_no_users() -> None:
    file = oracle.ours((oracle.FIXTURES / "users-base.dex").read_bytes())
    unused = file.tables.find_methods("Lapp/Base;", "secret")
    assert len(unused) == 1 and file.references.users("method", unused) == []


def test_calls_of_every_form_are_found(program: Program) -> None:
    assert _where(program.users.callers_of([HELPER])) == [
        ("app.Caller.direct", "invoke-static", "instruction"),
        ("app.Caller.direct", "invoke-static/range", "instruction"),
        ("app.Caller.through_call_site", "invoke-custom", "call-site"),
        ("app.Caller.through_handle", "const-method-handle", "method-handle"),
    ]


def test_calls_in_a_class_that_another_hides_do_not_count(program: Program) -> None:
    (hidden,) = program.hierarchy.shadowed
    assert (hidden.file.entry, hidden.name) == ("users-split.dex", "app.Base")
    assert program.users.loads_of(["a hidden pin"]) == ()
    assert program.users.initialised_with(["a hidden pin"]) == ()
    assert program.methods_named("hidden") == ()


def test_calls_through_a_subclass_name_another_reference(program: Program) -> None:
    method = program.resolve_method(MethodRef("Lapp/Derived;", "helper", "(Ljava/lang/String;)V"))
    assert method is not None and method.ref == HELPER
    refs = program.refs_reaching(method)
    assert refs == (HELPER, MethodRef("Lapp/Derived;", "helper", HELPER.descriptor))
    assert ("app.Derived.checkServerTrusted", "invoke-static", "instruction") in _where(program.users.callers_of(refs))


def test_calls_through_an_interface_of_the_platform_may_reach_the_app(program: Program) -> None:
    interface = MethodRef("Ljavax/net/ssl/X509TrustManager;", "checkServerTrusted", CHECK)
    names = [method.owner.name for method in program.implementations_of(interface)]
    assert names == ["app.Base", "app.Derived"]
    base, derived = program.implementations_of(interface)
    assert program.overrides_of(base) == (derived,)
    assert interface in program.refs_reaching(derived)
    assert _where(program.users.callers_of([interface])) == [
        ("app.Caller.through_interface", "invoke-interface", "instruction")
    ]


def test_reads_and_writes_are_told_apart(program: Program) -> None:
    assert _where(program.users.readers_of([DELEGATE])) == [
        ("app.Base.checkServerTrusted", "iget-object", "instruction"),
        ("app.Caller.through_field_handle", "const-method-handle", "method-handle"),
    ]
    assert _where(program.users.writers_of([DELEGATE])) == [("app.Base.<init>", "iput-object", "instruction")]
    assert not FIELD_READS & FIELD_WRITES


def test_strings_are_found_short_jumbo_in_call_sites_and_in_fields(program: Program) -> None:
    assert _where(program.users.loads_of(["a pin"])) == [
        ("app.Base.<init>", "const-string", "instruction"),
        ("app.Caller.direct", "const-string/jumbo", "instruction"),
        ("app.Caller.through_call_site", "invoke-custom", "call-site"),
    ]
    assert [str(field.ref) for field in program.users.initialised_with(["a pin"])] == [
        "Lapp/Base;->PIN:Ljava/lang/String;"
    ]


def test_creations_are_a_part_of_the_uses_of_a_type(program: Program) -> None:
    creations = _where(program.users.creations_of(["Lapp/Base;"]))
    assert creations == [("app.Caller.direct", "new-instance", "instruction")]
    assert [name for _, name, _ in _where(program.users.uses_of(["Lapp/Base;"]))] == [
        "new-instance",
        "check-cast",
        "instance-of",
        "const-class",
    ]
    assert {site.instruction.opcode for site in program.users.creations_of(["[C"])} <= CREATIONS


def test_data_that_looks_like_calls_is_not_taken_for_them(program: Program) -> None:
    file = program.files[0]
    data = next(method for method in program.methods_named("data"))
    code = data.code()
    assert code is not None and code.instructions[-1].name == "fill-array-data-payload"
    row = file.bodies.find(data.code_offset)
    for kind, size in (("method", len(file.tables.method_names)), ("string", len(file.strings))):
        inside = [use for use in file.references.users(kind, range(size)) if use.body == row]  # type: ignore[arg-type]
        assert inside == []


def test_many_questions_are_answered_like_one_each(program: Program) -> None:
    refs = program.method_refs()
    together = program.users.callers_of(refs)
    apart = [site for ref in refs for site in program.users.callers_of([ref])]
    assert sorted(together, key=_order) == sorted(apart, key=_order)


def _order(site: Site) -> tuple[str, int, int, str]:
    return (site.method.file.entry, site.method.row, site.offset, str(site.target))


def test_methods_that_share_their_code_have_a_site_each() -> None:
    data = bytearray((oracle.FIXTURES / "users-base.dex").read_bytes())
    file = oracle.ours(bytes(data))
    (owner,) = Program((file,)).methods_named("through_interface")
    (user,) = Program((file,)).methods_named("through_handle")
    _share_code(data, user, owner)
    shared = Program((oracle.ours(bytes(data)),))
    interface = MethodRef("Ljavax/net/ssl/X509TrustManager;", "checkServerTrusted", CHECK)
    callers = sorted(site.method.ref.name for site in shared.users.callers_of([interface]))
    assert callers == ["through_handle", "through_interface"]


def _share_code(data: bytearray, user: DexMethod, owner: DexMethod) -> None:
    """Let `user` have the code of `owner`: both offsets take the same number of bytes."""
    old, new = _uleb(user.code_offset), _uleb(owner.code_offset)
    assert len(old) == len(new) and data.count(old) >= 1
    flags = _uleb(user.access_flags)
    at = data.find(flags + old)
    data[at + len(flags) : at + len(flags) + len(old)] = new


def _uleb(value: int) -> bytes:
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*content, value])
