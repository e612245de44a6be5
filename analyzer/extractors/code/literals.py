"""Texts in code that look like pins, and that no known pinning mechanism receives."""

import re
from collections.abc import Collection, Iterator

import msgspec

from analyzer.dex import DexMethod, Site
from analyzer.extractors.code.bundled_literals import BundledFiles, bundled_literals
from analyzer.extractors.code.context import CodeContext, location_of
from analyzer.extractors.code.literal_forms import MAX_TEXT, Literal, host_in, literals_in, prefixed_in
from analyzer.extractors.code.literal_uses import is_used_otherwise
from analyzer.extractors.pin_values import describe_pin
from analyzer.model import AnalysisGap, Location, PinFact
from analyzer.model.location import MAX_SNIPPET_CHARACTERS

# What the string tables are searched for: wide, since a search cannot look at what stands around its match.
_CANDIDATES = ((re.compile(rb"(?:sha|SHA)-?(?:1|256)[ \t\n\r\f\v]*[/:=]"), (b"sha", b"SHA")),)
"""Each with the texts of which a match holds one."""
_BASE64_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE64_RUN = 43
_HEX_CHARACTERS = b"0123456789ABCDEFabcdef: "
_HEX_RUN = 40
_STRING_LOADS = frozenset({0x1A, 0x1B})
_NEARBY_UNITS = 40
"""A host counts as standing beside a text when both are loaded this close to each other."""
_MAX_LITERALS = 500
_MAX_TEXTS = 20_000


class LiteralFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Texts that look like pins."""

    pins: tuple[PinFact, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def extract_literals(code: CodeContext, explained: Collection[PinFact]) -> LiteralFacts:
    """Find texts in the form of a pin, in code, resources, bundled text files and the manifest's meta-data.

    Those in `explained` are left out, and so are digests of files that the app carries. In code, a text with a prefix
    such as ``sha256/`` is enough by itself. Bare digests have the form of many other things and count only where a
    host name is loaded beside them, and nothing that is done with them shows that they are something else. Values of
    annotations, which no code loads, never count.
    """
    gaps: list[AnalysisGap] = []
    known = {pin.digest for pin in explained if pin.digest is not None} | {pin.value for pin in explained if pin.value}
    files = BundledFiles(code)
    pins: dict[tuple[str, str | None], PinFact] = {}
    loaded: set[str] = set()
    for part in (_in_code(code, gaps), bundled_literals(code, gaps)):
        for literal, host, owner, place in part:
            fact = _described(code, literal, host, owner, place)
            if fact.digest in known or fact.value in known or (place.method is None and fact.value in loaded):
                continue
            if literal.digest is not None and files.holds(literal.digest):
                continue
            if len(pins) >= _MAX_LITERALS:
                return LiteralFacts(pins=tuple(pins.values()), gaps=(*gaps, *files.gaps, _limit(_MAX_LITERALS)))
            if place.method is not None:
                loaded.add(fact.value)
            pins.setdefault((fact.value, fact.host), fact)
    return LiteralFacts(pins=tuple(pins.values()), gaps=(*gaps, *files.gaps))


def _in_code(code: CodeContext, gaps: list[AnalysisGap]) -> Iterator[tuple[Literal, str | None, str, Location]]:
    program = code.program
    candidates = {text for pattern, held in _CANDIDATES for text in program.strings_matching(pattern, held)}
    candidates.update(program.strings_with_run(_BASE64_CHARACTERS, _BASE64_RUN, b"="))
    texts = sorted(candidates.union(program.strings_with_run(_HEX_CHARACTERS, _HEX_RUN)))
    wanted = {text: found for text in texts if len(text) <= MAX_TEXT and (found := tuple(literals_in(text)))}
    if len(wanted) > _MAX_TEXTS:
        gaps.append(_limit(len(wanted)))
        wanted = dict(list(wanted.items())[:_MAX_TEXTS])
    for site in program.users.loads_of(wanted):
        for literal in wanted[str(site.target)]:
            host = _host_beside(site)
            if not literal.prefixed and (host is None or is_used_otherwise(code, site, str(site.target))):
                continue
            yield literal, host, code.owner_of(site.method.ref.owner), location_of(site, literal.value)
    yield from _constants(code, wanted)


def _constants(code: CodeContext, wanted: Collection[str]) -> Iterator[tuple[Literal, str | None, str, Location]]:
    """Yield prefixed texts that are the initial value of a static field."""
    prefixed = {text: found for text in wanted if (found := tuple(prefixed_in(text)))}
    if not prefixed:
        return
    for field in code.program.users.initialised_with(prefixed):
        value = field.initial_value
        for literal in prefixed.get(str(value.value) if value is not None else "", ()):
            place = Location(
                kind="code",
                entry=field.file.entry,
                class_name=field.owner.name,
                snippet=f"{field.ref.name} = {literal.value}"[:MAX_SNIPPET_CHARACTERS],
            )
            yield literal, None, code.owner_of(field.owner.descriptor), place


def _described(code: CodeContext, literal: Literal, host: str | None, owner: str, place: Location) -> PinFact:
    value = describe_pin(literal.value, mechanism="string", digest=None, catalogue=code.catalogue, host=host)
    return PinFact(
        mechanism="string",
        host=host,
        include_subdomains=False,
        algorithm=value.algorithm or "sha256",
        digest=value.digest,
        hashed_object=literal.hashed_object,
        value=literal.value[:MAX_SNIPPET_CHARACTERS],
        problem=value.problem,
        problem_detail=value.problem_detail,
        checked_against="unknown",
        resolution="constant",
        activation="unknown",
        owner=owner,
        scope=f"{place.class_name}.{place.method or ''}" if place.class_name else place.entry,
        identity=value.identity,
        evidence=(place,),
    )


def _host_beside(site: Site) -> str | None:
    """Return the host that is loaded nearest to a text, one before it rather than one behind it."""
    nearest: tuple[int, bool, str] | None = None
    for offset, text in _loads(site.method):
        distance = abs(offset - site.offset)
        if offset == site.offset or distance > _NEARBY_UNITS:
            continue
        host = host_in(text)
        if host is not None and (nearest is None or (distance, offset > site.offset) < nearest[:2]):
            nearest = (distance, offset > site.offset, host)
    return nearest[2] if nearest is not None else None


def _loads(method: DexMethod) -> Iterator[tuple[int, str]]:
    code = method.code()
    for instruction in code.instructions if code is not None else ():
        if instruction.opcode in _STRING_LOADS and instruction.index is not None:
            yield instruction.offset, str(method.file.resolve("string", instruction.index))


def _limit(count: int) -> AnalysisGap:
    return AnalysisGap(
        stage="code",
        reason="limit",
        subject=f"{count} texts",
        detail="More texts of the app look like pins than are listed.",
        hides=("pin",),
    )
