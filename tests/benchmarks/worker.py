"""Does one measured thing in a process of its own and prints the figures as JSON.

    python -m tests.benchmarks.worker scan|repeated-scan|index APP.apk

Times count from when the libraries are loaded. Where several repetitions make sense, the best one counts.
"""

import contextlib
import gc
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.dex_index import index_and_search, inflated, stored_entries

_REPEATS = 5


def _measured(work: Callable[[], object], repeats: int = 1) -> dict[str, float]:
    """Return the least wall and processor time of `work`, in seconds."""
    wall = processor = float("inf")
    for _ in range(repeats):
        gc.collect()
        wall_start, processor_start = time.perf_counter(), time.process_time()
        work()
        wall = min(wall, time.perf_counter() - wall_start)
        processor = min(processor, time.process_time() - processor_start)
    return {"wall": wall, "cpu": processor}


def peak_bytes() -> int:
    """Return the most memory this process had so far.

    NOTE: ``ru_maxrss`` would not do, it is inherited from the parent process on Linux.
    """
    (peak,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(peak.split()[1]) * 1024


def _scan(path: Path, repeats: int = 1) -> dict[str, float]:
    """Run the real command, reports included, as the installed script does."""
    from analyzer.cli import run

    arguments = ["scan", str(path), "--format", "json", "--fail-on", "never", "--quiet"]

    def work() -> None:
        with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
            code = run(arguments)
        assert code in (0, 3), code

    return _measured(work, repeats)


def _index(path: Path) -> dict[str, float]:
    entries = stored_entries(path)
    contents = inflated(entries)
    inflate = _measured(lambda: inflated(entries), _REPEATS)
    index = _measured(lambda: index_and_search(contents), _REPEATS)
    return {"inflate": inflate["cpu"], "index": index["cpu"]}


_KINDS: dict[str, Callable[[Path], dict[str, float]]] = {
    "scan": _scan,
    "repeated-scan": lambda path: _scan(path, 3),
    "index": _index,
}


def main() -> None:
    """Answer for the kind of measurement and the app on the command line."""
    figures = _KINDS[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps({**figures, "peak_bytes": peak_bytes()}))


if __name__ == "__main__":
    main()
