"""Kept answers about callers are those that a search gives, whatever was asked before."""

from collections.abc import Iterable

import pytest

from analyzer.dex import DexMethod, MethodRef, Program, Site
from analyzer.dex import callers as module
from tests.dex.oracle import FIXTURES


@pytest.fixture
def program() -> Program:
    entries = [(path.name, path.read_bytes()) for path in sorted(FIXTURES.glob("users*.dex"))]
    return Program.build(entries)


def methods(sites: Iterable[Site]) -> set[DexMethod]:
    return {site.method for site in sites}


def test_each_answer_is_that_of_a_search(program: Program) -> None:
    refs = program.method_refs()
    for ref in refs:
        assert set(program.callers.calling([ref])) == methods(program.users.callers_of([ref]))
    types = [definition.descriptor for definition in program.classes]
    for name in types:
        assert set(program.callers.creating([name])) == methods(program.users.creations_of([name]))
    assert any(program.callers.calling(refs)) and any(program.callers.creating(types))


def test_what_is_known_and_what_is_not_are_joined(program: Program) -> None:
    refs = program.method_refs()
    program.callers.calling(refs[::3])
    assert set(program.callers.calling(refs)) == methods(program.users.callers_of(refs))
    assert program.callers.calling([]) == {}
    assert program.callers.calling([MethodRef("Lno/Such;", "name", "()V")]) == {}


def test_answers_are_right_when_none_can_be_kept(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHED", 0)
    refs = program.method_refs()
    for _ in range(2):
        assert set(program.callers.calling(refs)) == methods(program.users.callers_of(refs))


def test_names_that_reach_a_method_are_those_of_its_class_and_of_what_it_overrides(program: Program) -> None:
    for definition in program.classes:
        for method in definition.methods:
            ref = method.ref
            above = set() if method.is_direct else set(program.hierarchy.supertypes_of(ref.owner))
            below = {
                name
                for name in program.hierarchy.subtypes_of(ref.owner)
                if program.resolve_method(MethodRef(name, ref.name, ref.descriptor)) == method
            }
            if not method.is_direct:
                above.update(*(program.hierarchy.supertypes_of(name) for name in below))
            owners = {ref.owner, *above, *below}
            wanted = {one for owner in owners for one in program.method_refs(owner, ref.name, ref.descriptor)}
            assert program.refs_reaching(method) == tuple(sorted(wanted))
            assert program.refs_reaching(method) == tuple(sorted(wanted)), "asked again"


def test_calls_of_super_count_where_they_may_lead(program: Program) -> None:
    everything = [method for definition in program.classes for method in definition.methods]
    for method in everything:
        assert set(program.methods_calling([method])) == methods(program.calls_of([method]))
    assert set(program.methods_calling(everything)) == methods(program.calls_of(everything))
    sites = program.users.callers_of(program.method_refs())
    for site in sites:
        is_super = site.via == "instruction" and site.instruction.name.startswith("invoke-super")
        assert site.is_super_call == is_super
    assert any(site.is_super_call for site in sites)
