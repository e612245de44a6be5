"""The base of every fact: a frozen, comparable, serialisable record."""

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base class of all model types.

    Records hold only plain values (strings, numbers, bytes, tuples, other records), so that a whole
    scan result can be compared, hashed by content and written as JSON. ``bytes`` are written as base64.
    """
