"""The catalogue of pinning mechanisms that are known by name: ``pin_apis.yaml`` in ``rules/catalogue``."""

import re
from typing import Annotated, Literal

import msgspec

from analyzer.model.pins import Algorithm, CheckedAgainst, HashedObject, Mechanism

PIN_APIS_FILE = "pin_apis.yaml"
_METHOD = r"^L[^;]+;->[^(\s]+$"
MethodName = Annotated[str, msgspec.Meta(pattern=_METHOD)]
TypeName = Annotated[str, msgspec.Meta(pattern=r"^L[^;]+;$")]
Place = Annotated[int, msgspec.Meta(ge=0)]
PinForm = Literal["text", "bytes", "file"]
_PARTS = re.compile(r"(L[^;]+;)->(.+)")


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mechanism: Mechanism


class PinCall(_Entry, frozen=True, kw_only=True):
    """A method that is given pins; the file's head explains the fields."""

    method: MethodName
    parameters: tuple[str, ...] | None = None
    host: Place | None = None
    pins: Place | None = None
    subdomains: Place | None = None
    expiration: Place | None = None
    form: PinForm
    algorithm: Algorithm | None = None
    object: HashedObject
    against: CheckedAgainst
    wired: bool = True
    detail: str | None = None

    @property
    def owner(self) -> str:
        """Descriptor of the class."""
        return method_parts(self.method)[0]

    @property
    def name(self) -> str:
        """Name of the method."""
        return method_parts(self.method)[1]


class PinProvider(_Entry, frozen=True, kw_only=True):
    """An interface whose implementations return pins."""

    type: TypeName
    method: str
    form: PinForm
    algorithm: Algorithm | None = None
    object: HashedObject
    against: CheckedAgainst


class PinType(_Entry, frozen=True, kw_only=True):
    """A class or interface of a mechanism whose pins are somewhere else."""

    type: TypeName


class Switch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A setting that rules ask about."""

    api: str
    method: MethodName
    argument: Place


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Methods that bring values from outside the package; ``parsed`` ones hand on where their own argument is from."""

    kind: Literal["preferences", "remote-config", "network", "parsed"]
    methods: tuple[MethodName, ...]


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plugin that checks a certificate on a connection of its own."""

    name: str
    type: TypeName
    method: str


class Window(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trust manager that forgets its pins some time after the build."""

    type: TypeName
    milliseconds: int


class PinApis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    calls: tuple[PinCall, ...] = ()
    providers: tuple[PinProvider, ...] = ()
    deciders: tuple[PinType, ...] = ()
    switches: tuple[Switch, ...] = ()
    bridges: tuple[PinType, ...] = ()
    sources: tuple[Source, ...] = ()
    probes: tuple[Probe, ...] = ()
    windows: tuple[Window, ...] = ()


def method_parts(method: str) -> tuple[str, str]:
    """Split ``Lpackage/Class;->name`` into class and name."""
    found = _PARTS.fullmatch(method)
    assert found is not None, "the catalogue's form was checked when it was loaded"
    return found[1], found[2]
