"""Assembles the smali fixtures of the code extractors; run by hand, tests use the committed results.

    python -m tests.extractors.code.smali_fixtures

Needs the ``smali`` command (Debian: libsmali-java). Without changes to the sources it writes the same bytes again.
"""

import subprocess
from pathlib import Path

from analyzer.dataflow.resolve import Resolver
from analyzer.dex import Program
from analyzer.extractors.catalogue import load_catalogue
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.owners import Owners
from analyzer.model import AppInfo
from analyzer.model.app import Component
from analyzer.options import Limits

FIXTURES = Path(__file__).parent / "fixtures"
_API_LEVEL = "21"


class NoResources:
    """An app without resources."""

    def string(self, resource_id: int) -> tuple[str, ...]:
        return ()

    def string_array(self, resource_id: int) -> tuple[tuple[str, ...], ...]:
        return ()

    def raw_entry(self, resource_id: int) -> str | None:
        return None


def context_of(
    *names: str, application: str = "org.example.shop.App", package: str = "org.example.shop"
) -> CodeContext:
    """Return the context of an app made of fixtures, whose application class the manifest names."""
    entries = [(f"{name}.dex", (FIXTURES / f"{name}.dex").read_bytes()) for name in names]
    return context_of_files(entries, application=application, package=package)


def context_of_files(files: list[tuple[str, bytes]], *, application: str, package: str) -> CodeContext:
    """Return the context of an app made of DEX files, by their names, whose application class the manifest names."""
    app = AppInfo(
        package=package,
        version_name="1.0",
        version_code=1,
        min_sdk=21,
        target_sdk=34,
        components=(Component(kind="application", class_name=application, exported=None),),
    )
    catalogue = load_catalogue()
    program = Program.build(files)
    return CodeContext(
        program=program,
        app=app,
        catalogue=catalogue,
        limits=Limits(),
        owners=Owners(app, catalogue.sdks),
        resources=NoResources(),
        resolver=Resolver(program),
    )


def main() -> None:
    """Assemble each folder of smali sources into one DEX file beside it."""
    for folder in sorted(path for path in FIXTURES.iterdir() if any(path.glob("*.smali"))):
        target = folder.with_suffix(".dex")
        subprocess.run(["smali", "assemble", "-a", _API_LEVEL, "-o", str(target), str(folder)], check=True)


if __name__ == "__main__":
    main()
