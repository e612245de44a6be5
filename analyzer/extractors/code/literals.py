"""Texts in code that look like pins, and that no known pinning mechanism receives."""

import re
from collections.abc import Collection, Iterator

import msgspec

from analyzer.dex import DexMethod, Site
from analyzer.extractors.code.context import CodeContext, location_of
from analyzer.extractors.code.host_names import hosts_in, plain_host
from analyzer.extractors.pin_values import describe_pin
from analyzer.model import AnalysisGap, Location, PinFact
from analyzer.model.location import MAX_SNIPPET_CHARACTERS
from analyzer.model.pins import HashedObject

# What the string tables are searched for: wide, since a search cannot look at what stands around its match.
_CANDIDATES = (
    re.compile(rb"[Ss][Hh][Aa]-?(?:1|256)(?:[/:=]|=\")"),
    re.compile(rb"[A-Za-z0-9+/]{43}="),
    re.compile(rb"[0-9A-Fa-f]{40}"),
    re.compile(rb"[: ][0-9A-Fa-f]{2}[: ][0-9A-Fa-f]{2}[: ][0-9A-Fa-f]{2}[: ][0-9A-Fa-f]{2}[: ]"),
)
# A prefix that stands by itself: behind a slash it is part of an address, as of a container image.
_PREFIXED = re.compile(
    r"(?<![\w/.-])(?:sha256//?|pin-sha256\s*=\s*[\"']?|SHA-?256[:=]\s*)(?P<sha256>[A-Za-z0-9+/_-]{43}=?)(?![\w+/=])"
    r"|(?<![\w/.-])(?:sha1/|pin-sha1\s*=\s*[\"']?|SHA-?1[:=]\s*)(?P<sha1>[A-Za-z0-9+/_-]{27}=?)(?![\w+/=])"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{43}=")
_HEX = re.compile(r"[0-9a-f]{40}|[0-9A-F]{40}|[0-9a-f]{64}|[0-9A-F]{64}")
_FINGERPRINT = re.compile(r"(?:[0-9A-Fa-f]{2}[: ]){19}(?:(?:[0-9A-Fa-f]{2}[: ]){12})?[0-9A-Fa-f]{2}")
_MIXED = (re.compile(r"[A-Z]"), re.compile(r"[a-z]"), re.compile(r"[0-9]"))
_STRING_LOADS = frozenset({0x1A, 0x1B})
_NEARBY_UNITS = 40
"""A host counts as standing beside a text when both are loaded this close to each other."""
_MAX_TEXT = 4_096
"""Longer texts are data with other texts in them."""
_MAX_LITERALS = 500
_MAX_TEXTS = 20_000
_FILE_ENDINGS = frozenset(
    {"apk", "bin", "css", "dat", "db", "dex", "gz", "html", "jar", "jpg", "js", "json", "mp4", "pem", "png",
     "properties", "so", "svg", "txt", "webp", "xml", "zip"}
)  # fmt: skip


class LiteralFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Texts that look like pins."""

    pins: tuple[PinFact, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


class _Literal(msgspec.Struct, frozen=True):
    """A part of a text that has the form of a pin."""

    value: str
    """With its prefix, if it has one."""
    prefixed: bool
    hashed_object: HashedObject = "spki"


def extract_literals(code: CodeContext, explained: Collection[PinFact]) -> LiteralFacts:
    """Find texts in the form of a pin; those in `explained` are left out.

    A text with a prefix such as ``sha256/`` is enough by itself. Bare digests have the form of many other things and
    count only where a host name is loaded beside them. Values of annotations, which no code loads, never count.
    """
    program = code.program
    texts = sorted({text for pattern in _CANDIDATES for text in program.strings_matching(pattern)})
    wanted = {text: found for text in texts if len(text) <= _MAX_TEXT and (found := tuple(_literals(text)))}
    gaps: list[AnalysisGap] = []
    if len(wanted) > _MAX_TEXTS:
        gaps.append(_limit(f"{len(wanted)} texts"))
        wanted = dict(list(wanted.items())[:_MAX_TEXTS])
    known = {pin.digest for pin in explained if pin.digest is not None} | {pin.value for pin in explained if pin.value}
    pins: dict[tuple[str, str | None], PinFact] = {}
    for site in program.users.loads_of(wanted):
        for literal in wanted[str(site.target)]:
            fact = _fact(code, literal, site)
            if fact is None or fact.digest in known or fact.value in known:
                continue
            if len(pins) >= _MAX_LITERALS:
                return LiteralFacts(pins=tuple(pins.values()), gaps=(*gaps, _limit(f"{_MAX_LITERALS} texts")))
            pins.setdefault((fact.value, fact.host), fact)
    loaded = {value for value, _ in pins} | {value for value in known if isinstance(value, str)}
    for fact in _constants(code, wanted):
        if fact.value not in loaded and fact.digest not in known:
            pins.setdefault((fact.value, fact.host), fact)
    return LiteralFacts(pins=tuple(pins.values()), gaps=tuple(gaps))


def _literals(text: str) -> Iterator[_Literal]:
    for match in _PREFIXED.finditer(text):
        body = match["sha256"] or match["sha1"]
        if _is_mixed(body) or len(set(body)) <= 2:
            yield _Literal(match[0].strip(), True)
    bare = text.strip()
    if (_BASE64.fullmatch(bare) and _is_mixed(bare)) or _HEX.fullmatch(bare):
        yield _Literal(bare, False)
    elif _FINGERPRINT.fullmatch(bare):
        yield _Literal(bare, False, "certificate")


def _is_mixed(text: str) -> bool:
    """Tell digests from words and identifiers: 43 random symbols without a digit are one in a thousand."""
    return all(pattern.search(text) for pattern in _MIXED)


def _fact(code: CodeContext, literal: _Literal, site: Site) -> PinFact | None:
    host = _host_beside(site)
    if host is None and not literal.prefixed:
        return None
    return _described(code, literal, host, code.owner_of(site.method.ref.owner), location_of(site, literal.value))


def _constants(code: CodeContext, wanted: Collection[str]) -> Iterator[PinFact]:
    """Yield prefixed texts that are the initial value of a static field and that no code loads."""
    prefixed = {text: found for text in wanted for found in [[one for one in _literals(text) if one.prefixed]] if found}
    if not prefixed:
        return
    for field in code.program.users.initialised_with(prefixed):
        value = field.initial_value
        for literal in prefixed.get(str(value.value) if value is not None else "", ()):
            owner = field.owner
            place = Location(
                kind="code",
                entry=field.file.entry,
                class_name=owner.name,
                snippet=f"{field.ref.name} = {literal.value}"[:MAX_SNIPPET_CHARACTERS],
            )
            yield _described(code, literal, None, code.owner_of(owner.descriptor), place)


def _described(code: CodeContext, literal: _Literal, host: str | None, owner: str, place: Location) -> PinFact:
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
        scope=f"{place.class_name}.{place.method or ''}",
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
        host = _host_in(text)
        if host is not None and (nearest is None or (distance, offset > site.offset) < nearest[:2]):
            nearest = (distance, offset > site.offset, host)
    return nearest[2] if nearest is not None else None


def _loads(method: DexMethod) -> Iterator[tuple[int, str]]:
    code = method.code()
    for instruction in code.instructions if code is not None else ():
        if instruction.opcode in _STRING_LOADS and instruction.index is not None:
            yield instruction.offset, str(method.file.resolve("string", instruction.index))


def _host_in(text: str) -> str | None:
    if len(text) > _MAX_TEXT:
        return None
    if "://" in text:
        return next((named.name for named in hosts_in(text, of_library=False) if named.name), None)
    host = plain_host(text.removeprefix("**.").removeprefix("*."))
    return host if host is not None and host.rpartition(".")[2] not in _FILE_ENDINGS else None


def _limit(subject: str) -> AnalysisGap:
    return AnalysisGap(
        stage="code",
        reason="limit",
        subject=subject,
        detail="More texts in the code look like pins than are listed.",
        hides=("pin",),
    )
