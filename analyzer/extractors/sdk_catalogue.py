"""The catalogues of libraries and of APIs: ``sdks.yaml`` and ``apis.yaml`` in ``rules/catalogue``."""

import re
from typing import Annotated, Literal

import msgspec

from analyzer.errors import RuleError
from analyzer.model import FactKind

SDKS_FILE = "sdks.yaml"
APIS_FILE = "apis.yaml"

_METHOD = re.compile(r"(L[^;]+;)->([^(\s]+)(\(.*\).+)?")
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Package = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*$")]


class VersionFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bundled file that tells a version."""

    entry: str
    """Name of the container entry."""
    pattern: str
    """Regular expression over its text; group 1 is the version."""


class Renamed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shows that a library is there whose names a shrinker took, and what is then not seen."""

    texts: Annotated[tuple[Annotated[str, msgspec.Meta(min_length=8)], ...], msgspec.Meta(min_length=1)]
    """Beginnings of texts that its code loads; all of them."""
    unless: Annotated[tuple[Package, ...], msgspec.Meta(min_length=1)]
    """Classes by whose names its calls are recognised: with one of them there is nothing amiss."""
    missing: str
    """What may be missing, in words."""
    hides: Annotated[tuple[FactKind, ...], msgspec.Meta(min_length=1)]


class Sdk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of ``sdks.yaml``; the file's head explains the fields."""

    name: Name
    kind: Literal["library", "sdk", "runtime", "packer"]
    packages: tuple[Package, ...] = ()
    classes: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    native: tuple[str, ...] = ()
    version_string: str | None = None
    version_file: VersionFile | None = None
    renamed: tuple[Renamed, ...] = ()

    @property
    def has_evidence(self) -> bool:
        """Whether the entry says how to recognise it."""
        return bool(self.packages or self.classes or self.entries or self.native)


class ApiMethod(msgspec.Struct, frozen=True):
    """A method of a catalogued API."""

    owner: str
    name: str
    descriptor: str | None
    """None stands for all overloads."""


class Api(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of ``apis.yaml``; the file's head explains the fields."""

    api: Name
    methods: tuple[str, ...] = ()
    fields: tuple[Annotated[str, msgspec.Meta(pattern=r"^L[^;]+;->[^(\s]+$")], ...] = ()
    of: Name | None = None
    not_within: tuple[Name, ...] = ()
    arguments: tuple[int, ...] = ()
    made_by: tuple[str, ...] = ()
    role: Literal["trust_manager", "socket_factory", "hostname_verifier"] | None = None
    made_as: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    goes_to: dict[str, str] = {}
    of_result: bool = False
    starting: str | None = None
    in_pairs: bool = False
    not_beside: tuple[str, ...] = ()
    each: bool = False
    relocated: bool = False

    def parsed(self) -> tuple[ApiMethod, ...]:
        """Return the methods in parts."""
        return _parsed(self.methods)

    @property
    def is_single(self) -> bool:
        """Whether every use is a fact of its own."""
        asked = (self.arguments, self.made_by, self.made_as, self.given, self.goes_to, self.role, self.fields)
        return self.each or any(map(bool, asked))


class HostCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of ``host_calls`` in ``apis.yaml``; the file's head explains the fields."""

    client: Name
    methods: tuple[str, ...] = ()
    anchors: tuple[Annotated[str, msgspec.Meta(min_length=1)], ...] = ()
    argument: Annotated[int, msgspec.Meta(ge=-1)] = 0
    form: Literal["url", "host", "authority"] = "url"

    def parsed(self) -> tuple[ApiMethod, ...]:
        """Return the methods in parts."""
        return _parsed(self.methods)


class SdkFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of ``sdks.yaml``."""

    sdks: tuple[Sdk, ...]


class ApiFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of ``apis.yaml``."""

    apis: tuple[Api, ...]
    host_calls: tuple[HostCall, ...] = ()


def check_sdks(where: str, sdks: tuple[Sdk, ...]) -> None:
    """Check what the schema cannot say.

    Raises:
        RuleError: An entry is wrong; the message names file and key.
    """
    names: set[str] = set()
    packages: dict[str, str] = {}
    for index, sdk in enumerate(sdks):
        place = f"{where}: sdks[{index}]"
        if sdk.name in names:
            raise RuleError(f"{place}.name: {sdk.name!r} is listed twice")
        names.add(sdk.name)
        if not sdk.has_evidence:
            raise RuleError(f"{place}: nothing says how to recognise {sdk.name!r}")
        for package in sdk.packages:
            if package in packages:
                raise RuleError(f"{place}.packages: {package!r} already belongs to {packages[package]!r}")
            packages[package] = sdk.name
        for pattern in (sdk.version_string, sdk.version_file.pattern if sdk.version_file else None):
            if pattern is not None and not _has_one_group(pattern):
                raise RuleError(f"{place}: {pattern!r} is not a regular expression with one group")


def check_apis(where: str, file: ApiFile, sdks: tuple[Sdk, ...]) -> None:
    """Check what the schema cannot say.

    Raises:
        RuleError: An entry is wrong; the message names file and key.
    """
    known = {sdk.name for sdk in sdks}
    names: set[str] = set()
    for index, api in enumerate(file.apis):
        place = f"{where}: apis[{index}]"
        if api.api in names:
            raise RuleError(f"{place}.api: {api.api!r} is listed twice")
        names.add(api.api)
        for name in (*api.not_within, *((api.of,) if api.of else ())):
            if name not in known:
                raise RuleError(f"{place}: there is no SDK {name!r}")
        if not api.methods and not api.fields:
            raise RuleError(f"{place}.methods: {api.api!r} names neither methods nor fields")
        _check_methods(place, api.methods)
    for index, call in enumerate(file.host_calls):
        place = f"{where}: host_calls[{index}]"
        if bool(call.methods) == bool(call.anchors):
            raise RuleError(f"{place}: give either methods or anchors")
        _check_methods(place, call.methods)


def _check_methods(place: str, methods: tuple[str, ...]) -> None:
    for method in methods:
        if _METHOD.fullmatch(method) is None:
            raise RuleError(f"{place}.methods: {method!r} is not written Lpackage/Class;->name(parameters)result")


def _parsed(methods: tuple[str, ...]) -> tuple[ApiMethod, ...]:
    found = []
    for text in methods:
        match = _METHOD.fullmatch(text)
        assert match is not None, "checked when the catalogue was loaded"
        found.append(ApiMethod(match[1], match[2], match[3]))
    return tuple(found)


def _has_one_group(pattern: str) -> bool:
    try:
        return re.compile(pattern).groups == 1
    except re.error:
        return False
