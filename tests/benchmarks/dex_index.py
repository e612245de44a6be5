"""Measures the DEX index against inflating the same bytes and against androguard; run by hand.

    python -m tests.benchmarks.dex_index APP.apk [APP.apk …] [--no-androguard]

Prints, for each app: seconds to inflate its DEX entries, to index them and find candidates for a typical set of
questions, their ratio (the target is 4 at most), the same per megabyte, the peak memory of a process that does only
that, and what androguard needs to parse the same bytes without any references.
"""

import argparse
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from analyzer.dex import MethodRef, Program

_REPEATS = 5
_MIB = 1024 * 1024
_PEAK_FLAG = "--peak"

_METHODS = [
    MethodRef("Ljavax/net/ssl/SSLContext;", "init",
              "([Ljavax/net/ssl/KeyManager;[Ljavax/net/ssl/TrustManager;Ljava/security/SecureRandom;)V"),
    MethodRef("Ljavax/net/ssl/HttpsURLConnection;", "setHostnameVerifier", "(Ljavax/net/ssl/HostnameVerifier;)V"),
    MethodRef("Lokhttp3/CertificatePinner$Builder;", "add",
              "(Ljava/lang/String;[Ljava/lang/String;)Lokhttp3/CertificatePinner$Builder;"),
    MethodRef("Landroid/webkit/SslErrorHandler;", "proceed", "()V"),
    MethodRef("Ljava/lang/StringBuilder;", "append", "(Ljava/lang/String;)Ljava/lang/StringBuilder;"),
]  # fmt: skip
_STRINGS = ["TLS", "SSL", "sha256/", "https://", "X.509", "no such string"]
_TYPES = ["Lokhttp3/OkHttpClient;", "Ljavax/net/ssl/X509TrustManager;", "Ljava/lang/StringBuilder;"]


def is_dex_name(name: str) -> bool:
    """Tell the entries that a device loads from others that hold DEX code."""
    return "/" not in name and name.endswith(".dex")


def stored_entries(path: Path) -> list[tuple[str, bytes, int]]:
    """Return name, stored bytes and compression method of each DEX entry."""
    data = path.read_bytes()
    entries = []
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if is_dex_name(info.filename):
                name_bytes, extra_bytes = struct.unpack_from("<HH", data, info.header_offset + 26)
                start = info.header_offset + 30 + name_bytes + extra_bytes
                entries.append((info.filename, data[start : start + info.compress_size], info.compress_type))
    return entries


def inflated(entries: list[tuple[str, bytes, int]]) -> list[tuple[str, bytes]]:
    """Inflate entries as they are stored."""
    return [(name, zlib.decompress(raw, -15) if method else raw) for name, raw, method in entries]


def index_and_search(contents: list[tuple[str, bytes]]) -> int:
    """Build the index, ask one batch of each kind of question, and return how many sites there are."""
    program = Program.build(contents)
    users = program.users
    sites = len(users.callers_of(_METHODS)) + len(users.loads_of(_STRINGS)) + len(users.uses_of(_TYPES))
    return sites + len(users.writers_of(program.field_refs("Lokhttp3/OkHttpClient;")))


def _best_seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(_REPEATS):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def _androguard_seconds(contents: list[tuple[str, bytes]]) -> float:
    from androguard.core import dex
    from loguru import logger

    logger.disable("androguard")
    started = time.perf_counter()
    for _, data in contents:
        dex.DEX(data)
    return time.perf_counter() - started


def _peak_bytes(path: Path) -> int:
    """Return the peak memory of a process that inflates, indexes and searches."""
    command = [sys.executable, "-m", "tests.benchmarks.dex_index", _PEAK_FLAG, str(path)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _report(path: Path, with_androguard: bool) -> None:
    entries = stored_entries(path)
    contents = inflated(entries)
    size = sum(len(data) for _, data in contents)
    inflate = _best_seconds(lambda: inflated(entries))
    index = _best_seconds(lambda: index_and_search(contents))
    peak = _peak_bytes(path)
    print(f"{path.name}: {size / _MIB:.1f} MiB of DEX in {len(contents)} files")
    print(f"  inflate {inflate:.3f} s, index and search {index:.3f} s: ratio {index / inflate:.2f} (target ≤ 4)")
    print(f"  {1000 * index / (size / _MIB):.1f} ms per MiB")
    print(f"  peak memory {peak / _MIB:.0f} MiB (target ≤ {150 + 4 * size / _MIB:.0f})")
    if with_androguard:
        parse = _androguard_seconds(contents)
        print(f"  androguard parses in {parse:.1f} s: {parse / index:.0f} times the index and search")


def main() -> None:
    """Measure each app on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("apps", nargs="+", type=Path)
    parser.add_argument("--no-androguard", action="store_true")
    parser.add_argument(_PEAK_FLAG, action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        index_and_search(inflated(stored_entries(arguments.apps[0])))
        # NOTE: ru_maxrss would not do, it is inherited from the parent process on Linux.
        (peak,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
        print(int(peak.split()[1]) * 1024)
        return
    for path in arguments.apps:
        _report(path, not arguments.no_androguard)


if __name__ == "__main__":
    main()
