"""Calls of catalogued APIs: who makes them, with which arguments, and whether they are the app's doing."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from analyzer.dataflow.limits import FlowLimits
from analyzer.dataflow.question import Instance
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, FieldValue, Result, Text, Value, walk
from analyzer.dataflow.wiring import Start, Wiring
from analyzer.dex import DexMethod, FieldRef, MethodRef, Site
from analyzer.extractors.code.api_arguments import Arguments, arguments_of
from analyzer.extractors.code.callback_wiring import CallbackWiring, Installation
from analyzer.extractors.code.context import CodeContext, location_of
from analyzer.extractors.code.families import Families, named_in
from analyzer.extractors.code.reached import activation_of
from analyzer.extractors.sdk_catalogue import Api
from analyzer.model import AnalysisGap, ApiUse, Location, Record
from analyzer.model.pins import Activation

_SHOWN_SITES = 5
_FOLLOWED_SITES = 50
"""Most places of one API and owner that are followed to find out whether they run."""
_NEAR = FlowLimits(work=2_000, evaluations=40, depth=12)
_SINGLE_SITES = 200
"""Most places of one API that are each a fact of their own."""
_PAIR = 2


class ApiFacts(Record, frozen=True, kw_only=True):
    """The calls that were found."""

    api_uses: tuple[ApiUse, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def extract_api_uses(code: CodeContext, wiring: CallbackWiring | None = None) -> ApiFacts:
    """Find the uses of every catalogued API.

    Where rules ask for arguments, or for what becomes of the object, every use is a fact; else there is one per API and
    owner of the calling code. Calls that the API's own library makes, or one that the catalogue excludes, are no use:
    ``defined_only``, or left out where every use is a fact. Other calls are followed back to the manifest's components.
    A call of the app's own that nothing leads to is ``unknown`` among those that are summed up: layouts and reflection
    create objects by name.
    """
    wiring = wiring or CallbackWiring(code)
    components = frozenset(code.component_classes)
    uses: list[ApiUse] = []
    gaps: list[AnalysisGap] = []
    families = Families(code.program)
    evaluator = None if code.resolver is None else code.resolver.evaluator
    near = Resolver(code.program, code.resources, _NEAR, evaluator)
    for api in code.catalogue.apis:
        if api.is_single:
            uses += _Single(code, api, wiring, near, families, gaps).uses()
            continue
        by_owner: dict[str, list[Site]] = {}
        for site in _sites(code, api):
            by_owner.setdefault(code.owner_of(site.method.owner.descriptor), []).append(site)
        uses += (
            ApiUse(
                api=api.api,
                activation=_activation(code, api, owner, sites, components),
                owner=owner,
                evidence=tuple(location_of(site, str(site.target)) for site in sites[:_SHOWN_SITES]),
            )
            for owner, sites in sorted(by_owner.items())
        )
    return ApiFacts(api_uses=tuple(uses), gaps=tuple(gaps))


def _sites(code: CodeContext, api: Api) -> tuple[Site, ...]:
    methods = [
        ref for method in api.parsed() for ref in code.program.method_refs(method.owner, method.name, method.descriptor)
    ]
    return code.program.users.callers_of(methods) if methods else ()


def _activation(code: CodeContext, api: Api, owner: str, sites: list[Site], components: frozenset[str]) -> Activation:
    if owner in _libraries(api):
        return "defined_only"
    methods: dict[DexMethod, None] = dict.fromkeys(site.method for site in sites[:_FOLLOWED_SITES])
    found = activation_of(code.program, components, methods)
    if found == "defined_only" and (not owner.startswith("sdk:") or len(sites) > _FOLLOWED_SITES):
        return "unknown"
    return found


def _libraries(api: Api) -> frozenset[str]:
    return frozenset(f"sdk:{name}" for name in (*api.not_within, *((api.of,) if api.of else ())))


class _Single:
    """One API of which every use is a fact."""

    def __init__(
        self,
        code: CodeContext,
        api: Api,
        wiring: CallbackWiring,
        near: Resolver,
        families: Families,
        gaps: list[AnalysisGap],
    ) -> None:
        self._code = code
        self._families = families
        self._program = code.program
        self._api = api
        self._wiring = wiring
        self._gaps = gaps
        self._near = near
        # Libraries make such calls too, with what comes from far away; an app names its hosts close by.
        self._resolver = near if api.made_as or api.given else code.resolver or near

    def uses(self) -> Iterator[ApiUse]:
        sites = [site for site in self._sites() if not self._is_own(site)]
        if len(sites) > _SINGLE_SITES:
            self._gaps.append(_too_many(self._api.api, len(sites) - _SINGLE_SITES))
        for site in sites[:_SINGLE_SITES]:
            yield from self._of(site)

    def _sites(self) -> list[Site]:
        """Return the places that are meant; of very many, those in methods that load what the argument begins with."""
        texts = () if self._api.starting is None else self._program.strings_starting(self._api.starting)
        if self._api.starting is not None and not texts:
            return []
        sites = [site for site in (*self._calls(), *self._reads()) if self._is_meant(site)]
        if self._api.in_pairs:
            sites += self._pairs(texts, sites)
        if self._api.starting is None or len(sites) <= _SINGLE_SITES:
            return sites
        loading = {site.method for site in self._program.users.loads_of(texts)}
        return [site for site in sites if site.method in loading]

    def _pairs(self, texts: Iterable[str], known: list[Site]) -> list[Site]:
        """Return other calls that are given one of `texts` and next to it another text, and nothing else."""
        found: dict[tuple[DexMethod, int], Site] = {}
        seen = {(site.method, site.offset) for site in known}
        for method in dict.fromkeys(site.method for site in self._program.users.loads_of(texts)):
            values = self._resolver.evaluator.evaluate(method)
            for call in values.calls.values() if values is not None else ():
                given = call.arguments[call.kind != "static" :]
                if len(given) == len(call.ref.parameters) == _PAIR and all(isinstance(one, Text) for one in given):
                    first = given[0]
                    if isinstance(first, Text) and first.value in texts and (method, call.offset) not in seen:
                        found[method, call.offset] = Site(method, call.offset, call.ref)
        return list(found.values())

    def _is_meant(self, site: Site) -> bool:
        """Say whether a call is made on, and given, what the catalogue asks for."""
        if not self._api.made_as and not self._api.given:
            return True
        values = self._resolver.evaluator.evaluate(site.method)
        call = None if values is None else values.calls.get(site.offset)
        if call is None:
            return False
        made = not self._api.made_as or self._is_from(call.arguments[:1], self._api.made_as)
        return made and (not self._api.given or self._is_from(call.arguments, self._api.given))

    def _is_from(self, values: Iterable[Value], makers: tuple[str, ...]) -> bool:
        """Say whether a value is made as one of these classes, or by one of these methods."""
        for value in values:
            for one in (value, *self._resolver.resolve(value).values):
                inner = one.value if isinstance(one, Instance) else one
                if isinstance(inner, Created) and inner.type in makers:
                    return True
                if isinstance(inner, Result) and f"{inner.ref.owner}->{inner.ref.name}" in makers:
                    return True
        return False

    def _calls(self) -> tuple[Site, ...]:
        refs: dict[MethodRef, None] = {}
        for method in self._api.parsed():
            # Constructors are named by their class; other methods also by classes below it.
            find = self._families.heads if method.name == "<init>" else self._families.of
            named = named_in(self._program.method_refs, find(method.owner, self._api.relocated), method.name)
            refs.update((ref, None) for ref in named if method.descriptor in (None, ref.descriptor))
        return self._program.users.callers_of(refs) if refs else ()

    def _reads(self) -> tuple[Site, ...]:
        refs: dict[FieldRef, None] = {}
        for field in self._api.fields:
            owner, _, name = field.partition("->")
            family = self._families.heads(owner, self._api.relocated)
            refs.update(dict.fromkeys(named_in(self._program.field_refs, family, name)))
        return self._program.users.readers_of(refs) if refs else ()

    def _is_own(self, site: Site) -> bool:
        """Say whether the library that brings the API makes the call itself."""
        owner = site.method.owner.descriptor
        if self._library_classes and (owner in self._library_classes or self._hands_on(site)):
            return True
        target = site.target
        assert not isinstance(target, str)
        # What a shrinker puts into the default package all has the same.
        same = bool(_family(owner)) and _family(owner) == _family(target.owner)
        return same or self._code.owner_of(owner) in _libraries(self._api)

    def _hands_on(self, site: Site) -> bool:
        """Say whether a call is given what an object of the library holds, as it is where its methods were inlined."""
        values = self._resolver.evaluator.evaluate(site.method)
        call = None if values is None else values.calls.get(site.offset)
        return call is not None and any(
            isinstance(part, FieldValue) and part.ref.owner in self._library_classes
            for argument in call.arguments[1:]
            for part in walk(argument)
        )

    @cached_property
    def _library_classes(self) -> frozenset[str]:
        """The classes that load a text by which the library is recognised, under whatever names."""
        if not self._api.not_beside:
            return frozenset()
        texts = self._program.strings_containing(self._api.not_beside)
        return frozenset(site.method.ref.owner for site in self._program.users.loads_of(texts))

    def _of(self, site: Site) -> Iterator[ApiUse]:
        sets: tuple[Arguments, ...] = ((),)
        if self._api.arguments or self._api.made_by:
            sets = arguments_of(self._resolver_for(site), site, self._api)
        elif isinstance(site.target, FieldRef):
            sets = ((site.target.name,),)
        place = location_of(site, str(site.target))
        installed = self._followed(site) if self._api.role is not None else None
        ending: Arguments = (None,) if self._api.goes_to else ()
        if self._api.goes_to and (not self._api.arguments or any(one is not None for given in sets for one in given)):
            # Where nothing is known of what was given, it does not matter where that goes.
            ending = self._where_it_goes(site)
        for given in sets:
            if self._api.starting is not None and not (given and (given[0] or "").startswith(self._api.starting)):
                continue
            yield ApiUse(
                api=self._api.api,
                activation=self._wiring.runs.of(site.method) if installed is None else installed.activation,
                owner=self._code.owner_of(site.method.owner.descriptor),
                arguments=given + ending,
                clients=() if installed is None else installed.clients,
                process_wide=installed is not None and installed.process_wide,
                evidence=_evidence(place, installed),
            )

    def _resolver_for(self, site: Site) -> Resolver:
        """Return what follows the arguments of a call: within a library they come from its callers, layers away."""
        return self._near if self._code.owner_of(site.method.owner.descriptor).startswith("sdk:") else self._resolver

    def _followed(self, site: Site) -> Installation:
        assert self._api.role is not None
        return self._wiring.of_start(self._api.role, self._start(site))

    def _where_it_goes(self, site: Site) -> Arguments:
        """Name what the object that the call is made on is handed to; None when it is nothing, or several things."""
        names = self._api.goes_to
        wiring = Wiring(self._resolver_for(site))

        def reaches(ref: MethodRef, place: int) -> bool:
            return place > 0 and ref.name in names

        if self._api.of_result:
            flow = wiring.follow(site.method, site.offset, reaches)
        else:
            flow = wiring.follow_argument(site, 0, reaches)
        found = {names[use.ref.name] for use in flow.reached}
        return (found.pop() if len(found) == 1 else None,)

    def _start(self, site: Site) -> Start:
        if isinstance(site.target, FieldRef):
            return site.method, site.target
        if isinstance(site.target, MethodRef) and site.target.name == "<init>":
            values = self._resolver.evaluator.evaluate(site.method)
            call = None if values is None else values.calls.get(site.offset)
            made = None if call is None else getattr(call.arguments[0], "offset", None)
            return site.method, site.offset if made is None else made
        return site.method, site.offset


def _evidence(place: Location, installed: Installation | None) -> tuple[Location, ...]:
    trail = () if installed is None else installed.trail
    return tuple(dict.fromkeys((place, *trail)))


def _family(descriptor: str) -> str:
    """Return the first three labels of a package: whose it is, also where it was put under another name."""
    return "/".join(descriptor.rpartition("/")[0].split("/")[:3])


def _too_many(api: str, count: int) -> AnalysisGap:
    return AnalysisGap(
        stage="code",
        reason="limit",
        subject=api,
        detail=f"{count:,} more calls of {api} were not looked at.",
        hides=("code",),
        incomplete=True,
    )
