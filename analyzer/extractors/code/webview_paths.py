"""What ``onReceivedSslError`` does with the handler it is given: judged from all ways through it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from analyzer.dataflow.path_model import Condition, Path, Paths, Step
from analyzer.dataflow.paths import PathFinder
from analyzer.dataflow.values import FieldValue, Number, Parameter, Value
from analyzer.dex import DexMethod, FieldRef, MethodRef
from analyzer.extractors.code.webview_atoms import Atom, Kind, read

CALLBACK = "onReceivedSslError"
Outcome = Literal["proceed", "dialog", "cancel", "neither", "unknown"]
Handed = Callable[[Step, int], Outcome | None]
"""Says what becomes of the handler where a step hands it on at a position; None for steps that do not keep it."""

_HANDLER = 2
_RELEVANT: tuple[Kind, ...] = ("certificate", "debug", "error-code", "url")
"""Conditions that make a difference, the strictest first: it decides on a way."""
_NAMED: Mapping[Kind, str] = {
    "certificate": "certificate",
    "debug": "debug-guarded",
    "error-code": "error-code",
    "url": "url",
}
_WORST = ("proceed", "error-code", "url", "dialog", "debug-guarded", "unknown", "certificate", "cancel", "neither")
_OUTCOMES: tuple[Outcome, ...] = ("proceed", "dialog", "unknown", "cancel", "neither")


class Verdict(msgspec.Struct, frozen=True):
    """What a method does on an error."""

    behaviour: str
    detail: str | None = None
    path: Path | None = None
    """The way that decides."""
    deciding: tuple[Condition | Step, ...] = ()
    """What of it tells most."""
    incomplete: str | None = None


class _Way(msgspec.Struct, frozen=True):
    path: Path
    atoms: tuple[Atom, ...]
    """Conditions before the handler was used."""
    outcome: Outcome
    step: Step | None
    """What used it."""


def decides(ref: MethodRef) -> bool:
    """Say whether a call uses the handler, for `PathFinder`."""
    return answer_of(ref) or ref.name == "onReceiveValue"


def answer_of(ref: MethodRef) -> bool:
    """Say whether a call is ``SslErrorHandler.proceed`` or ``cancel``, of whatever engine."""
    return ref.name in ("proceed", "cancel") and ref.descriptor == "()V"


def is_callback(method: DexMethod) -> bool:
    """Say whether a method is the callback of some WebView."""
    ref = method.ref
    return ref.name == CALLBACK and len(ref.parameters) == 3 and not method.is_static and not method.is_abstract


def judge(
    finder: PathFinder,
    method: DexMethod,
    handed: Handed,
    this_type: str | None = None,
    fields: Mapping[FieldRef, Value] | None = None,
) -> Verdict | None:
    """Say what a callback does with its handler; None when it has no code.

    `handed` follows the handler into objects that keep it, such as the listeners of a dialog.
    """
    # WebView hands over all three (AOSP: android.webkit.WebViewClient, none of them is nullable).
    paths = finder.paths(method, this_type=this_type, fields=fields, given=(1, 2, 3))
    if paths is None:
        return None
    handler = Parameter(method.ref, _HANDLER)
    ways = [_way(paths, path, handler, handed) for path in paths.returning]
    if not ways:
        return Verdict("neither", path=next(iter(paths.paths), None), incomplete=paths.incomplete)
    return _combined(_without_irrelevant(ways), paths.incomplete)


def used_as(step: Step, handler: Value) -> Outcome | None:
    """Say what a step does to a handler itself; None when it is about something else."""
    called = step.called
    if called is None or not step.arguments or step.arguments[0] != handler:
        return None
    if answer_of(called):
        return "proceed" if called.name == "proceed" else "cancel"
    if called.name == "onReceiveValue" and len(step.arguments) == 2:
        answer = step.arguments[1]
        if isinstance(answer, Number):
            return "proceed" if answer.value else "cancel"
        if isinstance(answer, FieldValue) and answer.ref.owner == "Ljava/lang/Boolean;":
            return "proceed" if answer.ref.name == "TRUE" else "cancel"
        return "unknown"
    return None


def _way(paths: Paths, path: Path, handler: Value, handed: Handed) -> _Way:
    """Describe a path: the most that it does with the handler, and what was asked before."""
    atoms: list[Atom] = []
    best: tuple[Outcome, Step | None, tuple[Atom, ...]] = ("neither", None, ())
    for one in path.order:
        if isinstance(one, Condition):
            atoms.append(read(paths, one))
            continue
        if one.threw is not None:
            continue
        outcome = used_as(one, handler)
        if outcome is None:
            places = [place for place, argument in enumerate(one.arguments) if argument == handler]
            found = [answer for place in places if (answer := _passed(one, place, handed)) is not None]
            outcome = min(found, key=_OUTCOMES.index, default=None)
        if outcome is not None and (best[1] is None or _OUTCOMES.index(outcome) < _OUTCOMES.index(best[0])):
            best = outcome, one, tuple(atoms)
    outcome, step, before = best
    return _Way(path, before if step is not None else tuple(atoms), outcome, step)


def _passed(step: Step, place: int, handed: Handed) -> Outcome | None:
    called = step.called
    if called is not None and called.name == CALLBACK:
        # The callback of a superclass outside of the app: every WebView's own cancels.
        return "cancel"
    return handed(step, place)


def _without_irrelevant(ways: Sequence[_Way]) -> list[_Way]:
    """Drop conditions that make no difference: with and without them the handler is used alike."""
    kept = list(ways)
    for kind in (*_RELEVANT, "switch"):
        groups: dict[tuple[object, ...], set[Outcome]] = {}
        for way in kept:
            groups.setdefault(_others(way, kind), set()).add(way.outcome)
        if all(len(outcomes) == 1 for outcomes in groups.values()):
            kept = [msgspec.structs.replace(way, atoms=tuple(a for a in way.atoms if a.kind != kind)) for way in kept]
    return kept


def _others(way: _Way, kind: Kind | str) -> tuple[object, ...]:
    return tuple(sorted(repr(atom.key) for atom in way.atoms if atom.kind not in (kind, "guard")))


def _combined(ways: Sequence[_Way], incomplete: str | None) -> Verdict:
    named = sorted(((_behaviour(way), way) for way in ways), key=lambda one: _WORST.index(one[0]))
    behaviour, way = named[0]
    if behaviour == "neither" and incomplete is not None:
        behaviour = "unknown"
    atom = next((one for one in way.atoms if _NAMED.get(one.kind) == behaviour), None)
    switch = next((one for one in way.atoms if one.kind == "switch"), None) if behaviour == "proceed" else None
    told = atom or switch
    deciding: list[Condition | Step] = [one.condition for one in way.atoms if one.kind != "guard"]
    deciding += [way.step] if way.step is not None else []
    return Verdict(
        behaviour=behaviour,
        detail=(told.what or None) if told is not None else None,
        path=way.path,
        deciding=tuple(deciding),
        incomplete=incomplete,
    )


def _behaviour(way: _Way) -> str:
    if way.outcome in ("proceed", "dialog"):
        kinds = {atom.kind for atom in way.atoms}
        if way.outcome == "dialog":
            return "certificate" if "certificate" in kinds else "debug-guarded" if "debug" in kinds else "dialog"
        return next((_NAMED[kind] for kind in _RELEVANT if kind in kinds), "proceed")
    return way.outcome
