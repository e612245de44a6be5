"""Where objects go, and what components lead to."""

import pytest

from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.reachability import Reachability
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.wiring import Flow, Wiring
from analyzer.dex import MethodRef
from tests.dataflow.support import method, program, resolver, sites


def _to_client(ref: MethodRef, position: int) -> bool:
    return ref.name == "certificatePinner" and position == 1


def _follow_builder(name: str, place: str, limits: FlowLimits | None = None) -> Flow:
    resolving = resolver(name) if limits is None else Resolver(program(name), limits=limits)
    return Wiring(resolving).follow_argument(sites(name, place, "add")[-1], 0, _to_client)


@pytest.mark.parametrize(
    ("name", "place", "where"),
    [
        ("java", "app.Across$Pins.client", "Lapp/Across$Pins;->client"),
        ("java", "app.Across$Finisher.start", "Lapp/Across$Finisher;->finish"),
        ("java", "app.Across$Finisher.help", "Lapp/Across$Finisher;->finish"),
        ("java", "app.Across$Provider.pinner", "Lapp/Across$Client;->open"),
        ("kotlin", "app.Pins$pinner$2.invoke", "Lapp/Pins;->client"),
    ],
)
def test_a_pinner_reaches_the_client_that_the_source_gives_it_to(name: str, place: str, where: str) -> None:
    flow = _follow_builder(name, place)
    assert flow.state == "reaches"
    assert {f"{use.method.owner}->{use.method.name}" for use in flow.reached} == {where}


@pytest.mark.parametrize("place", ["Across$Helper.pin", "Across$Unwired.make", "Across$Kept.keep"])
def test_a_pinner_that_no_client_gets_does_not_reach_one(place: str) -> None:
    flow = _follow_builder("java", f"app.{place}")
    assert (flow.state, flow.reached, flow.reasons) == ("does-not-reach", (), ())
    assert any(use.ref.name == "build" for use in flow.uses)


def test_the_trail_says_how_a_lazy_pinner_reaches_its_client() -> None:
    (use,) = _follow_builder("kotlin", "app.Pins$pinner$2.invoke").reached
    assert [step.what for step in use.trail] == [
        "app.Pins$pinner$2 is created",
        "kept in app.Pins.pinner$delegate",
        "returned by app.Pins.getPinner",
    ]


def test_a_shrunk_pinner_is_followed_through_void_setters_and_fields() -> None:
    made = next(site for site in sites("shrunk", "app.Main.onCreate", "b") if site.target.owner == "La/b;")  # type: ignore[union-attr]
    flow = Wiring(resolver("shrunk")).follow(
        made.method, made.offset, lambda ref, position: (ref.owner, ref.name, position) == ("La/a;", "b", 1)
    )
    assert flow.state == "reaches"
    assert [use.method.owner for use in flow.reached] == ["Lapp/Main;"]


def test_a_spent_budget_leaves_the_flow_unknown() -> None:
    flow = _follow_builder("java", "app.Across$Finisher.help", FlowLimits(evaluations=1))
    assert (flow.state, flow.reasons) == ("unknown", ("too much work to follow",))


def test_following_an_argument_that_is_not_there_reaches_nothing() -> None:
    site = sites("java", "app.Across$Pins.client", "add")[0]
    assert Wiring(resolver("java")).follow_argument(site, 9, _to_client).state == "does-not-reach"


@pytest.fixture(scope="module")
def reachability() -> Reachability:
    return Reachability(program("java"), ["app.Across$Main"])


@pytest.mark.parametrize(
    ("place", "trail"),
    [
        ("Across$Helper.pin", ["called by the platform", "calls app.Across$Helper.pin"]),
        (
            "Across$Finisher.finish",
            ["called by the platform", "calls app.Across$Finisher.start", "calls app.Across$Finisher.finish"],
        ),
        ("Across$Task.run", ["called by the platform", "creates app.Across$Task"]),
        ("Across$Level.<clinit>", ["called by the platform", "initialises app.Across$Level"]),
    ],
)
def test_what_a_component_leads_to_is_reachable(reachability: Reachability, place: str, trail: list[str]) -> None:
    reach = reachability.of(method("java", f"app.{place}"))
    assert reach.state == "reachable"
    assert [step.what for step in reach.trail] == trail
    assert reach.trail[0].method.owner == "Lapp/Across$Main;"


@pytest.mark.parametrize("place", ["Across$Helper.unused", "Across$Unwired.make", "Across$Orphan.host"])
def test_what_nothing_calls_is_not_reachable(reachability: Reachability, place: str) -> None:
    assert reachability.of(method("java", f"app.{place}")).state == "not-reachable"


def test_a_class_that_is_named_in_a_string_may_be_reachable(reachability: Reachability) -> None:
    reach = reachability.of(method("java", "app.Across$Hidden.host"))
    assert reach.state == "unknown"
    assert reach.reasons == ("app.Across$Hidden is named in a string and may be used by reflection",)


def test_too_many_callers_leave_it_unknown() -> None:
    reach = Reachability(program("java"), ["app.Nothing"], max_methods=1).of(
        method("java", "app.Across$Finisher.finish")
    )
    assert (reach.state, reach.reasons) == ("unknown", ("too many callers to follow",))
