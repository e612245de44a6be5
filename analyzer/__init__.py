"""Pinscope: a static analyzer for TLS and certificate pinning in Android apps."""

from analyzer._version import __version__

__all__ = ["__version__"]
