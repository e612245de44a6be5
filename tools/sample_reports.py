"""Write the sample reports under reports/, or check that they are current.

One report per sample app and format, at a fixed instant and without anything that depends on the machine.
"""

import argparse
import datetime as dt
import sys
from pathlib import Path

from msgspec.structs import replace

from analyzer.options import LiveOptions, ScanOptions
from analyzer.pipeline import Engine, load_engine, scan
from analyzer.reporters.formats import render

ROOT = Path(__file__).resolve().parent.parent
AS_OF = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
FORMATS = {"html": "html", "json": "json", "sarif": "sarif", "text": "txt"}


def sample_apps() -> list[Path]:
    """Return the built sample apps, sorted by name."""
    found = []
    for folder in sorted((ROOT / "sample_apks").iterdir()):
        found += [path for path in sorted(folder.glob("*.apk*")) if path.suffix in (".apk", ".apks")]
    return found


def reports_of(app: Path, engine: Engine, options: ScanOptions) -> dict[Path, bytes]:
    """Return the reports of one sample by path."""
    chains = app.parent / "chains"
    if chains.is_dir():
        # Paths would differ between machines, but only the name of a trust store gets into a report.
        files = sorted(app.parent.glob("*roots.pem"))
        stores = tuple(f"{path.stem.removesuffix('roots').rstrip('-') or 'sample'}={path}" for path in files)
        options = replace(options, live=LiveOptions(chains=chains, trust_stores=stores))
        engine = load_engine(options)
    result = scan(app, options, engine)
    return {
        ROOT / "reports" / f"{app.parent.name}.{suffix}": render(name, [result], reproducible=True)
        for name, suffix in FORMATS.items()
    }


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing; exit 1 on a difference")
    check = parser.parse_args().check
    options = ScanOptions(as_of=AS_OF, reproducible=True)
    engine = load_engine(options)
    wanted: dict[Path, bytes] = {}
    for app in sample_apps():
        wanted.update(reports_of(app, engine, options))
    # The folder is also where reports of other apps go; those are named after package and version, with dots.
    present = {
        path for suffix in FORMATS.values() for path in (ROOT / "reports").glob(f"*.{suffix}") if "." not in path.stem
    }
    stale = sorted(path for path in wanted.keys() | present if path not in wanted or _read(path) != wanted[path])
    if check:
        for path in stale:
            print(f"stale: {path.relative_to(ROOT)}; run `make reports`", file=sys.stderr)
        print(f"{len(wanted)} sample reports, {len(stale)} stale")
        return 1 if stale else 0
    for path in stale:
        if path in wanted:
            path.write_bytes(wanted[path])
        else:
            path.unlink()
    print(f"{len(wanted)} sample reports, {len(stale)} rewritten")
    return 0


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
