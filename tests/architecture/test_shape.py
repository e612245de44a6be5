"""The shape of the code base: what reviews would otherwise have to look for."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "analyzer"
MODULES = sorted(PACKAGE.rglob("*.py")) if PACKAGE.is_dir() else []
_BOUNDARIES = {"pipeline.py", "batch/runner.py"}

needs_sources = pytest.mark.skipif(not MODULES, reason="the tests run against an installed wheel")


@needs_sources
@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_are_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@needs_sources
@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@needs_sources
def test_exceptions_are_swallowed_only_at_the_two_boundaries() -> None:
    catching = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if re.search(r"except (Base)?Exception\b|except:", path.read_text())
    }
    assert catching == _BOUNDARIES


@needs_sources
def test_only_the_command_line_prints_or_exits() -> None:
    offenders = []
    for path in MODULES:
        if path.is_relative_to(PACKAGE / "cli"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in ("print", "exit", "quit", "sys.exit", "os._exit"):
                    offenders.append(f"{path.relative_to(ROOT)}:{node.lineno} {called}")
    assert offenders == []


@needs_sources
def test_nothing_but_live_could_fetch_a_url() -> None:
    offenders = [
        path.relative_to(ROOT)
        for path in MODULES
        if not path.is_relative_to(PACKAGE / "live") and "urllib.request" in path.read_text()
    ]
    assert offenders == []


def test_the_public_names_are_exactly_these() -> None:
    import analyzer

    assert sorted(analyzer.__all__) == ["ScanOptions", "ScanResult", "__version__", "scan"]
    for name in analyzer.__all__:
        assert getattr(analyzer, name) is not None


def test_the_readme_opens_with_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    commands = [line.split("#")[0].strip() for line in lines[:12] if line.startswith("make ")]
    assert [command.split()[1] for command in commands] == ["scan", "test"]
