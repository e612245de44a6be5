"""Hosts and pins across methods; the truth is in the sources under fixtures/."""

import pytest

from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.question import Instance, Question
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Moment, Number, Parameter, Result, Text, Unknown
from analyzer.dex import MethodRef
from tests.dataflow.support import RESOURCES, Table, method, pins, program, resolver, returned, sites


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("Literals.literal", [("literal.example.com", ("sha256/a", "sha256/b"))]),
        ("Literals.fromField", [("constant.example.com", ("sha256/one", "sha256/two"))]),
        ("Literals.fromTwoArrays", [("both.example.com", ("sha256/one", "sha256/two", "sha256/backup"))]),
        ("Literals.fromList", [("list.example.com", ("sha256/three", "sha256/four"))]),
        ("Literals.eachOfAnArray", [("each.example.com", ("sha256/one", "sha256/two"))]),
        ("Literals.eachOfAList", [("each.example.com", ("sha256/three", "sha256/four"))]),
        ("Literals.filledByHelper", [("filled.example.com", ("sha256/helper",))]),
        ("Across$Main.onCreate", [("resource.example.com", ("sha256/resource", "sha256/backup"))]),
        ("Across$Pins.client", [("field.example.com", ("sha256/field",))]),
        ("Across$Finisher.help", [("helped.example.com", ("sha256/helped",))]),
        ("Across$Provider.pinner", [("provided.example.com", ("sha256/provided",))]),
        ("Across$Task.run", [("task.example.com", ("sha256/task",))]),
    ],
)
def test_javac_output_gives_host_and_pins(place: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert pins("java", f"app.{place}") == [((host,), digests) for host, digests in expected]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("Pins.fromCompanion", ("companion.example.com", ("sha256/one", "sha256/two"))),
        ("Pins.spread", ("spread.example.com", ("sha256/zero", "sha256/three", "sha256/four"))),
        ("Pins.spreadAlone", ("copy.example.com", ("sha256/three", "sha256/four"))),
    ],
)
def test_kotlin_output_gives_host_and_pins(place: str, expected: tuple[str, tuple[str, ...]]) -> None:
    host, digests = expected
    assert pins("kotlin", f"app.{place}")[-1] == ((host,), digests)


def test_an_inlined_apply_and_for_each_keep_their_builder() -> None:
    assert pins("kotlin", "app.Pins.applied") == [
        (("api.const.example.com",), ("sha256/applied",)),
        (("foreach.example.com",), ("sha256/one", "sha256/two")),
    ]


def test_a_default_argument_is_filled_in_only_where_it_is_left_out() -> None:
    assert sorted(pins("kotlin", "app.Pins.defaulted")) == [
        (("first.example.com",), ("sha256/fallback",)),
        (("second.example.com",), ("sha256/given",)),
    ]


def test_a_lambda_sees_what_it_captured() -> None:
    assert returned("kotlin", "app.Deferred$block$1.invoke") == ("constant", ("lambda.example.com",), ())


def test_a_lazy_value_is_what_its_block_returns() -> None:
    assert returned("kotlin", "app.Pins.lazily") == ("constant", ("lazy.example.com",), ())


def test_a_helper_keeps_host_and_pin_of_each_caller_together() -> None:
    assert pins("java", "app.Across$Helper.pin") == [
        (("first.example.com",), ("sha256/first",)),
        (("second.example.com",), ("sha256/second",)),
    ]


def test_a_helper_without_callers_leaves_its_parameter_unresolved() -> None:
    (site,) = sites("java", "app.Across$Helper.unused", "add")
    arguments = resolver("java").resolve_arguments(site)
    assert arguments is not None
    _, host, digests = arguments
    assert (host.state, host.reasons) == ("unresolved", ("nothing in the app calls app.Across$Helper.unused",))
    assert (digests.state, digests.texts) == ("constant", ("sha256/unused",))


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("java:Literals.url", "https://constant.example.com/status"),
        ("java:Literals.formatted", "api.example.com:443"),
        ("java:Literals.changed", "example.com"),
        ("java:Literals.host", "api.example.com"),
        ("java:Literals.mutableSuffix", "api.example.com"),
        ("java:Across$Client.host", "provided.example.com"),
        ("java:Across$Recursion.host", "recursive.example.com"),
        ("java:Across$Level.use", "RELEASE"),
        ("smali:Cases.usesOutline", "https://outlined.example.com/path"),
        ("smali:Cases.usesMerged", "one"),
        ("smali:Cases.usesWide", "after a long"),
    ],
)
def test_a_result_is_one_known_text(place: str, text: str) -> None:
    name, _, where = place.partition(":")
    assert returned(name, f"app.{where}") == ("constant", (text,), ())


def test_both_branches_of_a_text_builder_are_values() -> None:
    state, found, reasons = returned("java", "app.Literals.builderOnTwoWays")
    assert (state, reasons) == ("constant", ())
    assert found == ("api.debug.example.com", "api.release.example.com")


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("java:Literals.loop", "a text that is put together in a loop"),
        ("java:Literals.encrypted", "an array that is filled by a computation"),
        ("java:Across.reflected", "the result of java.lang.reflect.Method.invoke"),
        ("java:Across$Recursion.start", "a recursion"),
        ("smali:Cases.ping", "a recursion"),
    ],
)
def test_what_cannot_be_told_has_its_reason(place: str, reason: str) -> None:
    name, _, where = place.partition(":")
    assert returned(name, f"app.{where}") == ("unresolved", (), (reason,))


def test_text_around_something_unknown_is_partial() -> None:
    state, _, reasons = returned("kotlin", "app.Pins.template")
    assert (state, reasons) == ("partial", ("nothing in the app calls app.Pins.template",))


def test_the_shrinkers_merged_builder_still_gets_its_literals() -> None:
    assert pins_of("shrunk", "app.Main.onCreate", "a", "(Ljava/lang/String;[Ljava/lang/String;)V") == [
        (("shrunk.example.com",), ("sha256/AAAA", "sha256/BBBB")),
        (("second.shrunk.example.com",), ("sha256/CCCC",)),
    ]


def test_each_pin_object_of_a_shrunk_builder_gets_all_callers_values() -> None:
    (created,) = program("shrunk").users.callers_of(
        program("shrunk").method_refs("La/c;", "<init>", "(Ljava/lang/String;Ljava/lang/String;)V")
    )
    found = [(call.arguments[1].texts, call.arguments[2].texts) for call in resolver("shrunk").bound_calls(created)]
    assert found == [
        (("shrunk.example.com",), ("sha256/AAAA", "sha256/BBBB")),
        (("second.shrunk.example.com",), ("sha256/CCCC",)),
    ]


def test_shrunk_kotlin_defaults_are_resolved() -> None:
    users = program("kotlin-shrunk").users
    adds = users.callers_of(program("kotlin-shrunk").method_refs("Lokhttp3/CertificatePinner$Builder;", "add", None))
    found = {
        (call.arguments[1].texts, call.arguments[2].texts)
        for site in adds
        for call in resolver("kotlin-shrunk").bound_calls(site)
    }
    assert (("first.example.com",), ("sha256/fallback",)) in found
    assert (("second.example.com",), ("sha256/given",)) in found


def pins_of(name: str, place: str, called: str, descriptor: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [
        (call.arguments[1].texts, call.arguments[2].texts)
        for site in sites(name, place, called)
        if isinstance(site.target, MethodRef) and site.target.descriptor == descriptor
        for call in resolver(name).bound_calls(site)
    ]


def test_the_trail_names_the_methods_on_the_way() -> None:
    (site,) = sites("java", "app.Across$Helper.pin", "add")
    arguments = resolver("java").resolve_arguments(site)
    assert arguments is not None
    assert {(step.what, step.method.owner) for step in arguments[1].trail} == {
        ("argument 0 of app.Across$Helper.pin", "Lapp/Across$Main;")
    }


def test_several_configurations_of_a_resource_are_several_values() -> None:
    resources = Table({0x7F010001: ("en.example.com", "de.example.com")})
    (site,) = sites("java", "app.Across$Main.onCreate", "add")
    arguments = Resolver(program("java"), resources).resolve_arguments(site)
    assert arguments is not None
    assert (arguments[1].state, arguments[1].texts) == ("constant", ("en.example.com", "de.example.com"))
    assert (arguments[2].state, arguments[2].reasons) == ("unresolved", ("an array resource that is not there",))


def test_without_the_resource_table_a_resource_is_unresolved() -> None:
    (site,) = sites("java", "app.Across$Main.onCreate", "add")
    arguments = Resolver(program("java")).resolve_arguments(site)
    assert arguments is not None
    assert (arguments[1].state, arguments[1].reasons) == ("unresolved", ("a string resource that is not known",))


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (FlowLimits(work=1), "too much work to follow"),
        (FlowLimits(evaluations=0), "too much work to follow"),
        (FlowLimits(depth=0), "followed too deeply"),
        (FlowLimits(users=1), "more than 1 places call app.Across$Helper.pin"),
    ],
)
def test_a_spent_budget_is_the_reason(limits: FlowLimits, reason: str) -> None:
    resolving = Resolver(program("java"), RESOURCES, limits)
    (site,) = sites("java", "app.Across$Helper.pin", "add")
    values = resolver("java").evaluator.evaluate(site.method)
    assert values is not None
    found = resolving.resolve_texts(values.calls[site.offset].arguments[1])
    assert found.state == "unresolved" and reason in found.reasons


@pytest.mark.parametrize(
    ("owner", "name", "descriptor", "argument", "expected"),
    [
        ("Ljava/time/Instant;", "parse", "(Ljava/lang/CharSequence;)Ljava/time/Instant;", Text("1970-01-02"), Moment(86_400_000)),
        ("Ljava/lang/Integer;", "parseInt", "(Ljava/lang/String;)I", Text("443"), Number(443)),
        ("Landroid/net/Uri;", "parse", "(Ljava/lang/String;)Landroid/net/Uri;", Text("https://a.test"), Text("https://a.test")),
    ],
)  # fmt: skip
def test_static_models_of_the_platform(
    owner: str, name: str, descriptor: str, argument: Text, expected: object
) -> None:
    call = Result(MethodRef(owner, name, descriptor), "static", (argument,), MethodRef("La;", "a", "()V"), 0)
    assert resolver("java").resolve(call).values == (expected,)


def test_base64_that_is_none_is_unknown() -> None:
    ref = MethodRef("Landroid/util/Base64;", "decode", "(Ljava/lang/String;I)[B")
    call = Result(ref, "static", (Text("!!"), Number(0)), MethodRef("La;", "a", "()V"), 0)
    found = resolver("java").resolve(call)
    assert (found.state, found.reasons) == ("unresolved", ("a text that is not base64",))


def test_an_object_of_the_app_stays_an_object() -> None:
    values = resolver("java").evaluator.evaluate(method("java", "app.Across$Main.onCreate"))
    assert values is not None
    opened = next(call for call in values.calls.values() if call.ref.name == "open")
    (client,) = resolver("java").resolve(opened.arguments[0]).values
    assert isinstance(client, Instance) and isinstance(client.value, Created)
    assert client.type == "Lapp/Across$Client;"


def test_a_budget_that_ends_between_two_callers_leaves_a_partial_answer() -> None:
    resolving = Resolver(program("java"), RESOURCES, FlowLimits(work=2))
    (site,) = sites("java", "app.Across$Helper.pin", "add")
    values = resolving.evaluator.evaluate(site.method)
    assert values is not None
    found = resolving.resolve_texts(values.calls[site.offset].arguments[1])
    assert (found.state, found.texts) == ("partial", ("first.example.com",))
    assert found.reasons == ("too much work to follow",)


def test_a_caller_that_was_assumed_and_is_not_found_again_makes_a_value_unknown() -> None:
    resolving = resolver("java")
    called = next(
        one
        for definition in program("java").classes
        for one in definition.methods
        if one.ref.parameters == ("Ljava/lang/String;",) and one.is_static and resolving.call_sites(one)
    )
    question = Question(resolving.limits, fixed={("caller", called): Number(99)})
    assert resolving.reduce(Parameter(called.ref, 0), None, question, 0) == Unknown("too much work to follow")
