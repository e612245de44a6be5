"""Many targets, one after the other: what goes wrong with one never touches the others."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from analyzer.errors import UsageError
from analyzer.model import ScanResult
from analyzer.options import ScanOptions
from analyzer.pipeline import Engine, failed_result, load_engine, scan

ScanTarget = Callable[[Path, ScanOptions, Engine], ScanResult]


def run(
    targets: Sequence[Path], options: ScanOptions, engine: Engine | None = None, *, scan_target: ScanTarget = scan
) -> Iterator[ScanResult]:
    """Scan targets in the given order and yield a result for each, also for those that fail.

    Args:
        targets: Apps, split sets or folders of split APKs.
        options: The same for all.
        engine: Rules and catalogues; loaded when left out.
        scan_target: What scans one target; an argument for tests.

    Raises:
        UsageError: A target does not exist; said before anything is scanned.
    """
    for target in targets:
        if not target.exists():
            raise UsageError(f"{target}: no such file or folder")
    engine = engine or load_engine(options)
    for target in targets:
        try:
            yield scan_target(target, options, engine)
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 # the target boundary: one target must not end the run
            yield failed_result(target, options, engine, error)
