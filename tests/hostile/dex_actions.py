"""What is done to an app with damaged code: everything that the engine and its extractors do, all methods included."""

from collections.abc import Callable, Iterator
from pathlib import Path

from analyzer.apk.app import OpenedApp, open_app
from analyzer.dataflow.resolve import Resolver
from analyzer.dex import DexMethod, Program
from analyzer.extractors.code_inventory import read_dex_files
from analyzer.options import Limits
from tests.dex.walk import walk_file, walk_program
from tests.hostile.actions import scan_target

_EVALUATED = 1_500
_RESOLVED = 40


def read_and_follow(path: Path) -> str:
    """Read every table and body, evaluate every method, follow some calls, and scan the app."""
    limits = Limits()
    program = _program(open_app(path, limits), limits)
    for file in program.files:
        walk_file(file)
    walk_program(program)
    resolver = Resolver(program)
    evaluated = incomplete = 0
    for method in _methods(program):
        values = resolver.evaluator.evaluate(method)
        if values is not None:
            evaluated += 1
            incomplete += values.incomplete is not None
            assert all(call.arguments is not None for call in values.calls.values())
    for site in program.users.callers_of(program.method_refs()[:_RESOLVED])[:_RESOLVED]:
        if site.via == "instruction":
            resolver.resolve_arguments(site)
    return f"{evaluated} methods, {incomplete} incomplete, {len(program.problems)} problems, {scan_target(path)}"


def _program(app: OpenedApp, limits: Limits) -> Program:
    files, _ = read_dex_files(app, limits)
    return Program.build(files, limits)


def _methods(program: Program) -> Iterator[DexMethod]:
    methods = (method for definition in program.classes for method in definition.methods)
    for _, method in zip(range(_EVALUATED), methods, strict=False):
        yield method


DEX_ACTIONS: dict[str, Callable[[Path], str]] = {"code": read_and_follow}
