"""What one ``verify`` method accepts: judged from all ways through it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from analyzer.dataflow.path_model import Frame, Path, Paths, Step
from analyzer.dataflow.paths import PathFinder
from analyzer.dataflow.values import Computed, FieldValue, Number, Text, Value
from analyzer.dex import DexMethod, FieldRef, MethodRef, dotted
from analyzer.extractors.code.verifier_atoms import CERTIFICATE_GETTERS, Atom, Kind, Reader

RAISED = (
    "Ljavax/net/ssl/SSLPeerUnverifiedException;",
    "Ljava/security/cert/CertificateException;",
    "Ljava/lang/RuntimeException;",
)
"""What asking for the peer's certificates, or another verifier, may raise."""
_CHECKS = frozenset({"verify", "checkServerTrusted", "check", "check$okhttp", "checkPins", "validate", "checkChain"})
"""Methods without result that refuse by an exception."""
_CONVERSION_FAILURES = frozenset({"Ljava/lang/IllegalArgumentException;", "Ljava/lang/NumberFormatException;"})
"""What text is caught for that cannot be converted, as OkHttp's verifier does around ``IDN.toASCII``: no refusal."""
_OF_WEAK: Mapping[Kind, str] = {
    "equals": "allow-list",
    "text": "substring",
    "host": "ignores-session",
    "switch": "ignores-session",
    "debug": "ignores-session",
    "session-valid": "session-valid",
    "peer-host": "peerhost-tautology",
}
"""Behaviours of paths that accept without the certificate, the strictest demand first: it decides on a path."""
_OF_SOUND: Mapping[Kind, str] = {"delegate": "delegate", "certificate": "custom"}
_WORST = (
    "accept-all", "swallow", "session-valid", "peerhost-tautology", "ignores-session", "substring", "allow-list",
    "custom", "delegate", "deny",
)  # fmt: skip


class Verdict(msgspec.Struct, frozen=True):
    """What a method accepts."""

    behaviour: str
    detail: str | None = None
    """On what the weakest acceptance depends, in words."""
    operands: tuple[Value, ...] = ()
    """Terms that the name is compared with there."""
    debug_only: bool = False
    """True when what it accepts wrongly it accepts in debuggable builds only."""
    path: Path | None = None
    """The way on which it accepts, or one on which it refuses when it never accepts."""
    places: tuple[tuple[Frame, int], ...] = ()
    """The deciding statements, most telling first: in which method, and where."""
    by_certificate: bool = False
    """True when some way accepts because of what the certificate holds."""
    incomplete: str | None = None


def rank(verdict: Verdict) -> tuple[bool, int]:
    """Order verdicts: the worst first, what holds in debuggable builds only after what always holds."""
    return verdict.debug_only, _WORST.index(verdict.behaviour)


def decides(ref: MethodRef) -> bool:
    """Say whether a call in a verifier decides something, for `PathFinder`."""
    return ref.name in _CHECKS or ref.name in CERTIFICATE_GETTERS


def judge(
    finder: PathFinder,
    method: DexMethod,
    sound: Callable[[MethodRef], bool],
    this_type: str | None = None,
    fields: Mapping[FieldRef, Value] | None = None,
    number: Callable[[FieldValue], int | None] | None = None,
) -> Verdict | None:
    """Say what a ``verify`` method accepts; None when it has no code.

    Args:
        finder: Explores the app, with `decides` and `RAISED`.
        method: A method that returns whether the name is right, or refuses by throwing.
        sound: Says of a verifier that is asked whether it decides by the certificate.
        this_type: Class of the verifier, when it is below the one that defines the method.
        fields: What fields hold: the discriminator of a merged class.
        number: Says which number a field of an object that the verifier holds always has: which of several merged
            lambdas it is.
    """
    paths = finder.paths(method, this_type=this_type, fields=fields)
    if paths is not None and number is not None:
        possible = tuple(path for path in paths.paths if not _contradicts(path, number))
        paths = msgspec.structs.replace(paths, paths=possible or paths.paths)
    return None if paths is None else _Judgement(paths, Reader(finder.program, paths, sound)).verdict()


def _contradicts(path: Path, number: Callable[[FieldValue], int | None]) -> bool:
    """Say whether a condition on a path needs a field to hold another number than it does."""
    for one in path.conditions:
        left, right = one.left, one.right
        if not isinstance(left, FieldValue) or left.ref.type != "I" or not isinstance(left.base, FieldValue):
            continue
        known = number(left) if isinstance(right, Number) and one.operator in ("eq", "ne") else None
        if known is not None and (Number(known) == right) is not (one.operator == "eq"):
            return True
    return False


class _Way(msgspec.Struct, frozen=True):
    """One path that accepts."""

    behaviour: str
    path: Path
    atoms: tuple[Atom, ...]
    always: bool
    """True when nothing but the way there decided: the answer is the constant true, or there is none to give."""
    swallowed: bool


class _Judgement:
    """One method."""

    def __init__(self, paths: Paths, reader: Reader) -> None:
        self._paths = paths
        self._reader = reader

    def verdict(self) -> Verdict:
        ways = [way for path in self._relevant() for way in self._accepting(path)]
        incomplete = self._paths.incomplete
        if not ways:
            path = next(iter(self._paths.paths), None)
            places = () if path is None else ((path.frame, path.offset),)
            return Verdict("custom" if incomplete else "deny", path=path, places=places, incomplete=incomplete)
        if all(way.always for way in ways) and not any(map(self._refuses, self._paths.paths)):
            swallows = next((way for way in ways if way.swallowed and _swallows_refusal(way.path)), None)
            return self._said("accept-all" if swallows is None else "swallow", swallows or ways[0])
        ways.sort(key=lambda way: (_WORST.index(way.behaviour), not way.swallowed))
        worst = ways[0]
        weak = [way for way in ways if _WORST.index(way.behaviour) < _WORST.index("custom")]
        if weak and all(_debug_only(way) for way in weak):
            return self._said(worst.behaviour, worst, debug_only=True)
        chosen = next((way for way in weak if not _debug_only(way)), worst)
        alike = [way for way in ways if way.behaviour == chosen.behaviour and not _debug_only(way)]
        if incomplete and not weak:
            return self._said("custom", chosen)
        return self._said(chosen.behaviour, chosen, alike)

    def _relevant(self) -> list[Path]:
        """Return the paths that return, without those that leave out a loop which others run.

        A verifier that asks all of a list accepts when the list is empty, which says nothing about it.
        """
        ran = {loop for path in self._paths.returning for loop in path.ran_loops}
        return [path for path in self._paths.returning if not ran.intersection(path.skipped_loops)]

    def _said(self, behaviour: str, way: _Way, alike: Sequence["_Way"] = (), *, debug_only: bool = False) -> Verdict:
        """Make the verdict of a way; `alike` are those that accept for the same reason."""
        telling = [atom for atom in way.atoms if atom.kind != "guard"]
        kinds = {kind for kind, name in (*_OF_WEAK.items(), *_OF_SOUND.items()) if name == behaviour}
        fitting = sorted((one for one in telling if one.kind in kinds), key=lambda one: not one.positive)
        atom = next(iter((*fitting, *telling)), None)
        operands = {one: None for other in (way, *alike) for one in _operands(other, atom)}
        places: list[tuple[Frame, int]] = []
        failed = next(filter(_is_refusal, way.path.caught), None) if behaviour == "swallow" else None
        if failed is not None:
            places.append((failed.frame, failed.offset))
        if behaviour not in ("accept-all",):
            places += [(one.frame, one.offset) for one in ([atom] if atom else []) + telling]
        places.append((way.path.frame, way.path.offset))
        detail = None if atom is None or behaviour == "accept-all" else _clause(atom, operands)
        if failed is not None and failed.called is not None:
            detail = f"{dotted(failed.threw or '')} from {failed.called.name} is caught"
        return Verdict(
            behaviour=behaviour,
            detail=detail or None,
            operands=tuple(operands),
            debug_only=debug_only,
            path=way.path,
            places=tuple(dict.fromkeys(places)),
            by_certificate=any(atom.kind == "certificate" and atom.positive for atom in way.atoms),
            incomplete=self._paths.incomplete,
        )

    def _refuses(self, path: Path) -> bool:
        """Say whether a path refuses for a reason other than a missing argument."""
        if any(map(_impossible, path.caught)):
            return False
        if path.ending == "returns":
            if path.value is None or (isinstance(path.value, Number) and path.value.value):
                return False
        elif path.ending != "throws":
            return False
        atoms = [atom for condition in path.conditions for atom in self._reader.atoms(condition)]
        return not path.conditions or any(atom.kind != "guard" for atom in atoms) or bool(path.caught)

    def _accepting(self, path: Path) -> Iterator[_Way]:
        """Yield the ways in which a path accepts, or may; none for one that refuses."""
        value = path.value
        if any(map(_impossible, path.caught)):
            return
        if value is None or isinstance(value, Number) or _is_true(value) or _is_false(value):
            refuses = (isinstance(value, Number) and not value.value) or (value is not None and _is_false(value))
            if not refuses:
                yield self._way(path, None)
            return
        for one in _either(value):
            yield self._way(path, one)

    def _way(self, path: Path, value: Value | None) -> _Way:
        """Describe a path that accepts when `value` is true; always, when there is none."""
        atoms = [atom for condition in path.conditions for atom in self._reader.atoms(condition)]
        if value is not None:
            atoms += self._reader.boolean(value, True, path.frame, path.offset)
        # A call that refuses by throwing has accepted when it returns.
        always = value is None and not self._checked(path)
        swallowed = any(decides(step.called) for step in path.caught if step.called is not None)
        return _Way(self._behaviour(path, atoms), path, tuple(atoms), always, swallowed)

    def _behaviour(self, path: Path, atoms: Iterable[Atom]) -> str:
        held = {atom.kind for atom in atoms if atom.positive}
        refused = {atom.kind for atom in atoms if not atom.positive}
        if "delegate" in held or self._checked(path, "verify"):
            return "delegate"
        if "certificate" in held or self._checked(path):
            return "custom"
        if any(map(_is_refusal, path.caught)) or "delegate" in refused:
            return "swallow"
        if any(self._reader.roles(*step.arguments) & {"session", "certificate"} for step in path.caught):
            return "custom"
        if (held | refused) & {"opaque", "content"} or any(self._opaque(step) for step in path.steps):
            return "custom"
        for kind, behaviour in _OF_WEAK.items():
            if kind in held and not (kind in ("equals", "text") and kind in refused and kind not in held):
                return behaviour
        return "ignores-session" if refused & set(_OF_WEAK) else "accept-all"

    def _checked(self, path: Path, name: str | None = None) -> bool:
        """Say whether a call that refuses by throwing was made with what the certificate is taken from."""
        return any(
            step.called is not None
            and step.called.return_type == "V"
            and (step.called.name == name if name else step.called.name in _CHECKS)
            and step.threw is None
            and bool(self._reader.roles(*step.arguments) & {"session", "certificate"})
            for step in path.steps
        )

    def _opaque(self, step: Step) -> bool:
        """Say whether a step hands the session to code of the app that was not looked into."""
        return not step.known and bool(self._reader.roles(*step.arguments) & {"session", "certificate"})


def _impossible(step: Step) -> bool:
    """Say whether a failure cannot happen: verifiers that return a boolean declare no exception."""
    checked = ("Ljavax/net/ssl/", "Ljava/security/", "Ljava/io/")
    called = step.called
    return called is not None and called.return_type == "Z" and (step.threw or "").startswith(checked)


def _is_refusal(step: Step) -> bool:
    """Say whether what is caught may be a refusal, and not only text that could not be converted."""
    return (step.called is not None and decides(step.called)) or step.threw not in _CONVERSION_FAILURES


def _debug_only(way: _Way) -> bool:
    return any(atom.kind == "debug" and atom.positive for atom in way.atoms)


def _operands(way: _Way, atom: Atom | None) -> tuple[Value, ...]:
    """Return what the name is compared with on a way, in comparisons of the kind of `atom`."""
    if atom is None:
        return ()
    alike = (one for one in way.atoms if one.positive and one.what == atom.what)
    return tuple(operand for one in alike for operand in one.operands)


def _swallows_refusal(path: Path) -> bool:
    """Say whether what is caught on a path may be a refusal, not only that there is no certificate to look at."""
    return any(step.called is not None and step.called.name not in CERTIFICATE_GETTERS for step in path.caught)


def _clause(atom: Atom, operands: Iterable[Value]) -> str:
    words = [f'"{one.value}"' for one in operands if isinstance(one, Text)]
    clause = " ".join((atom.what, ", ".join(words))).strip()
    return clause if atom.positive else f"not: {clause}"


def _either(value: Value) -> list[Value]:
    """Return what makes a boolean true on its own: the sides of a ``|``, else the boolean itself."""
    found: list[Value] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Computed) and one.operation == "or":
            waiting.extend(reversed(one.operands))
        else:
            found.append(one)
    return found


def _is_true(value: Value) -> bool:
    return isinstance(value, FieldValue) and value.ref.owner == "Ljava/lang/Boolean;" and value.ref.name == "TRUE"


def _is_false(value: Value) -> bool:
    return isinstance(value, FieldValue) and value.ref.owner == "Ljava/lang/Boolean;" and value.ref.name == "FALSE"
