"""All DEX files of an app as one program: hierarchy, inherited members, initial values, names."""

import pytest

from analyzer.dex import EncodedValue, FieldRef, MethodRef, Program, descriptor_of, dotted
from tests.dex.oracle import FIXTURES
from tests.dex.patching import table, with_table

BASE = (FIXTURES / "users-base.dex").read_bytes()
SPLIT = (FIXTURES / "users-split.dex").read_bytes()
OPCODES = (FIXTURES / "opcodes.dex").read_bytes()
TRUST_MANAGER = "Ljavax/net/ssl/X509TrustManager;"
ISSUERS = "()[Ljava/security/cert/X509Certificate;"


@pytest.fixture(scope="module")
def program() -> Program:
    """The classes of tests/dex/fixtures/users."""
    return Program.build([("base.apk!classes.dex", BASE), ("split.apk!classes.dex", SPLIT)])


def test_classes_come_from_all_files_in_load_order(program: Program) -> None:
    assert [(definition.name, definition.file.entry) for definition in program.classes] == [
        ("app.Base", "base.apk!classes.dex"),
        ("app.Caller", "base.apk!classes.dex"),
        ("app.Checker", "split.apk!classes.dex"),
        ("app.Derived", "split.apk!classes.dex"),
        ("app.Inheriting", "split.apk!classes.dex"),
    ]


def test_the_first_definition_of_a_class_holds() -> None:
    swapped = Program.build([("split.apk!classes.dex", SPLIT), ("base.apk!classes.dex", BASE)])
    base = swapped.find_class("Lapp/Base;")
    assert base is not None
    assert [method.ref.name for method in base.methods] == ["hidden"]
    assert [definition.file.entry for definition in swapped.hierarchy.shadowed] == ["base.apk!classes.dex"]
    assert swapped.resolve_method(MethodRef("Lapp/Base;", "helper", "(Ljava/lang/String;)V")) is None


def test_the_hierarchy_spans_files_and_reaches_the_platform(program: Program) -> None:
    hierarchy = program.hierarchy
    assert hierarchy.supertypes_of("Lapp/Derived;") == (
        "Lapp/Base;",
        "Lapp/Checker;",
        "Ljava/lang/Object;",
        TRUST_MANAGER,
    )
    assert hierarchy.subtypes_of(TRUST_MANAGER) == ("Lapp/Base;", "Lapp/Derived;")
    assert hierarchy.direct_subtypes("Landroid/webkit/WebViewClient;") == ("Lapp/Inheriting;",)
    assert hierarchy.direct_supertypes("Lapp/Base;") == ("Ljava/lang/Object;", TRUST_MANAGER)
    assert hierarchy.subtypes_of("Lno/such/Class;") == ()


@pytest.mark.parametrize(
    ("name", "supertype", "expected"),
    [
        ("Lapp/Derived;", TRUST_MANAGER, True),
        ("Lapp/Derived;", "Lapp/Derived;", True),
        ("Lapp/Checker;", "Lapp/Base;", False),
        ("Lapp/Caller;", TRUST_MANAGER, False),
        ("Lapp/Inheriting;", TRUST_MANAGER, None),
        ("Landroid/webkit/WebView;", "Landroid/view/View;", None),
        ("Landroid/webkit/WebView;", "Ljava/lang/Object;", True),
    ],
)
def test_what_the_platform_adds_above_a_class_cannot_be_told(
    program: Program, name: str, supertype: str, expected: bool | None
) -> None:
    assert program.hierarchy.is_subtype(name, supertype) is expected


def test_a_cycle_of_superclasses_ends() -> None:
    rows = table(SPLIT, "class_defs", 32)
    looped = [row[:8] + row[:4] + row[12:] for row in rows]
    program = Program.build([("classes.dex", with_table(SPLIT, "class_defs", looped))])
    for definition in program.classes:
        assert definition.superclass == definition.descriptor
        program.hierarchy.supertypes_of(definition.descriptor)
        assert program.resolve_method(MethodRef(definition.descriptor, "no_such", "()V")) is None


def test_a_method_is_found_in_the_class_above_it_and_in_interfaces(program: Program) -> None:
    inherited = program.resolve_method(MethodRef("Lapp/Derived;", "getAcceptedIssuers", ISSUERS))
    assert inherited is not None and inherited.owner.name == "app.Base"
    default = program.resolve_method(MethodRef("Lapp/Inheriting;", "check", "()V"))
    assert default is not None and default.owner.name == "app.Checker"
    assert program.resolve_method(MethodRef("Lapp/Base;", "helper", "()V")) is None
    assert program.resolve_method(MethodRef("Ljava/lang/Object;", "<init>", "()V")) is None


def test_a_class_may_implement_an_interface_with_what_it_inherits(program: Program) -> None:
    (implementation,) = program.implementations_of(MethodRef("Lapp/Checker;", "getAcceptedIssuers", ISSUERS))
    assert str(implementation.ref) == f"Lapp/Base;->getAcceptedIssuers{ISSUERS}"


def test_nothing_replaces_a_private_method(program: Program) -> None:
    (secret,) = program.methods_named("secret")
    assert secret.is_direct and program.overrides_of(secret) == ()
    assert program.implementations_of(secret.ref) == (secret,)


def test_a_field_is_found_in_the_class_above_it(program: Program) -> None:
    field = program.resolve_field(FieldRef("Lapp/Derived;", "PIN", "Ljava/lang/String;"))
    assert field is not None and field.owner.name == "app.Base" and field.is_static
    assert field.initial_value is not None and field.initial_value.value == "a pin"
    assert program.resolve_field(FieldRef("Lapp/Derived;", "PIN", "I")) is None


def test_members_have_their_flags_and_code(program: Program) -> None:
    base, checker = program.find_class("Lapp/Base;"), program.find_class("Lapp/Checker;")
    assert base is not None and checker is not None
    assert (base.superclass, base.interfaces, base.is_interface) == ("Ljava/lang/Object;", (TRUST_MANAGER,), False)
    assert checker.is_interface
    helper, issuers = base.method("helper"), checker.method("getAcceptedIssuers")
    assert helper is not None and issuers is not None
    assert (helper.is_static, helper.is_direct, helper.is_abstract, helper.is_native) == (True, True, False, False)
    assert issuers.is_abstract and issuers.code() is None
    code = helper.code()
    assert code is not None and (code.registers_size, code.ins_size, code.outs_size) == (1, 1, 0)
    assert base.method("helper", "()V") is None and base.field("no_such") is None


def test_names_are_found_by_pattern_across_files(program: Program) -> None:
    import re

    assert program.strings_matching(re.compile(rb"a (hidden )?pin")) == ("a hidden pin", "a pin")
    assert {str(ref.owner) for ref in program.method_refs(name="helper")} == {"Lapp/Base;", "Lapp/Derived;"}
    assert program.method_refs("Lapp/Base;", "helper", "()V") == ()
    assert [ref.name for ref in program.field_refs("Lapp/Base;")] == ["PIN", "delegate"]


def test_initial_values_keep_kind_sign_and_width() -> None:
    program = Program.build([("classes.dex", OPCODES)])
    values = program.find_class("Lfix/Values;")
    assert values is not None
    found = {field.ref.name: field.initial_value for field in values.fields}
    plain = {
        name: (value.kind, value.value) for name, value in found.items() if value is not None and value.kind != "array"
    }
    assert plain == {
        "a_boolean": ("boolean", True),
        "a_byte": ("byte", -0x80),
        "a_char": ("char", 0xFFFF),
        "a_double": ("double", -2.25),
        "a_false": ("boolean", False),
        "a_float": ("float", 1.5),
        "a_long": ("long", 0x7FFFFFFFFFFFFFFF),
        "a_null": ("null", None),
        "a_short": ("short", -0x8000),
        "a_small_int": ("int", 0x7F),
        "a_string": ("string", "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        "a_type": ("type", "Lfix/Ops;"),
        "an_enum": ("enum", FieldRef("Lfix/Values;", "an_enum", "Lfix/Values;")),
        "an_int": ("int", -0x80000000),
    }
    array = found["an_array"]
    assert array is not None and isinstance(array.value, tuple)
    assert [element.kind for element in array.value] == ["int", "array", "array"]
    assert array.value[0] == EncodedValue("int", 1)
    assert found["without"] is None


def test_call_sites_name_their_bootstrap_method_and_arguments() -> None:
    program = Program.build([("classes.dex", OPCODES)])
    (arguments,) = program.files[0].call_sites
    assert [argument.kind for argument in arguments] == ["method-handle", "string", "method-type", "int", "string"]
    assert [argument.value for argument in arguments[1:]] == ["dynamic", "(I)V", 7, "argument"]
    handle = program.files[0].method_handles[arguments[0].index or 0]
    assert handle is not None and (handle.kind, str(handle.target).partition("(")[0]) == (
        "invoke-static",
        "Lfix/Ops;->bootstrap",
    )


@pytest.mark.parametrize(
    ("descriptor", "name"),
    [
        ("Lokhttp3/CertificatePinner$Builder;", "okhttp3.CertificatePinner$Builder"),
        ("[[Ljava/lang/String;", "java.lang.String[][]"),
        ("[B", "byte[]"),
        ("V", "void"),
        ("\ufffd", "\ufffd"),
    ],
)
def test_types_have_the_names_of_the_language(descriptor: str, name: str) -> None:
    assert dotted(descriptor) == name


def test_a_class_name_becomes_a_descriptor() -> None:
    assert descriptor_of("a.b.C$D") == "La/b/C$D;"


@pytest.mark.parametrize(
    ("descriptor", "parameters", "result"),
    [
        ("()V", (), "V"),
        ("(ILjava/lang/String;[[J[La/B;)Z", ("I", "Ljava/lang/String;", "[[J", "[La/B;"), "Z"),
        ("(Lnever/ends)V", ("Lnever/ends",), "V"),
        ("([)V", ("[)",), "V"),
        ("\ufffd", (), "\ufffd"),
    ],
)
def test_descriptors_are_split_into_types(descriptor: str, parameters: tuple[str, ...], result: str) -> None:
    ref = MethodRef("La/B;", "m", descriptor)
    assert (ref.parameters, ref.return_type) == (parameters, result)
