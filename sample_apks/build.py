"""Rebuild the sample apps from source, or check that the committed ones are what their sources give.

Needs the tools that ``.ci/build-tools`` installs. The same tools give the same bytes on every run.
"""

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from builder.code import CodeLibraries, compile_code
from builder.libraries import why_impossible, why_not_identical
from builder.packaging import build_package
from builder.settings import BuildError, Sample, all_samples
from builder.tools import Tools, find_tools


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1 when ``--check`` finds a difference, or 2 when a build is impossible."""
    parser = argparse.ArgumentParser(prog="sample_apks/build.py", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, compare with the committed files, exit 1 on a difference"
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="build this sample alone; may be repeated")
    options = parser.parse_args(arguments)
    try:
        samples = _possible(_chosen(options.only))
        tools = find_tools()
        with tempfile.TemporaryDirectory(prefix="sample-apks-") as folder:
            built = _build(tools, samples, Path(folder))
            return _compare(tools, samples, built) if options.check else _install(samples, built)
    except BuildError as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 2


def _chosen(names: Sequence[str] | None) -> list[Sample]:
    samples = all_samples()
    known = {sample.name for sample in samples}
    if unknown := sorted(set(names or ()) - known):
        raise BuildError(f"no sample is named {unknown[0]}; there are {', '.join(sorted(known))}")
    return [sample for sample in samples if not names or sample.name in names]


def _possible(samples: Sequence[Sample]) -> list[Sample]:
    """Leave out what needs an optional tool or library that is missing, and say so."""
    possible = []
    for sample in samples:
        reason = why_impossible(sample)
        if reason is None:
            possible.append(sample)
        else:
            print(f"skipped    {sample.name}: {reason}")
    return possible


def _build(tools: Tools, samples: Sequence[Sample], folder: Path) -> list[Path]:
    """Build the samples side by side; returns their folders under `folder`, in the same order."""
    libraries = CodeLibraries(tools, folder)

    def build_one(sample: Sample) -> Path:
        work = folder / sample.name
        work.mkdir()
        code = compile_code(tools, libraries, sample, work)
        build_package(tools, sample, code, work)
        return work

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(build_one, samples))


def _install(samples: Sequence[Sample], built: Sequence[Path]) -> int:
    for sample, work in zip(samples, built, strict=True):
        for name in sample.output_names:
            new, committed = work / name, sample.outputs / name
            state = _state(new, committed)
            committed.parent.mkdir(exist_ok=True)
            shutil.copyfile(new, committed)
            print(f"{state:9}  {new.stat().st_size:>9,}  {sample.name}/{name}")
    return 0


def _compare(tools: Tools, samples: Sequence[Sample], built: Sequence[Path]) -> int:
    differences = []
    for sample, work in zip(samples, built, strict=True):
        for name in sample.output_names:
            new, committed = work / name, sample.outputs / name
            state = _state(new, committed)
            reason = why_not_identical(sample)
            if state != "same" and reason is not None and name == sample.output_name:
                print(f"differs    {sample.name}/{name}: {reason}")
            elif state != "same":
                old = _sha256(committed) if committed.exists() else "none"
                differences.append(f"{sample.name}/{name}: {state}\n  committed {old}\n  rebuilt   {_sha256(new)}")
    if not differences:
        print(f"{len(samples)} samples are what their sources give.")
        return 0
    print(*differences, "", "Tools:", tools.versions(), sep="\n", file=sys.stderr)
    return 1


def _state(new: Path, committed: Path) -> str:
    if not committed.exists():
        return "new"
    return "same" if _sha256(new) == _sha256(committed) else "different"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
