"""Pinscope: a static analyzer for TLS and certificate pinning in Android apps.

The public API: `scan` analyses one target and returns a `ScanResult`; `ScanOptions` says how. Names are imported
when they are first used, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING, Any

from analyzer._version import __version__

if TYPE_CHECKING:
    from analyzer.model import ScanResult
    from analyzer.options import ScanOptions
    from analyzer.pipeline import scan

__all__ = ["ScanOptions", "ScanResult", "__version__", "scan"]

_HOMES = {
    "ScanOptions": "analyzer.options",
    "ScanResult": "analyzer.model",
    "scan": "analyzer.pipeline",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
