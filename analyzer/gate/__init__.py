"""Decides what a scan means for the build: exit code, blocking findings, one sentence why. Knows no format."""

from analyzer.gate.decide import EXIT_BLOCKED, EXIT_FAILED, EXIT_INCOMPLETE, EXIT_PASS, blocks, decide

__all__ = ["EXIT_BLOCKED", "EXIT_FAILED", "EXIT_INCOMPLETE", "EXIT_PASS", "blocks", "decide"]
