"""Calls of catalogued APIs: who makes them, and whether they are the app's doing."""

from collections.abc import Iterable

from analyzer.dex import DexMethod, Site
from analyzer.extractors.code.context import CodeContext, location_of
from analyzer.extractors.code.reached import activation_of
from analyzer.extractors.sdk_catalogue import Api
from analyzer.model import AnalysisGap, ApiUse, Record
from analyzer.model.pins import Activation

_SHOWN_SITES = 5
_FOLLOWED_SITES = 50
"""Most places of one API and owner that are followed to find out whether they run."""


class ApiFacts(Record, frozen=True, kw_only=True):
    """The calls that were found."""

    api_uses: tuple[ApiUse, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def extract_api_uses(code: CodeContext) -> ApiFacts:
    """Find the calls of every catalogued API, one fact per API and owner of the calling code.

    Calls that the API's own SDK makes, or one that the catalogue excludes, are ``defined_only``: that the code is
    there says nothing about the app. Other calls are followed back to the manifest's components. A call of the app's
    own that nothing leads to is ``unknown``: layouts and reflection create objects by name.
    """
    components = frozenset(code.component_classes)
    uses: list[ApiUse] = []
    for api in code.catalogue.apis:
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
    return ApiFacts(api_uses=tuple(uses))


def _sites(code: CodeContext, api: Api) -> Iterable[Site]:
    methods = [
        ref for method in api.parsed() for ref in code.program.method_refs(method.owner, method.name, method.descriptor)
    ]
    return code.program.users.callers_of(methods) if methods else ()


def _activation(code: CodeContext, api: Api, owner: str, sites: list[Site], components: frozenset[str]) -> Activation:
    if owner in {f"sdk:{name}" for name in (*api.not_within, *((api.of,) if api.of else ()))}:
        return "defined_only"
    methods: dict[DexMethod, None] = dict.fromkeys(site.method for site in sites[:_FOLLOWED_SITES])
    found = activation_of(code.program, components, methods)
    if found == "defined_only" and (not owner.startswith("sdk:") or len(sites) > _FOLLOWED_SITES):
        return "unknown"
    return found
