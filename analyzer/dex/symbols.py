"""Names of what code refers to: methods, fields and types, as DEX files write them."""

from functools import lru_cache

import msgspec

UNREADABLE = "\ufffd"
"""Stands for a name that is damaged; no valid name contains it."""


class MethodRef(msgspec.Struct, frozen=True, order=True):
    """A method as an instruction names it; `owner` need not be the class that defines it."""

    owner: str
    """Descriptor of the class: ``Lokhttp3/CertificatePinner;``."""
    name: str
    descriptor: str
    """Parameter and return types: ``(Ljava/lang/String;I)V``."""

    def __str__(self) -> str:
        return f"{self.owner}->{self.name}{self.descriptor}"

    @property
    def parameters(self) -> tuple[str, ...]:
        """Type descriptors of the parameters, without ``this``."""
        return parameters_of(self.descriptor)

    @property
    def return_type(self) -> str:
        """Type descriptor of the result; never empty, however damaged."""
        return self.descriptor.rpartition(")")[2] or UNREADABLE


class FieldRef(msgspec.Struct, frozen=True, order=True):
    """A field as an instruction names it; `owner` need not be the class that defines it."""

    owner: str
    """Descriptor of the class."""
    name: str
    type: str
    """Type descriptor."""

    def __str__(self) -> str:
        return f"{self.owner}->{self.name}:{self.type}"


def dotted(descriptor: str) -> str:
    """Return the name Java source has for a type: ``Lokhttp3/CertificatePinner;`` → ``okhttp3.CertificatePinner``.

    Arrays keep their brackets (``[I`` → ``int[]``); what is no type descriptor is returned as it is.
    """
    element = descriptor.lstrip("[")
    depth = len(descriptor) - len(element)
    if element.startswith("L") and element.endswith(";"):
        name = element[1:-1].replace("/", ".")
    else:
        name = _PRIMITIVES.get(element, element)
    return name + "[]" * depth


def descriptor_of(name: str) -> str:
    """Return the type descriptor of a dotted class name: ``okhttp3.CertificatePinner`` → ``Lokhttp3/…;``."""
    return f"L{name.replace('.', '/')};"


@lru_cache(maxsize=65_536)
def parameters_of(descriptor: str) -> tuple[str, ...]:
    """Split the parameter types of a method descriptor."""
    types = []
    at = 1
    end = descriptor.rfind(")")
    while at < end:
        start = at
        while at < end and descriptor[at] == "[":
            at += 1
        if descriptor[at] == "L":
            closing = descriptor.find(";", at, end)
            at = end if closing < 0 else closing + 1
        else:
            at += 1
        types.append(descriptor[start:at])
    return tuple(types)


_PRIMITIVES = {
    "V": "void",
    "Z": "boolean",
    "B": "byte",
    "S": "short",
    "C": "char",
    "I": "int",
    "J": "long",
    "F": "float",
    "D": "double",
}
