"""Measures Pinscope against androguard and against its own targets, in one run; `make bench`.

    python -m tests.benchmarks [APP.apk …] [--no-androguard] [--repeats N]

Without apps it takes those beside the project (shared/corpus) that have at least 5 MB of DEX. Everything is measured
in processes of its own, one after the other, and the figures of ours enclose those of androguard, so that both see the
same machine. Processor time is what the ratios are made of: others may use the machine, too. Wall time stands beside.
"""

import argparse
import atexit
import functools
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.dex_index import is_dex_name, stored_entries
from tests.benchmarks.live import report_live

_ROOT = Path(__file__).parents[2]
_CORPUS = Path(os.environ.get("PINSCOPE_SHARED", _ROOT.parent / "shared")) / "corpus"
_PINSCOPE = Path(sys.executable).with_name("pinscope")
_MIB = 1024 * 1024
_MIN_DEX_BYTES = 5_000_000
_RATIO_FROM_BYTES = 10_000_000
_RATIO_TARGET = 20
_INDEX_TARGET = 4
_PEAK_BASE = 150 * _MIB
_PEAK_PER_BYTE = 4
_START_SECONDS = 0.2
_LEAST_PART_BYTES = 1_000_000
_PART_GROWTH = 1.4
_LINEAR_EXPONENT = 1.15
"""Time that grows with a higher power of the size than this is no longer called linear."""


class Cost(NamedTuple):
    """What a process cost, in seconds."""

    wall: float
    cpu: float


def _run(command: list[str]) -> tuple[Cost, str]:
    """Run a command to its end; its processor time includes that of starting it."""
    started = time.perf_counter()
    before = os.times()
    process = subprocess.run(command, cwd=_ROOT, env=_environment(), capture_output=True, text=True, check=False)
    after = os.times()
    wall = time.perf_counter() - started
    if process.returncode not in (0, 1, 3):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{process.stderr}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall, cpu), process.stdout


@functools.cache
def _environment() -> dict[str, str]:
    """Keep compiled modules as an installed program does, whatever this environment says; but not in the source tree."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": folder}


def _worker(kind: str, path: Path) -> dict[str, float]:
    _, output = _run([sys.executable, "-m", "tests.benchmarks.worker", kind, str(path)])
    figures: dict[str, float] = json.loads(output)
    return figures


def _best(costs: list[Cost]) -> Cost:
    return Cost(min(cost.wall for cost in costs), min(cost.cpu for cost in costs))


def _command(path: Path, repeats: int) -> Cost:
    """Measure ``pinscope scan`` as a user runs it, from start to end of the process."""
    command = [str(_PINSCOPE), "scan", str(path), "--format", "json", "--quiet"]
    return _best([_run(command)[0] for _ in range(repeats)])


def _verdict(good: bool) -> str:
    return "met" if good else "MISSED"


def _dex_bytes(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(info.file_size for info in archive.infolist() if is_dex_name(info.filename))


def _report_app(path: Path, repeats: int, *, with_androguard: bool) -> None:
    size = _dex_bytes(path)
    print(f"\n{path.name}: {size / 1e6:.1f} MB of DEX in {len(stored_entries(path))} files", flush=True)
    command = _command(path, repeats)
    scan = _worker("scan", path)
    warm = _worker("repeated-scan", path)
    theirs = _worker("androguard", path) if with_androguard else None
    command = _best([command, _command(path, repeats)])
    index = _worker("index", path)
    print(f"  pinscope scan, the whole command   {command.cpu:7.2f} s CPU {command.wall:7.2f} s wall")
    print(f"  the same without loading Python    {scan['cpu']:7.2f} s CPU {scan['wall']:7.2f} s wall (first scan)")
    print(f"                                     {warm['cpu']:7.2f} s CPU {warm['wall']:7.2f} s wall (further scans)")
    if theirs is not None:
        ratios = (theirs["cpu"] / command.cpu, theirs["wall"] / command.wall, theirs["cpu"] / warm["cpu"])
        judged = f"target ≥ {_RATIO_TARGET}: {_verdict(ratios[0] >= _RATIO_TARGET)}"
        if size < _RATIO_FROM_BYTES:
            judged = f"no target below {_RATIO_FROM_BYTES // 1_000_000} MB"
        print(f"  androguard's AnalyzeAPK alone      {theirs['cpu']:7.2f} s CPU {theirs['wall']:7.2f} s wall")
        print(f"  whole command: {ratios[0]:.1f} times as fast by CPU time, {ratios[1]:.1f} by wall time ({judged});")
        print(f"                 {ratios[2]:.1f} times, in a process that scans several apps")
    ratio = index["index"] / index["inflate"]
    print(
        f"  inflate {1000 * index['inflate']:.0f} ms, index and search {1000 * index['index']:.0f} ms: "
        f"{ratio:.2f} times (target ≤ {_INDEX_TARGET}: {_verdict(ratio <= _INDEX_TARGET)})"
    )
    allowed = _PEAK_BASE + _PEAK_PER_BYTE * size
    peak = scan["peak_bytes"]
    print(
        f"  peak memory {peak / _MIB:.0f} MiB (target < {allowed / _MIB:.0f}: {_verdict(peak < allowed)})", flush=True
    )


def _parts(path: Path) -> list[frozenset[str]]:
    """Return sets of an app's DEX files, the smallest first, each a good deal larger than the one before."""
    with zipfile.ZipFile(path) as archive:
        infos = sorted(
            (info for info in archive.infolist() if is_dex_name(info.filename)), key=lambda info: info.file_size
        )
    parts: list[frozenset[str]] = []
    size = measured = 0
    for number, info in enumerate(infos):
        size += info.file_size
        if size >= max(_LEAST_PART_BYTES, _PART_GROWTH * measured) or info is infos[-1]:
            parts.append(frozenset(one.filename for one in infos[: number + 1]))
            measured = size
    return parts


def _reduced(path: Path, kept: frozenset[str], target: Path) -> Path:
    """Copy an app with some of its DEX files."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for info in source.infolist():
            if not is_dex_name(info.filename) or info.filename in kept:
                copy.writestr(info.filename, source.read(info), info.compress_type)
    return target


def _report_growth(path: Path) -> None:
    """Scan an app with a growing part of its DEX files, and fit the power of the size that the time grows with."""
    points: list[tuple[int, float, float]] = []
    folder = Path(tempfile.mkdtemp())
    try:
        for number, kept in enumerate(_parts(path)):
            part = _reduced(path, kept, folder / f"{number}.apk")
            figures = _worker("repeated-scan", part)
            points.append((_dex_bytes(part), figures["cpu"], figures["peak_bytes"]))
    finally:
        shutil.rmtree(folder)
    print(f"\ngrowth, {path.name} with a part of its DEX files (further scans in one process):")
    for size, seconds, peak in points:
        print(
            f"  {size / 1e6:6.1f} MB {seconds:7.3f} s CPU {1e9 * seconds / size:7.1f} ms per MB, peak {peak / _MIB:.0f} MiB"
        )
    exponent = _slope([(math.log(size), math.log(seconds)) for size, seconds, _ in points])
    print(
        f"  time grows with the size to the power of {exponent:.2f} (linear: {_verdict(exponent <= _LINEAR_EXPONENT)})"
    )


def _slope(points: list[tuple[float, float]]) -> float:
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0


def _report_start() -> None:
    best = _best([_run([str(_PINSCOPE), "--version"])[0] for _ in range(10)])
    print(
        f"\npinscope --version: {best.wall:.3f} s wall, {best.cpu:.3f} s CPU "
        f"(target < {_START_SECONDS}: {_verdict(best.wall < _START_SECONDS)})"
    )


def main() -> None:
    """Measure the apps on the command line, or those of the corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("apps", nargs="*", type=Path)
    parser.add_argument("--no-androguard", action="store_true", help="leave out what takes longest")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="scans before and after androguard")
    arguments = parser.parse_args()
    apps: list[Path] = arguments.apps or (sorted(_CORPUS.glob("*.apk")) if _CORPUS.is_dir() else [])
    if not arguments.apps:
        apps = [path for path in apps if zipfile.is_zipfile(path) and _dex_bytes(path) >= _MIN_DEX_BYTES]
    if not apps:
        raise SystemExit(f"no apps to measure: name some, or put them into {_CORPUS}")
    for path in sorted(apps, key=_dex_bytes):
        _report_app(path, arguments.repeats, with_androguard=not arguments.no_androguard)
    _report_growth(max(apps, key=lambda path: len(stored_entries(path))))
    _report_start()
    report_live()


if __name__ == "__main__":
    main()
