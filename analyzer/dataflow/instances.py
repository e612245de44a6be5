"""Whether a value is an object of a class, as far as the classes of the app tell."""

from analyzer.dataflow.values import Created, FieldValue, Number, Result, Value
from analyzer.dex import Program

_INTERFACE, _FINAL = 0x200, 0x10


def is_instance(program: Program, value: Value, type_name: str) -> bool | None:
    """Say what ``instanceof`` answers; None where it depends on what is not known.

    An object that is made right here is of exactly its class. Of anything else only the declared class is known, and
    whether it may be null: two classes (JLS 4.10.2) of which neither is above the other have no objects in common.
    """
    if value == Number(0):
        return False
    if isinstance(value, Created):
        if type_name == value.type or type_name in program.hierarchy.supertypes_of(value.type):
            return True
        # A class of the app is above none of the platform's.
        return None if program.find_class(type_name) is None else False
    declared = _declared(value)
    if declared is None or not _is_class(program, declared) or not _is_class(program, type_name):
        return None
    if declared == type_name or type_name in program.hierarchy.supertypes_of(declared):
        return True if _is_singleton(program, value) else None
    return None if declared in program.hierarchy.supertypes_of(type_name) else False


def _declared(value: Value) -> str | None:
    match value:
        case FieldValue(ref=field):
            return field.type
        case Result(ref=ref):
            return ref.return_type
    return None


def _is_class(program: Program, name: str) -> bool:
    definition = program.find_class(name)
    return definition is not None and not definition.is_interface


def _is_singleton(program: Program, value: Value) -> bool:
    """Say whether a value is a constant that holds an object of its own class, as Kotlin keeps an ``object``."""
    if not isinstance(value, FieldValue) or value.base is not None or value.ref.owner != value.ref.type:
        return False
    field = program.resolve_field(value.ref)
    return field is not None and bool(field.access_flags & _FINAL)
