"""What every extractor of code facts is given: the program, the app around it, and whose code is whose."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from analyzer.apk.app import OpenedApp
from analyzer.apk.resources import ResourceText
from analyzer.apk.typed_values import ValueType
from analyzer.dataflow.question import Resources
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Value
from analyzer.dex import DexMethod, Program, Site, descriptor_of, dotted
from analyzer.extractors.catalogue import Catalogue
from analyzer.extractors.code.okhttp_binding import OkHttpCopy, bind_okhttp
from analyzer.extractors.code.okhttp_fingerprints import load_fingerprints
from analyzer.extractors.code.okhttp_members import bind_members
from analyzer.extractors.code.okhttp_roles import RenamedOkHttp
from analyzer.extractors.code.owners import Owners
from analyzer.model import AppInfo, Location
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.options import Limits


class AppResources:
    """The resources of an opened app by their 32-bit ids: one value per configuration, the default first."""

    def __init__(self, app: OpenedApp) -> None:
        """Look up in the tables of `app`."""
        self._app = app
        self.read_pins: Callable[[Value], tuple[str, ...]] | None = None
        """Reads the pins of a certificate that code holds; set once there is a program to look in."""
        self._reading = False

    def string(self, resource_id: int) -> tuple[str, ...]:
        """Return the texts of a string resource; empty when it has none."""
        values = self._app.resources.resolve(resource_id).values
        texts = (value.string for value in values if value.value_type == ValueType.STRING)
        return tuple(dict.fromkeys(text for text in texts if text is not None))

    def string_array(self, resource_id: int) -> tuple[tuple[str, ...], ...]:
        """Return the texts of an array resource, references among its items followed.

        An item that is no text, or has several values, leaves its array out: its place could not be filled.
        """
        arrays: dict[tuple[str, ...], None] = {}
        for items in self._app.resources.arrays(resource_id):
            texts: list[str] = []
            for item in items:
                found = (item.string,) if item.value_type == ValueType.STRING else self.string(item.data)
                if len(found) != 1 or found[0] is None:
                    break
                texts.append(found[0])
            else:
                arrays[tuple(texts)] = None
        return tuple(arrays)

    def raw_entry(self, resource_id: int) -> str | None:
        """Return the container entry of a file resource, the default one where there are several."""
        return next((file.entry for file in self._app.resource_files(resource_id)), None)

    def pins_of(self, value: Value) -> tuple[str, ...]:
        """Return the pins that OkHttp computes of a certificate; empty when it is not one of the app, or not known.

        A certificate that is made of a pin is made of itself: then nothing is known, and nothing is followed twice.
        """
        if self.read_pins is None or self._reading:
            return ()
        self._reading = True
        try:
            return self.read_pins(value)
        finally:
            self._reading = False


@dataclass(frozen=True)
class CodeContext:
    """The code of one app and what is needed to understand it. Extractors share it and change nothing."""

    program: Program
    app: AppInfo
    catalogue: Catalogue
    limits: Limits
    owners: Owners
    resources: Resources
    resolver: Resolver | None = None
    """Follows values across methods; None where that is not wanted."""
    entries: tuple[str, ...] = ()
    """Names of all container entries."""
    read: Callable[[str], bytes] | None = None
    """Reads a container entry; raises `TargetError`."""
    resource_texts: Callable[[Sequence[str]], Iterable[ResourceText]] | None = None
    """Finds the texts of resources in which a fragment occurs; None where there are no resources."""

    found_copies: tuple[OkHttpCopy, ...] | None = None
    """The copies of OkHttp that were found before; None to look for them when they are asked for."""

    @property
    def component_classes(self) -> tuple[str, ...]:
        """Descriptors of the classes that the manifest names, in its order, without repeats."""
        return tuple(dict.fromkeys(descriptor_of(component.class_name) for component in self.app.components))

    @cached_property
    def okhttp_copies(self) -> tuple[OkHttpCopy, ...]:
        """The copies of OkHttp in the app that can pin, by name or by structure."""
        if self.found_copies is not None:
            return self.found_copies
        evaluator = (self.resolver or Resolver(self.program)).evaluator
        return bind_okhttp(self.program, evaluator, load_fingerprints())

    @cached_property
    def renamed_okhttp(self) -> tuple[RenamedOkHttp, ...]:
        """What those of the copies consist of that a shrinker renamed; empty for an app without one."""
        evaluator = (self.resolver or Resolver(self.program)).evaluator
        found = (bind_members(self.program, evaluator, copy) for copy in self.okhttp_copies)
        return tuple(one for one in found if one is not None)

    def owner_of(self, class_descriptor: str) -> str:
        """Say whose code a class is: ``first-party``, ``sdk:<name>`` or ``unknown``."""
        return self.owners.owner_of(class_descriptor)


def location_in(method: DexMethod, offset: int | None = None, snippet: str | None = None) -> Location:
    """Return a place in a method as reports show it."""
    ref = method.ref
    return Location(
        kind="code",
        entry=method.file.entry,
        class_name=dotted(ref.owner),
        method=ref.name + ref.descriptor,
        code_offset=offset,
        snippet=None if snippet is None else snippet[:MAX_SNIPPET_CHARACTERS],
    )


def location_of(site: Site, snippet: str | None = None) -> Location:
    """Return the place of a use as reports show it."""
    return location_in(site.method, site.offset, snippet)
