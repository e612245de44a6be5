"""Bounds on the work of following values. Crossing one makes a value unknown, with the reason."""

import msgspec


class FlowLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much work one question may cost."""

    method_steps: int = 400_000
    """Most instructions that are interpreted in one method, repetitions in loops included."""
    method_values: int = 400_000
    """Most nodes of all values that are recorded for one method."""
    value_nodes: int = 4_096
    """Most nodes of one value: elements of an array, calls made on an object."""
    value_depth: int = 32
    """Deepest nesting of one value."""
    alternatives: int = 8
    """Most values that meet where branches of a method join."""
    results: int = 64
    """Most values that one question may yield, over all callers."""
    text_length: int = 1 << 20
    """Longest text that is put together, in characters."""
    depth: int = 72
    """Most steps of following that nest."""
    recursion: int = 2
    """How often one method is entered while it is being followed already."""
    work: int = 20_000
    """Most steps of one question across methods."""
    evaluations: int = 400
    """Most methods that one question may evaluate."""
    users: int = 64
    """Most callers of a method or writers of a field that are looked at."""
    cached_methods: int = 2_048
    """Most evaluated methods that are kept."""
