"""Hosts that the code names, and which class names them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from analyzer.dex import DexField
from analyzer.extractors.code.context import CodeContext, location_of
from analyzer.extractors.code.host_arguments import CLEARTEXT
from analyzer.extractors.code.host_calls import follow_host_calls
from analyzer.extractors.code.host_names import URL_MARK, hosts_in
from analyzer.extractors.code.okhttp_clients import CLIENT as PLAIN
from analyzer.extractors.code.okhttp_clients import OKHTTP, plain_requests
from analyzer.extractors.code.owners import UNKNOWN
from analyzer.extractors.code.resource_hosts import resource_hosts
from analyzer.model import AnalysisGap, ApiUse, HostFact, Location, Record
from analyzer.model.location import MAX_SNIPPET_CHARACTERS

_SHOWN_PLACES = 5
_MAX_RESOURCE_HOSTS = 500
"""Most hosts of resources that are kept; an app has a handful."""
_MAX_TEXTS = 20_000
"""Most texts with URLs that are looked at; the largest apps have a few thousand."""


class HostFacts(Record, frozen=True, kw_only=True):
    """The hosts that were found."""

    hosts: tuple[HostFact, ...] = ()
    api_uses: tuple[ApiUse, ...] = ()
    """Calls through OkHttp clients without pins, and calls without TLS whose host is put together at run time."""
    gaps: tuple[AnalysisGap, ...] = ()


@dataclass
class _Found:
    """The places at which code of one owner names one host."""

    places: list[Location] = field(default_factory=list)
    clients: set[str] = field(default_factory=set)
    tls_ports: set[int] = field(default_factory=set)
    cleartext_named: bool = False
    cleartext_clients: set[str] = field(default_factory=set)
    cleartext_places: list[Location] = field(default_factory=list)


def extract_hosts(code: CodeContext) -> HostFacts:
    """Find the hosts of URLs among the string constants and resources, and those that client calls are given.

    There is one fact per host and owner of the naming code: that of the class that loads the text, or whose static
    field holds it; ``unknown`` where the text is only part of an annotation, or of code that is not there any more.
    """
    gaps: list[AnalysisGap] = []
    found: dict[tuple[str, str], _Found] = {}
    unknown: dict[Location, None] = {}
    for text, owner, place in _named(code, gaps):
        for named in hosts_in(text, of_library=owner.startswith("sdk:")):
            if named.name:
                what = found.setdefault((named.name, owner), _Found())
                what.places.append(place)
                if named.port is not None:
                    what.tls_ports.add(named.port)
                if named.scheme in CLEARTEXT:
                    what.cleartext_named = True
                    what.cleartext_places.append(place)
            elif not owner.startswith("sdk:"):
                unknown[place] = None
    calls = follow_host_calls(code)
    for called in calls.hosts:
        what = found.setdefault((called.name, called.owner), _Found())
        what.clients.add(called.client)
        what.places.append(called.place)
        if called.port is not None:
            what.tls_ports.add(called.port)
        if called.scheme in CLEARTEXT:
            what.cleartext_clients.add(called.client)
            what.cleartext_places.insert(0, called.place)
    plain = tuple(plain_requests(code, code.resolver)) if code.resolver is not None else ()
    for request in plain:
        if request.host is not None:
            what = found.setdefault((request.host, request.owner), _Found())
            what.clients |= {PLAIN, OKHTTP}
            what.places.append(request.place)
    unknown.update(dict.fromkeys(calls.unresolved))
    if unknown:
        gaps.append(_unresolved(list(unknown)))
    if calls.dropped:
        gaps.append(_too_many(f"{calls.dropped:,} calls of clients", "were not followed to the hosts they are given"))
    hosts = tuple(
        HostFact(
            name=name,
            owner=owner,
            source="code",
            client=", ".join(sorted(what.clients)) or None,
            cleartext_named=what.cleartext_named,
            cleartext_clients=tuple(sorted(what.cleartext_clients)),
            tls_ports=tuple(sorted(what.tls_ports)),
            evidence=tuple(dict.fromkeys((*what.cleartext_places, *what.places)))[:_SHOWN_PLACES],
        )
        for (name, owner), what in sorted(found.items())
    )
    without_tls = {host.name for host in hosts if host.cleartext_named or host.cleartext_clients}
    in_resources = tuple(resource_hosts(code, {host.name for host in hosts}, without_tls))
    if len(in_resources) > _MAX_RESOURCE_HOSTS:
        dropped = len(in_resources) - _MAX_RESOURCE_HOSTS
        gaps.append(_too_many(f"{dropped:,} hosts of resources", "were left out"))
    hosts += in_resources[:_MAX_RESOURCE_HOSTS]
    uses = dict.fromkeys((*(request.use for request in plain), *calls.uses))
    return HostFacts(hosts=hosts, api_uses=tuple(uses), gaps=tuple(gaps))


def _named(code: CodeContext, gaps: list[AnalysisGap]) -> Iterable[tuple[str, str, Location]]:
    """Yield each text with a URL, with the owner and the place of what loads or holds it."""
    texts = code.program.strings_matching(URL_MARK, (b"://",))
    if len(texts) > _MAX_TEXTS:
        gaps.append(_too_many(f"{len(texts) - _MAX_TEXTS:,} texts with URLs", "were not looked at"))
        texts = texts[:_MAX_TEXTS]
    wanted = [text for text in texts if hosts_in(text, of_library=False)]
    placed: set[str] = set()
    for text, owner, place in _places(code, wanted):
        placed.add(text)
        yield text, owner, place
    for text in wanted:
        entry = None if text in placed else _holding(code, text)
        if entry is not None:
            yield text, UNKNOWN, Location(kind="entry", entry=entry, snippet=text[:MAX_SNIPPET_CHARACTERS])


def _places(code: CodeContext, texts: list[str]) -> Iterable[tuple[str, str, Location]]:
    """Yield each text with the owner and the place of what loads or holds it."""
    # OkHttp's pins put "http://" before their pattern to read it (3.4 to 4.2): with a pattern that is always the same
    # a shrinker makes one text of both.
    patterns = {sink.method for copy in code.okhttp_copies for sink in copy.sinks}
    for site in code.program.users.loads_of(texts):
        if site.method in patterns:
            continue
        text = str(site.target)
        yield text, code.owner_of(site.method.owner.descriptor), location_of(site, text)
    for held in code.program.users.initialised_with(texts):
        value = held.initial_value
        if value is not None and isinstance(value.value, str):
            yield value.value, code.owner_of(held.ref.owner), _held(held, value.value)


def _held(held: DexField, text: str) -> Location:
    return Location(
        kind="code", entry=held.file.entry, class_name=held.owner.name, snippet=text[:MAX_SNIPPET_CHARACTERS]
    )


def _holding(code: CodeContext, text: str) -> str | None:
    """Return the DEX file that holds a text, None for one that no file holds under this spelling."""
    return next((file.entry for file in code.program.files if file.strings.find(text) is not None), None)


def _unresolved(places: list[Location]) -> AnalysisGap:
    shown = list(dict.fromkeys(place.class_name or place.entry for place in places))
    return AnalysisGap(
        stage="code",
        reason="unresolved-value",
        subject=f"{len(places)} place{'s' if len(places) > 1 else ''}",
        detail="Hosts that are put together at run time are not known, in "
        f"{', '.join(shown[:_SHOWN_PLACES])}{' …' if len(shown) > _SHOWN_PLACES else ''}.",
        hides=("host",),
    )


def _too_many(subject: str, what: str) -> AnalysisGap:
    return AnalysisGap(
        stage="code",
        reason="limit",
        subject=subject,
        detail=f"{subject} {what}.",
        hides=("host",),
        incomplete=True,
    )
