"""Whether an object of one class is of another, as far as the app and what is known of the platform tell."""

from analyzer.dataflow.collection_models import LISTS, MAPS
from analyzer.dex import Hierarchy

_OBJECT = "Ljava/lang/Object;"
_OF_ARRAYS = frozenset({_OBJECT, "Ljava/lang/Cloneable;", "Ljava/io/Serializable;"})
_STRING = "Ljava/lang/String;"
_OF_STRINGS = frozenset(
    {_OBJECT, _STRING, "Ljava/lang/CharSequence;", "Ljava/lang/Comparable;", "Ljava/io/Serializable;"}
)
_COLLECTIONS = frozenset({_OBJECT, "Ljava/lang/Iterable;", "Ljava/util/Collection;"})
_LIST, _SET, _MAP = "Ljava/util/List;", "Ljava/util/Set;", "Ljava/util/Map;"
_NEVER_OF_COLLECTIONS = frozenset(
    {"Ljava/util/Iterator;", _STRING, "Ljava/lang/CharSequence;", "Ljava/util/Map$Entry;"}
)


def is_kind_of(hierarchy: Hierarchy | None, name: str, wanted: str) -> bool | None:
    """Say whether an object of the class `name` is a `wanted`; None when what is known of the platform does not tell.

    An array of objects counts as an array of whatever objects are asked for.
    """
    if name == wanted or wanted == _OBJECT:
        return True
    if name[0] == "[":
        return (name[1] in "L[" and wanted[1] in "L[") if wanted[0] == "[" else wanted in _OF_ARRAYS
    if wanted[0] == "[":
        return False
    if name == _STRING:
        return wanted in _OF_STRINGS
    platform = _kind_of_collection(name, wanted)
    if platform is not None or hierarchy is None:
        return platform
    return hierarchy.is_subtype(name, wanted)


def _kind_of_collection(name: str, wanted: str) -> bool | None:
    """Say so for what `dataflow.collection_models` knows."""
    if name in MAPS or name == _MAP:
        return True if wanted == _MAP else False if wanted in _COLLECTIONS | _NEVER_OF_COLLECTIONS else None
    if name not in LISTS and name not in (_LIST, _SET):
        return None
    if wanted in _COLLECTIONS:
        return True
    if wanted == _MAP or wanted in _NEVER_OF_COLLECTIONS:
        return False
    if name in (_LIST, "Ljava/util/ArrayList;"):
        return True if wanted == _LIST else False if wanted == _SET else None
    return None
