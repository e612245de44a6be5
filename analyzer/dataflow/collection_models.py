"""What methods of the platform and of Kotlin do to arrays, lists, sets and maps, on known arguments."""

from analyzer.dataflow.question import NEVER
from analyzer.dataflow.text_models import Model, joined, needing, text_of
from analyzer.dataflow.values import (
    Entries,
    Event,
    Items,
    Number,
    Numbers,
    OneOf,
    Text,
    Unknown,
    Value,
    alternatives,
    join,
)
from analyzer.dex import MethodRef

LISTS = frozenset(
    f"Ljava/util/{name};"
    for name in (
        "ArrayList", "LinkedList", "Vector", "HashSet", "LinkedHashSet", "TreeSet", "ArrayDeque", "Stack",
        "concurrent/CopyOnWriteArrayList",
    )
)  # fmt: skip
MAPS = frozenset(
    f"Ljava/util/{name};"
    for name in ("HashMap", "LinkedHashMap", "TreeMap", "Hashtable", "concurrent/ConcurrentHashMap")
) | {"Landroid/util/ArrayMap;", "Landroidx/collection/ArrayMap;"}
ADDING = frozenset({"add", "addElement", "addFirst", "addLast", "push", "offer", "addIfAbsent"})
ADDING_ALL = frozenset({"addAll"})
ADDING_TO_FIRST = frozenset({("Ljava/util/Collections;", "addAll"), ("Lkotlin/collections/CollectionsKt;", "addAll")})
"""Static methods that add what their second argument holds to the collection that is their first."""
SPREAD_BUILDER = "Lkotlin/jvm/internal/SpreadBuilder;"
"""What puts together the arguments of a call with ``*array``."""
PUTTING = frozenset({"put", "putIfAbsent"})
REMOVING = frozenset(
    {"remove", "removeAll", "clear", "retainAll", "removeIf", "pop", "poll", "set", "replaceAll", "putAll", "merge"}
)
UNORDERED = frozenset(
    f"Ljava/util/{name};"
    for name in (
        "HashSet", "TreeSet", "HashMap", "TreeMap", "Hashtable", "PriorityQueue", "ImmutableCollections$SetN",
        "concurrent/ConcurrentHashMap",
    )
)  # fmt: skip
"""Classes whose elements come in another order than they were put in."""
_REORDERING = frozenset({"sort", "shuffle", "reverse", "rotate", "swap"})
_AT_THE_FRONT = frozenset({"addFirst", "push", "offerFirst"})
_OBJECT = "Ljava/lang/Object;"
_LONGEST = 1 << 20
_JOINING = 9
"""How many arguments ``joinToString$default`` has."""
_MAX_ELEMENTS = 4_096
_PAIR, _LIST, _SET = "Lkotlin/Pair;", "Ljava/util/List;", "Ljava/util/Set;"
NOT_PAIRED = Unknown("which elements of two lists belong together")
"""What belongs to the element of another list, where that cannot be told."""


def elements_of(value: Value) -> tuple[Value, ...] | None:
    """Return the elements of a known array or collection; None when `value` is none."""
    match value:
        case Items(elements=elements):
            return elements
        case Numbers(elements=numbers):
            return tuple(Number(number) for number in numbers[:_MAX_ELEMENTS])
        case Entries(entries=entries):
            return tuple(Items("Ljava/util/Map$Entry;", entry) for entry in entries)
    return None


def is_reordering(event: Event) -> bool:
    """Say whether a call leaves elements of a list in another order than that in which they were added."""
    called = event.ref
    if not isinstance(called, MethodRef):
        return False
    if event.position:
        return called.owner == "Ljava/util/Collections;" and called.name in _REORDERING
    inserts = called.name == "add" and len(event.arguments) == 2
    return inserts or called.name in _AT_THE_FRONT or called.name in _REORDERING


def _all_of(type_name: str) -> Model:
    """A factory whose arguments are the elements, or one array that holds them."""

    def model(ref: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
        if len(arguments) == 1 and ref.parameters[-1:] and ref.parameters[-1][0] == "[":
            inner = elements_of(arguments[0])
            if inner is None:
                return arguments[0] if isinstance(arguments[0], Unknown) else None
            complete = not isinstance(arguments[0], Items) or arguments[0].complete
            ordered = not isinstance(arguments[0], Items) or arguments[0].ordered
            return Items(type_name, inner, complete, ordered and type_name not in UNORDERED)
        return Items(type_name, arguments, ordered=type_name not in UNORDERED)

    return model


def _as_list(ref: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """A copy or view of a collection or array, the first argument."""
    if not arguments:
        return Items("Ljava/util/List;", ())
    value = arguments[0]
    return value if isinstance(value, Items | Numbers | Entries | Unknown) else None


def paired(first: Value, second: Value) -> Value | None:
    """Return the pairs of two lists, as Kotlin's ``zip`` makes them; None where they are no lists."""
    one, other = elements_of(first), elements_of(second)
    if one is None or other is None:
        return None
    if in_order(first) is None or in_order(second) is None:
        found = tuple(Items(_PAIR, (NOT_PAIRED, each)) for each in other)
        return Items(_LIST, found, complete=False, ordered=False)
    return Items(_LIST, tuple(Items(_PAIR, both) for both in zip(one, other, strict=False)))


def _zip(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    return paired(*arguments) if len(arguments) == 2 else None


def in_order(container: Value) -> tuple[Value, ...] | None:
    """Return the elements of a list or array in their order; None when one of both is not known."""
    match container:
        case Items(complete=True, ordered=True) | Numbers():
            return elements_of(container)
        case Entries(type=name, complete=True) if name not in UNORDERED:
            return elements_of(container)
    return None


def _singleton_map(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    return Entries("Ljava/util/Map;", ((arguments[0], arguments[1]),)) if len(arguments) == 2 else None


def _map_of(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    pairs = tuple(zip(arguments[::2], arguments[1::2], strict=False))
    return Entries("Ljava/util/Map;", pairs) if len(arguments) % 2 == 0 else None


def _map_of_pairs(ref: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    pairs = elements_of(arguments[0]) if arguments and ref.parameters[0][0] == "[" else arguments
    if pairs is None:
        return None
    found = [pair.elements for pair in pairs if isinstance(pair, Items) and len(pair.elements) == 2]
    return Entries("Ljava/util/Map;", tuple((one[0], one[1]) for one in found), len(found) == len(pairs))


def _to_map(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """``toMap`` of pairs, or of another map."""
    if len(arguments) != 1 or not isinstance(arguments[0], Items):
        return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], Entries) else None
    pairs = [one.elements for one in arguments[0].elements if isinstance(one, Items) and len(one.elements) == 2]
    complete = arguments[0].complete and len(pairs) == len(arguments[0].elements)
    return Entries("Ljava/util/Map;", tuple((one[0], one[1]) for one in pairs), complete) if pairs else None


def _copy_of(ref: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    value, *bounds = arguments
    numbers = [bound.value for bound in bounds if isinstance(bound, Number)]
    if not isinstance(value, Items | Numbers) or len(numbers) < len(bounds) - (
        ref.name == "copyOf" and len(bounds) > 1
    ):
        return None
    start, end = (0, numbers[0]) if ref.name == "copyOf" else (numbers[0], numbers[1])
    if not 0 <= start <= end:
        return Unknown("a copy with impossible bounds")
    if isinstance(value, Numbers):
        kept = value.elements[start:end]
        missing = end - start - len(kept)
        return Numbers(value.type, kept + (0,) * missing) if missing <= _MAX_ELEMENTS else None
    return Items(value.type, value.elements[start:end], value.complete)


def _next(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """Any element, in a loop over a collection."""
    inner = elements_of(arguments[0])
    if inner is None:
        return None
    complete = getattr(arguments[0], "complete", True)
    if not inner:
        return NEVER if complete else Unknown("elements that are not known")
    found = join(inner, _MAX_ELEMENTS)
    return found if complete else join((found, Unknown("elements that are not known")), _MAX_ELEMENTS)


def _get(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    container, *keys = arguments
    if isinstance(container, Entries):
        if not keys:
            return None
        found = [value for key, value in container.entries if key == keys[0]]
        return found[-1] if found else None
    inner = elements_of(container)
    if inner is None or len(keys) > 1:
        return None
    if keys and isinstance(keys[0], Number):
        index = keys[0].value
        return inner[index] if 0 <= index < len(inner) else NEVER
    return join(inner, _MAX_ELEMENTS)


def _first(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    inner = elements_of(arguments[0])
    return inner[0] if inner else None


def _last(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    inner = elements_of(arguments[0])
    return inner[-1] if inner else None


def _size(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    inner = elements_of(arguments[0])
    return Number(len(inner)) if inner is not None and getattr(arguments[0], "complete", True) else None


def _keys(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    value = arguments[0]
    if not isinstance(value, Entries):
        return None
    return Items(_SET, tuple(key for key, _ in value.entries), value.complete, value.type not in UNORDERED)


def _values(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    value = arguments[0]
    if not isinstance(value, Entries):
        return None
    return Items(_LIST, tuple(one for _, one in value.entries), value.complete, value.type not in UNORDERED)


def _pair_part(index: int) -> Model:
    def model(_: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
        value = arguments[0]
        return value.elements[index] if isinstance(value, Items) and len(value.elements) == 2 else None

    return model


def join_elements(ref: MethodRef, arguments: tuple[Value, ...]) -> Value | None:
    """``joinToString``: elements, separator, prefix, postfix, limit, what replaces the rest, and a function."""
    if not arguments:
        return None
    items, *texts = arguments[:7]
    mask = 0
    if ref.name.endswith("$default"):
        if len(arguments) < _JOINING or not isinstance(arguments[7], Number):
            return None
        mask = arguments[7].value
    if not isinstance(items, Items) or not items.complete or len(texts) < _JOINING - 3:
        return None
    defaults: tuple[Value, ...] = (Text(", "), Text(""), Text(""), Number(-1), Text("..."), Number(0))
    given = [
        default if mask >> at & 1 else text for at, (text, default) in enumerate(zip(texts, defaults, strict=False))
    ]
    if given[3:] != [*defaults[3:4], given[4], *defaults[5:]]:
        return None
    separator, prefix, postfix = given[:3]
    parts: list[Value] = [prefix]
    for number, element in enumerate(items.elements):
        parts += [separator, text_of(element, _OBJECT)] if number else [text_of(element, _OBJECT)]
    return joined([*parts, postfix], _LONGEST)


def spread(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return elements with those that may be several things written out."""
    if not any(isinstance(value, OneOf) for value in values):
        return values
    return tuple(one for value in values for one in alternatives(value))


_KOTLIN_LISTS = ("Lkotlin/collections/CollectionsKt;", "Lkotlin/collections/SetsKt;", "Lkotlin/collections/ArraysKt;")
_READS: dict[str, Model] = {
    "iterator": _as_list, "listIterator": _as_list, "entrySet": _as_list, "keySet": _keys, "values": _values,
    "toArray": _as_list, "subList": lambda ref, arguments: None, "elements": _as_list, "clone": _as_list,
    "next": _next, "nextElement": _next, "get": _get, "elementAt": _get, "getOrDefault": lambda ref, arguments: None,
    "size": _size, "getKey": _pair_part(0), "getValue": _pair_part(1), "getFirst": _first, "getLast": _last,
}  # fmt: skip
"""Methods of all collections, maps, iterators and entries."""

COLLECTION_MODELS: dict[tuple[str, str], Model] = {
    ("Ljava/util/Arrays;", "asList"): _all_of(_LIST),
    (_LIST, "of"): _all_of(_LIST),
    (_SET, "of"): _all_of("Ljava/util/ImmutableCollections$SetN;"),
    (_LIST, "copyOf"): _as_list,
    (_SET, "copyOf"): _as_list,
    ("Ljava/util/Map;", "of"): _map_of,
    ("Ljava/util/Map;", "copyOf"): _as_list,
    ("Ljava/util/Map;", "entry"): lambda ref, arguments: Items("Ljava/util/Map$Entry;", arguments),
    **{
        ("Ljava/util/Collections;", name): _as_list
        for name in (
            "unmodifiableList", "unmodifiableSet", "unmodifiableMap", "unmodifiableCollection", "synchronizedList",
            "synchronizedSet", "synchronizedMap", "emptyList", "emptySet",
        )
    },
    ("Ljava/util/Collections;", "singletonList"): _all_of(_LIST),
    ("Ljava/util/Collections;", "singleton"): _all_of(_SET),
    ("Ljava/util/Collections;", "singletonMap"): _singleton_map,
    ("Ljava/util/Arrays;", "copyOf"): _copy_of,
    ("Ljava/util/Arrays;", "copyOfRange"): _copy_of,
    **{
        (owner, name): _all_of(_LIST)
        for owner in _KOTLIN_LISTS
        for name in ("listOf", "setOf", "mutableListOf", "mutableSetOf", "arrayListOf", "listOfNotNull", "asList")
    },
    ("Lkotlin/collections/SetsKt;", "hashSetOf"): _all_of("Ljava/util/HashSet;"),
    **{
        (owner, name): _as_list
        for owner in _KOTLIN_LISTS
        for name in ("toList", "toSet", "toMutableList", "toMutableSet", "emptyList", "emptySet", "filterNotNull",
                     "distinct")
    },
    ("Lkotlin/collections/CollectionsKt;", "first"): _first,
    ("Lkotlin/collections/CollectionsKt;", "last"): _last,
    ("Lkotlin/collections/CollectionsKt;", "createListBuilder"): lambda ref, arguments: Items(_LIST, ()),
    ("Lkotlin/collections/CollectionsKt;", "build"): _as_list,
    **{
        (f"Lkotlin/collections/{owner};", f"joinToString{suffix}"): join_elements
        for owner in ("CollectionsKt", "CollectionsKt___CollectionsKt", "ArraysKt", "ArraysKt___ArraysKt")
        for suffix in ("", "$default")
    },
    ("Lkotlin/collections/MapsKt;", "mapOf"): _map_of_pairs,
    ("Lkotlin/collections/MapsKt;", "mutableMapOf"): _map_of_pairs,
    ("Lkotlin/collections/MapsKt;", "hashMapOf"): _map_of_pairs,
    ("Lkotlin/collections/CollectionsKt;", "zip"): _zip,
    ("Lkotlin/collections/ArraysKt;", "zip"): _zip,
    ("Lkotlin/collections/MapsKt;", "toMap"): _to_map,
    ("Lkotlin/TuplesKt;", "to"): lambda ref, arguments: Items(_PAIR, arguments),
    ("Lkotlin/Pair;", "getFirst"): _pair_part(0),
    ("Lkotlin/Pair;", "getSecond"): _pair_part(1),
    ("Lkotlin/Pair;", "component1"): _pair_part(0),
    ("Lkotlin/Pair;", "component2"): _pair_part(1),
}  # fmt: skip
"""By class and name."""
_LEAST = {
    "copyOf": 2, "copyOfRange": 3, "first": 1, "last": 1, "size": 1, "getFirst": 1, "getSecond": 1, "component1": 1,
    "component2": 1,
}  # fmt: skip
for _key, _model in COLLECTION_MODELS.items():
    if _key[1] in _LEAST and (_key[1] != "copyOf" or _key[0] == "Ljava/util/Arrays;"):
        COLLECTION_MODELS[_key] = needing(_LEAST[_key[1]], _model)
for _name, _model in _READS.items():
    _READS[_name] = needing(1, _model)


def collection_model(ref: MethodRef, *, of_app: bool = False) -> Model | None:
    """Return the model of a method of arrays or collections, or None; `of_app` for collections that the app defines."""
    if of_app:
        return _READS.get(ref.name)
    known = COLLECTION_MODELS.get((ref.owner, ref.name))
    if known is None and (ref.owner.startswith("Ljava/util/") or ref.owner == "Ljava/lang/Iterable;"):
        known = _READS.get(ref.name)
    if known is None and ref.name == "clone" and ref.owner.startswith("["):
        known = _as_list
    return known
