"""Hosts that the code names, and which class names them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from analyzer.dex import DexField, Site
from analyzer.extractors.code.context import CodeContext, location_of
from analyzer.extractors.code.host_names import URL_MARK, NamedHost, hosts_in
from analyzer.extractors.code.owners import UNKNOWN
from analyzer.model import AnalysisGap, HostFact, Location, Record
from analyzer.model.location import MAX_SNIPPET_CHARACTERS

_SHOWN_PLACES = 5
_MAX_TEXTS = 20_000
"""Most texts with URLs that are looked at; the largest apps have a few thousand."""


class HostFacts(Record, frozen=True, kw_only=True):
    """The hosts that were found."""

    hosts: tuple[HostFact, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


@dataclass
class _Found:
    """The places at which code of one owner names one host."""

    places: list[Location] = field(default_factory=list)


def extract_hosts(code: CodeContext) -> HostFacts:
    """Find the hosts of all URLs among the string constants, one fact per host and owner of the naming code.

    The owner is that of the class that loads the text, or whose static field holds it; ``unknown`` where the text is
    only part of an annotation, or of code that is not there any more.
    """
    texts = code.program.strings_matching(URL_MARK)
    gaps: list[AnalysisGap] = []
    if len(texts) > _MAX_TEXTS:
        gaps.append(_too_many(len(texts)))
        texts = texts[:_MAX_TEXTS]
    wanted = [text for text in texts if hosts_in(text, of_library=False)]
    found: dict[tuple[str, str], _Found] = {}
    open_places: list[Location] = []
    placed: set[str] = set()
    for text, owner, place in _places(code, wanted):
        placed.add(text)
        _add(found, open_places, text, owner, place)
    for text in wanted:
        if text not in placed:
            place = _unplaced(code, text)
            if place is not None:
                _add(found, open_places, text, UNKNOWN, place)
    if open_places:
        gaps.append(_put_together(open_places))
    hosts = (
        HostFact(name=name, owner=owner, source="code", evidence=tuple(what.places[:_SHOWN_PLACES]))
        for (name, owner), what in sorted(found.items())
    )
    return HostFacts(hosts=tuple(hosts), gaps=tuple(gaps))


def _places(code: CodeContext, texts: list[str]) -> Iterable[tuple[str, str, Location]]:
    """Yield each text with the owner and the place of what loads or holds it."""
    for site in code.program.users.loads_of(texts):
        text = str(site.target)
        yield text, code.owner_of(site.method.owner.descriptor), _load(site, text)
    for held in code.program.users.initialised_with(texts):
        value = held.initial_value
        if value is not None and isinstance(value.value, str):
            yield value.value, code.owner_of(held.ref.owner), _held(held, value.value)


def _add(
    found: dict[tuple[str, str], _Found], open_places: list[Location], text: str, owner: str, place: Location
) -> None:
    named: NamedHost
    for named in hosts_in(text, of_library=owner.startswith("sdk:")):
        if named.name:
            found.setdefault((named.name, owner), _Found()).places.append(place)
        elif not owner.startswith("sdk:"):
            open_places.append(place)


def _load(site: Site, text: str) -> Location:
    return location_of(site, text)


def _held(held: DexField, text: str) -> Location:
    return Location(
        kind="code", entry=held.file.entry, class_name=held.owner.name, snippet=text[:MAX_SNIPPET_CHARACTERS]
    )


def _unplaced(code: CodeContext, text: str) -> Location | None:
    """Return the DEX file that holds a text, None for one that no file holds under this spelling."""
    for file in code.program.files:
        if file.strings.find(text) is not None:
            return Location(kind="entry", entry=file.entry, snippet=text[:MAX_SNIPPET_CHARACTERS])
    return None


def _put_together(places: list[Location]) -> AnalysisGap:
    first = places[0]
    where = f"{first.class_name}" if first.class_name else first.entry
    more = f" and {len(places) - 1} more place{'s' if len(places) > 2 else ''}" if len(places) > 1 else ""
    return AnalysisGap(
        stage="code",
        reason="unresolved-value",
        subject=where,
        detail=f"URLs are put together at run time, so that their hosts are not known: in {where}{more}, "
        f"from {first.snippet!r}.",
        hides=("host",),
    )


def _too_many(count: int) -> AnalysisGap:
    return AnalysisGap(
        stage="code",
        reason="limit",
        subject=f"{count:,} texts with URLs",
        detail=f"Only {_MAX_TEXTS:,} of {count:,} texts with URLs were looked at.",
        hides=("host",),
        incomplete=True,
    )
