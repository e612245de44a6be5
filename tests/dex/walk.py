"""Looks at everything a DEX file offers, so that whatever damage it has is met."""

import re

from analyzer.dex import DexFile, Program
from analyzer.dex.opcodes import IndexKind

_SAMPLE = 40
KINDS: tuple[IndexKind, ...] = ("string", "type", "field", "method", "call-site", "method-handle", "proto")


def walk_file(file: DexFile) -> None:
    """Read every table, member, value and body."""
    tables = file.tables
    for index in range(len(file.strings)):
        assert isinstance(file.strings[index], str)
    for index in range(len(tables.proto_returns)):
        tables.proto(index)
        tables.shorty(index)
    for index in range(len(tables.field_names)):
        str(file.field(index))
    for index in range(len(tables.method_names)):
        str(file.method(index).parameters)
    file.strings.search(re.compile(rb"[A-Za-z0-9+/]{20,}"))
    for arguments in file.call_sites:
        assert isinstance(arguments, tuple)
    sizes = {"string": len(file.strings), "type": len(tables.type_strings), "field": len(tables.field_names)}
    for kind in KINDS:
        found = file.references.users(kind, range(sizes.get(kind, len(tables.method_names))))
        assert all(reference.offset >= 0 for reference in found)


def walk_program(program: Program) -> None:
    """Follow every class and member, and ask each kind of question about some of them."""
    hierarchy = program.hierarchy
    methods = []
    for definition in program.classes:
        assert isinstance(definition.descriptor + definition.name, str)
        assert definition.access_flags >= 0
        hierarchy.subtypes_of(definition.descriptor)
        hierarchy.supertypes_of(definition.descriptor)
        hierarchy.is_subtype(definition.descriptor, "Ljavax/net/ssl/X509TrustManager;")
        for field in definition.fields:
            assert str(field.ref) and (field.initial_value is None or field.is_static)
        for method in definition.methods:
            methods.append(method)
            code = method.code()
            if code is None:
                continue
            for instruction in code.instructions:
                assert instruction.name
                if instruction.name.endswith(("-switch", "fill-array-data")):
                    code.payload(instruction)
            assert all(block.start <= block.end for block in code.try_blocks)
    for method in methods[:_SAMPLE]:
        program.implementations_of(method.ref)
        program.refs_reaching(method)
        for site in program.users.callers_of([method.ref]):
            assert site.instruction.name
    program.users.callers_of(program.method_refs()[:_SAMPLE])
    program.users.readers_of(program.field_refs()[:_SAMPLE])
    program.users.writers_of(program.field_refs()[:_SAMPLE])
    for ref in program.field_refs()[:_SAMPLE]:
        program.resolve_field(ref)
    names = [definition.descriptor for definition in program.classes][:_SAMPLE]
    program.users.uses_of(names)
    program.users.creations_of(names)
    program.users.loads_of(["a pin", "", "no such string"])
    program.users.initialised_with(["a pin"])
