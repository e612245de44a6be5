"""Pins that an app's code hands to OkHttp, and whether they reach a client."""

from collections.abc import Iterable, Iterator

import msgspec

from analyzer.dataflow.evaluate import Evaluator
from analyzer.dataflow.question import NEVER, Instance, Resolution
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.together import resolve_together
from analyzer.dataflow.values import (
    Created,
    Event,
    FieldValue,
    Items,
    Joined,
    Number,
    Result,
    Text,
    Value,
    alternatives,
    walk,
)
from analyzer.dex import DexMethod, MethodRef, dotted
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.okhttp_binding import OkHttpCopy
from analyzer.extractors.code.okhttp_calls import PinCall, PinCalls
from analyzer.extractors.code.okhttp_flow import Arrival, Flow, PinnerFlow, last_events
from analyzer.extractors.code.reached import Runs
from analyzer.extractors.pin_values import describe_pin
from analyzer.model import AnalysisGap, ApiUse, Location, PinFact, SdkFact
from analyzer.model.okhttp_patterns import parse_version, refuses_pin
from analyzer.model.pins import Activation, Algorithm, CheckedAgainst
from analyzer.model.pins import Resolution as HowKnown

RESET = "okhttp-pinner-reset"
"""Catalogue name of a call that replaces a client's pinner by one without pins."""
_STRONGEST: tuple[Activation, ...] = ("active", "unknown", "created", "defined_only")
_CLEANED_2 = (2, 7, 4)
_CLEANED_3 = (3, 1, 2)
_SHORTEST_PIN = len("sha1/") + 27
_MAX_TEXT = 2_000
"""Longest pin or pattern that is kept, in characters."""


class OkHttpFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the code does with OkHttp's pinning."""

    pins: tuple[PinFact, ...] = ()
    sdks: tuple[SdkFact, ...] = ()
    api_uses: tuple[ApiUse, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


class _Text(msgspec.Struct, frozen=True):
    """A text an argument may be."""

    value: str | None
    """None when it is not known."""
    how: HowKnown
    reason: str | None = None


class _Common(msgspec.Struct, frozen=True, kw_only=True):
    """What the pins of one call share."""

    activation: Activation
    owner: str
    scope: str
    evidence: tuple[Location, ...]


def extract_okhttp(code: CodeContext) -> OkHttpFacts:
    """Read the pins that code hands to any copy of OkHttp in the app."""
    resolver = code.resolver or Resolver(code.program)
    copies = code.okhttp_copies
    runs = Runs(code.program, code.component_classes, resolver)
    readers = [_CopyReader(code, resolver, copy, runs) for copy in copies]
    for reader in readers:
        reader.read()
    return OkHttpFacts(
        pins=tuple(pin for reader in readers for pin in reader.pins),
        sdks=tuple(_libraries(copies)),
        api_uses=tuple(use for reader in readers for use in reader.resets.values()),
        gaps=tuple(gap for reader in readers for gap in reader.gaps),
    )


def _libraries(copies: Iterable[OkHttpCopy]) -> Iterator[SdkFact]:
    """Name copies that only their structure gives away: others are found by their names or their version."""
    for copy in copies:
        if copy.found_by == "structure" and copy.version is None and copy.pinner_site is not None:
            site = copy.pinner_site
            yield SdkFact(name="okhttp", kind="library", evidence=(location_of(site, str(site.target)),))


class _CopyReader:
    """Reads what is pinned with one copy of the library."""

    def __init__(self, code: CodeContext, resolver: Resolver, copy: OkHttpCopy, runs: Runs) -> None:
        self._code = code
        self._resolver = resolver
        self._evaluator: Evaluator = resolver.evaluator
        self._copy = copy
        self._runs = runs
        self._flow = PinnerFlow(resolver, copy)
        self._told: dict[tuple[tuple[DexMethod, int], ...], set[tuple[_Text, _Text]]] = {}
        """What was found of each way to the library: branches that differ elsewhere lead there more than once."""
        self._scopes: dict[DexMethod, dict[object, int]] = {}
        self.pins: list[PinFact] = []
        self.resets: dict[tuple[DexMethod, int], ApiUse] = {}
        self.gaps: list[AnalysisGap] = []

    def read(self) -> None:
        calls = PinCalls(self._resolver, self._copy)
        for call in calls:
            self._read_call(call)
        if calls.dropped:
            self.gaps.append(
                AnalysisGap(
                    stage="code",
                    reason="limit",
                    subject=dotted(self._copy.pinner),
                    detail="Pins are handed to OkHttp at more places than are read.",
                    hides=("pin",),
                    incomplete=True,
                )
            )
        self._find_resets()

    # ---- pins

    def _read_call(self, call: PinCall) -> None:
        activation, arrivals = self._activation(call)
        outermost = call.levels[-1]
        where = dict.fromkeys(location_in(level.method, level.call.offset) for level in reversed(call.levels))
        where.update(dict.fromkeys(location_in(arrival.method, arrival.offset) for arrival in arrivals))
        common = _Common(
            activation=activation,
            owner=self._code.owner_of(outermost.method.owner.descriptor),
            scope=self._scope(call),
            evidence=tuple(where),
        )
        unknown = _Text(None, "unresolved", "the host pattern became part of the library's code")
        wanted = [call.pins] if call.pattern is None else [call.pattern, call.pins]
        known = self._told.setdefault(tuple((level.method, level.call.offset) for level in call.levels), set())
        is_way = any(level.is_one_of_several for level in call.levels)
        for answers in resolve_together(self._resolver, wanted, call.frame):
            if is_way and all(one.reasons == (NEVER.reason,) and not one.values for one in answers):
                # One of several ways through the method, on which a list is empty whose elements would be pinned.
                continue
            patterns = [unknown] if len(answers) == 1 else _texts(answers[0])
            # What one array lists twice is there twice; what several possibilities have in common is there once.
            pairs = [(pattern, pin) for pattern in patterns for pin in _plausible(_texts(answers[-1]))]
            self.pins += [self._fact(pattern, pin, common) for pattern, pin in pairs if (pattern, pin) not in known]
            known.update(pairs)

    def _fact(self, pattern: _Text, pin: _Text, common: _Common) -> PinFact:
        value = (pin.value or "")[:_MAX_TEXT]
        host = None if pattern.value is None else pattern.value[:_MAX_TEXT]
        known = None
        if pin.how == "constant":
            known = describe_pin(
                value, mechanism=self._copy.mechanism, digest=None, catalogue=self._code.catalogue, host=host
            )
        version = None if self._copy.version is None else parse_version(self._copy.version)
        refused = version is not None and refuses_pin(value, version)
        reasons = [text.reason for text in (pattern, pin) if text.reason is not None]
        if refused:
            reasons.append(f"OkHttp {self._copy.version} takes pins that begin with sha1/ alone, and throws at others")
        resolution = max((pattern.how, pin.how), key=("constant", "partial", "unresolved").index)
        if resolution == "unresolved" and (pattern.value is not None or pin.value is not None):
            resolution = "partial"
        return PinFact(
            mechanism=self._copy.mechanism,
            host=host,
            include_subdomains=False,
            algorithm=(known.algorithm if known is not None else None) or _stated_algorithm(value),
            digest=None if known is None or refused else known.digest,
            hashed_object="spki",
            value=value,
            problem="prefix" if refused else None if known is None else known.problem,
            problem_detail="; ".join(reasons) or (None if known is None else known.problem_detail),
            checked_against=self._checked_against(),
            resolution=resolution,
            activation=common.activation,
            owner=common.owner,
            scope=common.scope,
            identity=None if known is None else known.identity,
            evidence=common.evidence,
        )

    def _checked_against(self) -> CheckedAgainst:
        """Versions without a chain cleaner compare with whatever the server sends (CVE-2016-2402)."""
        version = None if self._copy.version is None else parse_version(self._copy.version)
        if version is None:
            return "unknown"
        return "validated" if version >= (_CLEANED_2 if version[0] < 3 else _CLEANED_3) else "presented"

    def _scope(self, call: PinCall) -> str:
        """Name the pinner by the method that makes it; several in one method are counted."""
        outermost = call.levels[-1]
        name = f"{dotted(outermost.method.ref.owner)}.{outermost.method.ref.name}"
        builder: object = None
        for argument in outermost.call.arguments[:1]:
            for one in alternatives(argument):
                if isinstance(one, Created | Result) and one.method == outermost.method.ref:
                    builder = one.offset
        numbers = self._scopes.setdefault(outermost.method, {})
        number = numbers.setdefault(builder, len(numbers) + 1)
        return name if number == 1 else f"{name}#{number}"

    # ---- whether they count

    def _activation(self, call: PinCall) -> tuple[Activation, tuple[Arrival, ...]]:
        flow: Flow = self._flow.of(call)
        lasting = [arrival for arrival in flow.arrivals if not self._is_replaced(arrival)]
        outermost = call.levels[-1]
        runs = self._runs.at(outermost.method, outermost.call.offset)
        if lasting and runs != "defined_only":
            found = [(self._runs.at(arrival.method, arrival.offset), arrival) for arrival in lasting]
            best = min((state for state, _ in found), key=_STRONGEST.index)
            return best, tuple(arrival for state, arrival in found if state == best)
        if runs == "defined_only":
            return "defined_only", flow.arrivals
        if flow.lost and not flow.arrivals:
            return "unknown", ()
        return "created", flow.arrivals

    def _is_replaced(self, arrival: Arrival) -> bool:
        """Say whether the same client builder is certainly given another pinner afterwards, perhaps an empty one."""
        last = last_events(arrival.receiver, arrival.offset, self._gives_pinner)
        if not last or any(_is_same(event.arguments[0], arrival.given) for event in last):
            return False
        for event in last:
            if self._is_empty(event.arguments[0]):
                self._note_reset(arrival.method, event.offset, arrival)
        return True

    def _gives_pinner(self, event: Event) -> bool:
        given = event.ref in self._copy.setters or event.ref in self._copy.client_fields
        return given and len(event.arguments) == 1

    def _note_reset(self, method: DexMethod, offset: int, replaced: Arrival | None = None) -> None:
        where = [location_in(method, offset)]
        if replaced is not None:
            where.append(location_in(replaced.method, replaced.offset))
        elif (method, offset) in self.resets:
            return
        self.resets[method, offset] = ApiUse(
            api=RESET,
            activation=self._runs.of(method),
            owner=self._code.owner_of(method.owner.descriptor),
            evidence=tuple(where),
        )

    def _find_resets(self) -> None:
        """Find calls that give a client an empty pinner; outside the library itself."""
        for site in self._code.program.users.callers_of(self._copy.setters):
            values = self._evaluator.evaluate(site.method)
            call = None if values is None else values.calls.get(site.offset)
            if call is not None and len(call.arguments) == 2 and self._is_empty(call.arguments[1]):
                self._note_reset(site.method, site.offset)

    def _is_empty(self, pinner: Value) -> bool:
        """Say whether a pinner certainly has no pins: the library's constant, or made of nothing that was given any."""
        match pinner:
            case FieldValue(ref=field):
                return field in self._copy.defaults
            case Created(type=name):
                made = name == self._copy.pinner
            case Result(ref=ref, arguments=arguments):
                made = ref.return_type == self._copy.pinner and bool(arguments)
            case _:
                made = False
        return made and all(self._adds_nothing(part) for part in walk(pinner))

    def _adds_nothing(self, part: Value) -> bool:
        match part:
            case Created(type=name):
                return all(_is_plain(event, name) for event in part.events)
            case Result(ref=ref):
                return ref.return_type == self._copy.pinner or ref.owner.startswith("Ljava/util/")
            case Number():
                return True
        return False


def _is_same(value: Value, other: Value | None) -> bool:
    """Say whether two values are one object, whatever happened to it in between."""
    if isinstance(value, Created | Result) and isinstance(other, Created | Result):
        return (value.method, value.offset) == (other.method, other.offset)
    return value == other


def _is_plain(event: Event, owner: str) -> bool:
    """Say whether something that happened to an object gave it nothing: its construction, or asking it."""
    ref = event.ref
    if not isinstance(ref, MethodRef):
        return False
    return ref.name == "<init>" or (event.position == 0 and ref.owner == owner and not event.arguments)


def _texts(resolution: Resolution) -> list[_Text]:
    """Return every text a value may be, and one unknown text for what is missing.

    What one array lists twice is there twice; what several alternatives have in common is there once.
    """
    reason = "; ".join(resolution.reasons) or None
    found: list[_Text] = []
    missing = resolution.state != "constant"
    # A loop's first round is known by itself: the whole array says it again.
    for value in sorted(resolution.values, key=lambda one: not isinstance(one, Items)):
        known = frozenset(found)
        for part in value.elements if isinstance(value, Items) else (value,):
            for one in alternatives(part):
                if len(resolution.values) > 1 and _cannot_be_given(one):
                    continue
                text = _text(one, reason)
                if text is None:
                    missing = True
                elif text not in known:
                    found.append(text)
    if missing and not any(text.how == "partial" for text in found):
        found.append(_Text(None, "unresolved", reason or "it is no text"))
    return found


def _plausible(pins: list[_Text]) -> list[_Text]:
    """Call a text too short for a pin partly known where others are: it is what was left of one that was not read."""
    reason = next((pin.reason for pin in pins if pin.how != "constant"), None)
    if all(pin.how == "constant" for pin in pins):
        return pins
    return [
        _Text(pin.value, "partial", reason) if pin.how == "constant" and len(pin.value or "") < _SHORTEST_PIN else pin
        for pin in pins
    ]


def _cannot_be_given(value: Value) -> bool:
    """Say whether a value certainly is not what the library gets where a text is wanted.

    It refuses null, and the runtime an object of another class: an alternative like ``COROUTINE_SUSPENDED`` was
    turned away before.
    """
    created = isinstance(value, Instance) and isinstance(value.value, Created)
    return created or value == Number(0)


def _text(value: Value, reason: str | None) -> _Text | None:
    if isinstance(value, Text):
        return _Text(value.value, "constant")
    if isinstance(value, Joined):
        return _Text("".join(part.value if isinstance(part, Text) else "…" for part in value.parts), "partial", reason)
    return None


def _stated_algorithm(value: str) -> Algorithm:
    return "sha1" if value.startswith("sha1/") else "sha256"
