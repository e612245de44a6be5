"""Handles on what a DEX file defines: classes, their fields and methods. They hold no data of their own."""

from collections.abc import Iterator

import msgspec

from analyzer.dex.code import CodeItem
from analyzer.dex.file import DexFile
from analyzer.dex.symbols import FieldRef, MethodRef, dotted
from analyzer.dex.values import EncodedValue

ACC_PUBLIC = 0x1
ACC_PRIVATE = 0x2
ACC_PROTECTED = 0x4
ACC_STATIC = 0x8
ACC_FINAL = 0x10
ACC_BRIDGE = 0x40
ACC_NATIVE = 0x100
ACC_INTERFACE = 0x200
ACC_ABSTRACT = 0x400
ACC_SYNTHETIC = 0x1000
ACC_ENUM = 0x4000


class DexClass(msgspec.Struct, frozen=True, gc=False):
    """A class definition."""

    file: DexFile
    row: int
    """Its place among the class definitions of `file`."""

    @property
    def descriptor(self) -> str:
        """Type descriptor: ``Lokhttp3/CertificatePinner;``."""
        return self.file.class_name(self.row)

    @property
    def name(self) -> str:
        """Dotted name: ``okhttp3.CertificatePinner``."""
        return dotted(self.descriptor)

    @property
    def access_flags(self) -> int:
        """The ``ACC_`` flags."""
        return int(self.file.tables.classes[self.row, 1])

    @property
    def is_interface(self) -> bool:
        """Whether it is an interface."""
        return bool(self.access_flags & ACC_INTERFACE)

    @property
    def is_abstract(self) -> bool:
        """Whether no object has this very class; interfaces are abstract."""
        return bool(self.access_flags & ACC_ABSTRACT)

    @property
    def superclass(self) -> str | None:
        """Descriptor of the superclass; None for ``java.lang.Object``."""
        return self.file.superclass(self.row)

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Descriptors of the interfaces it names itself."""
        return self.file.interfaces(self.row)

    @property
    def fields(self) -> tuple["DexField", ...]:
        """Its fields, static ones first, each kind in the order of the field table."""
        first, last = self.file.members.field_span[self.row].tolist()
        return tuple(DexField(self.file, row) for row in range(first, last))

    @property
    def methods(self) -> tuple["DexMethod", ...]:
        """Its methods, direct ones (static, private, constructors) first."""
        first, last = self.file.members.method_span[self.row].tolist()
        return tuple(DexMethod(self.file, row) for row in range(first, last))

    def method(self, name: str, descriptor: str | None = None) -> "DexMethod | None":
        """Return the first method it defines with this name (and descriptor), or None."""
        for method in self.methods_named(name):
            if descriptor is None or method.ref.descriptor == descriptor:
                return method
        return None

    def methods_named(self, name: str) -> Iterator["DexMethod"]:
        """Yield the methods it defines with this name."""
        string = self.file.strings.find(name)
        for row in self.file.members.methods_named(self.row, string) if string is not None else ():
            yield DexMethod(self.file, row)

    def field(self, name: str) -> "DexField | None":
        """Return the first field it defines with this name, or None."""
        return next((field for field in self.fields if field.ref.name == name), None)

    def __repr__(self) -> str:
        return f"DexClass({self.file.entry}: {self.descriptor})"


class DexField(msgspec.Struct, frozen=True, gc=False):
    """A field definition."""

    file: DexFile
    row: int
    """Its place among the defined fields of `file`."""

    @property
    def ref(self) -> FieldRef:
        """Owner, name and type."""
        return self.file.field(self.index)

    @property
    def index(self) -> int:
        """Its index in the field table of `file`."""
        return int(self.file.members.field_index[self.row])

    @property
    def owner(self) -> DexClass:
        """The class that defines it."""
        return DexClass(self.file, int(self.file.members.field_definition[self.row]))

    @property
    def access_flags(self) -> int:
        """The ``ACC_`` flags."""
        return int(self.file.members.field_flags[self.row])

    @property
    def is_static(self) -> bool:
        """Whether it belongs to the class."""
        return bool(self.file.members.field_is_static[self.row])

    @property
    def initial_value(self) -> EncodedValue | None:
        """The value a static field has before any code runs; None when it is zero, false or null, or an instance's."""
        if not self.is_static:
            return None
        definition = int(self.file.members.field_definition[self.row])
        place = self.row - int(self.file.members.field_span[definition, 0])
        values = self.file.static_values(definition)
        return values[place] if place < len(values) else None

    def __repr__(self) -> str:
        return f"DexField({self.file.entry}: {self.ref})"


class DexMethod(msgspec.Struct, frozen=True, gc=False):
    """A method definition."""

    file: DexFile
    row: int
    """Its place among the defined methods of `file`."""

    @property
    def ref(self) -> MethodRef:
        """Owner, name and descriptor."""
        return self.file.method(self.file.members.method_places[self.row])

    @property
    def index(self) -> int:
        """Its index in the method table of `file`."""
        return self.file.members.method_places[self.row]

    @property
    def owner(self) -> DexClass:
        """The class that defines it."""
        return DexClass(self.file, int(self.file.members.method_definition[self.row]))

    @property
    def access_flags(self) -> int:
        """The ``ACC_`` flags."""
        return int(self.file.members.method_flags[self.row])

    @property
    def is_static(self) -> bool:
        """Whether it has no ``this``."""
        return bool(self.access_flags & ACC_STATIC)

    @property
    def is_direct(self) -> bool:
        """Whether it is static, private or a constructor, so that nothing overrides it."""
        return bool(self.file.members.method_is_direct[self.row])

    @property
    def is_abstract(self) -> bool:
        """Whether it has no code because a subclass provides it."""
        return bool(self.access_flags & ACC_ABSTRACT)

    @property
    def is_native(self) -> bool:
        """Whether its code is in a native library."""
        return bool(self.access_flags & ACC_NATIVE)

    @property
    def code_offset(self) -> int:
        """Where its code is in the DEX file; 0 when it has none."""
        return int(self.file.members.method_code[self.row])

    def code(self) -> CodeItem | None:
        """Return its code; None when it has none (abstract, native) or its code lies outside the file."""
        return self.file.code_at(self.code_offset)

    def __repr__(self) -> str:
        return f"DexMethod({self.file.entry}: {self.ref})"
