"""Measures Pinscope against androguard and against its own targets, in one run; `make bench`.

    python -m tests.benchmarks [APP.apk …] [--no-androguard] [--repeats N]

Without apps it takes those beside the project (shared/corpus) that have at least 5 MB of DEX. Everything is measured
in processes of its own, one after the other, and the figures of ours enclose those of androguard, so that both see the
same machine. Processor time is what the ratios are made of: others may use the machine, too. Wall time stands beside.
Both sides are measured from start to end of a process that finds its modules compiled, and without the start of Python
and the loading of modules. The target is the hardest comparison: our whole command against their call alone.
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

from tests.benchmarks.dex_index import inflated, is_dex_name, stored_entries
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
_LINEAR_EXPONENT = 1.15
"""Time that grows with a higher power of the size than this is no longer called linear."""


class Cost(NamedTuple):
    """What a process cost, in seconds."""

    wall: float
    cpu: float


class Point(NamedTuple):
    """What one more scan of an app costs in a process that scans several."""

    size: int
    seconds: float
    peak_bytes: float


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


_LOAD_ANDROGUARD = "from loguru import logger; logger.disable('androguard'); from androguard.misc import AnalyzeAPK"
_ANDROGUARD = f"""
import json, sys, time
{_LOAD_ANDROGUARD}
wall, cpu = time.perf_counter(), time.process_time()
AnalyzeAPK(sys.argv[1])
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""


def _androguard(path: Path) -> tuple[Cost, Cost]:
    """Measure ``AnalyzeAPK``: the whole process, and the call alone."""
    _run([sys.executable, "-c", _LOAD_ANDROGUARD])  # compiles its modules
    whole, output = _run([sys.executable, "-c", _ANDROGUARD, str(path)])
    return whole, Cost(*json.loads(output))


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


def _report_app(path: Path, repeats: int, *, with_androguard: bool) -> Point:
    size = _dex_bytes(path)
    print(f"\n{path.name}: {size / 1e6:.1f} MB of DEX in {len(stored_entries(path))} files", flush=True)
    command = _command(path, repeats)
    scan = _worker("scan", path)
    warm = _worker("repeated-scan", path)
    theirs = _androguard(path) if with_androguard else None
    command = _best([command, _command(path, repeats)])
    index = _worker("index", path)
    print(f"  pinscope scan, the whole command   {command.cpu:7.2f} s CPU {command.wall:7.2f} s wall")
    print(f"  the same without loading Python    {scan['cpu']:7.2f} s CPU {scan['wall']:7.2f} s wall (first scan)")
    print(f"                                     {warm['cpu']:7.2f} s CPU {warm['wall']:7.2f} s wall (further scans)")
    if theirs is not None:
        whole, alone = theirs
        ratio = alone.cpu / command.cpu
        judged = f"target ≥ {_RATIO_TARGET}: {_verdict(ratio >= _RATIO_TARGET)}"
        if size < _RATIO_FROM_BYTES:
            judged = f"no target below {_RATIO_FROM_BYTES // 1_000_000} MB"
        print(f"  androguard's AnalyzeAPK, a process {whole.cpu:7.2f} s CPU {whole.wall:7.2f} s wall")
        print(f"  the same without loading Python    {alone.cpu:7.2f} s CPU {alone.wall:7.2f} s wall")
        print(f"  our whole command: {ratio:.1f} times as fast as their call alone, by CPU time ({judged});")
        print(f"      {whole.cpu / command.cpu:.1f} times, a whole process on either side;")
        print(f"      {alone.cpu / scan['cpu']:.1f} times, without loading Python on either side;")
        print(f"      {alone.cpu / warm['cpu']:.1f} times, further scans in one process")
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
    return Point(size, warm["cpu"], warm["peak_bytes"])


def _join(paths: list[Path], target: Path) -> Path:
    """Put the DEX files of several apps into a copy of the last of them."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        with zipfile.ZipFile(paths[-1]) as shell:
            for info in shell.infolist():
                if not is_dex_name(info.filename):
                    copy.writestr(info.filename, shell.read(info))
        number = 0
        for path in reversed(paths):
            for _, data in inflated(stored_entries(path)):
                number += 1
                copy.writestr(f"classes{number if number > 1 else ''}.dex", data)
    return target


def _joined(apps: list[Path]) -> list[Point]:
    """Scan apps with more and more code: that of the first app, of the first two, and so on."""
    points = []
    with tempfile.TemporaryDirectory() as folder:
        for count in range(1, len(apps) + 1):
            app = _join(apps[:count], Path(folder) / f"{count}.apk")
            figures = _worker("repeated-scan", app)
            points.append(Point(_dex_bytes(app), figures["cpu"], figures["peak_bytes"]))
    return points


def _report_growth(what: str, points: list[Point]) -> None:
    """Fit the power of the size that the time grows with."""
    print(f"\ngrowth over {what} (further scans in one process):")
    for size, seconds, peak in points:
        print(
            f"  {size / 1e6:6.1f} MB {seconds:7.3f} s CPU {1e9 * seconds / size:7.1f} ms per MB, peak {peak / _MIB:.0f} MiB"
        )
    exponent = _slope([(math.log(size), math.log(seconds)) for size, seconds, _ in points])
    print(
        f"  time grows with the size to the power of {exponent:.2f} (linear: {_verdict(exponent <= _LINEAR_EXPONENT)})",
        flush=True,
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
    apps = sorted(apps, key=_dex_bytes)
    points = [_report_app(path, arguments.repeats, with_androguard=not arguments.no_androguard) for path in apps]
    if len(apps) > 1:
        _report_growth("the apps", points)
        _report_growth("code of the first, the first two … of them in one app", _joined(apps))
    _report_start()
    report_live()


if __name__ == "__main__":
    main()
