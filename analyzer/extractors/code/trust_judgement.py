"""What a ``checkServerTrusted`` does, from its paths: the classes A to N of the specification."""

from collections.abc import Callable
from typing import Final

import msgspec

from analyzer.dataflow.path_model import Caught, Condition, Path, Paths, Step
from analyzer.dataflow.values import (
    Computed,
    Element,
    FieldValue,
    Length,
    Number,
    Parameter,
    Result,
    Value,
)
from analyzer.dex import MethodRef, Program
from analyzer.extractors.code.trust_checks import (
    called_name,
    compares_objects,
    contradicts,
    decides,
    is_check,
    is_harmless,
    is_noise,
    matches,
    may_be_check,
)
from analyzer.extractors.code.trust_classes import PATHS_FIRST, WEAK, Behaviour, Judgement, Labelled
from analyzer.extractors.code.trust_features import CERTIFICATE, FeatureReader, Features, is_signature_check
from analyzer.extractors.code.trust_handed import from_a_loop, hands_over_check, is_repeated
from analyzer.extractors.code.trust_sources import Manager

TWO_ARGUMENTS: Final = "([Ljava/security/cert/X509Certificate;Ljava/lang/String;)V"
_MAX_ASKED = 16
"""Most calls that are nested in a question about ``authType``."""
AskManager = Callable[[Value], tuple[Manager, ...]]
JudgeClass = Callable[[Manager], Behaviour]


class Judge:
    """Judges the paths of one body."""

    def __init__(
        self,
        program: Program,
        paths: Paths,
        managers: AskManager,
        judge_class: JudgeClass,
        constant: Callable[[Value], int | None],
        given: Callable[[FieldValue], bool],
    ) -> None:
        """Ask `managers` what a receiver may be, `judge_class` what another class of the app does.

        `constant` resolves a field or result to the only number it may have; None when there are several. `given`
        says of a field of the object that it always holds another one.
        """
        self._program = program
        self._paths = paths
        self._managers = managers
        self._judge_class = judge_class
        self._constant = constant
        self._given = given
        self._features = FeatureReader(program, paths)
        self._kept: set[Condition | Step] = set()

    @property
    def features(self) -> FeatureReader:
        """What values are made of."""
        return self._features

    def run(self) -> Judgement:
        """Return what the body does."""
        real = self._without_unused_loops([path for path in self._paths.paths if not self._impossible(path)])
        accepting = [path for path in real if path.ending == "returns"]
        likely = [path for path in accepting if not self._by_accident(path)]
        labelled = [self._label(path, real) for path in likely or accepting]
        if not labelled:
            return self._without_acceptance(real)
        labels = {one.label for one in labelled}
        decided: Behaviour = next(label for label in PATHS_FIRST if label in labels)
        if self._paths.incomplete is not None and decided not in WEAK:
            return self._judgement("unknown", labelled, reason=self._paths.incomplete)
        deciding = [one for one in labelled if one.label == decided]
        if decided in WEAK:
            weak = [one for one in labelled if one.label in WEAK]
            flag = self._flag(weak, labelled, real)
            if flag is not None and from_a_loop(self._paths, flag[0]):
                return self._judgement("unknown", weak, reason="what a loop goes through is checked in several ways")
            if flag is not None:
                return msgspec.structs.replace(
                    self._judgement("flag-dependent", weak),
                    labelled=tuple(labelled), flag=flag[0], flag_holds=flag[1], flag_weak=decided,
                )  # fmt: skip
        reason = next((one.why_unknown for one in deciding if one.why_unknown), None)
        return msgspec.structs.replace(
            self._judgement(decided, deciding, reason=reason if decided == "unknown" else None),
            labelled=tuple(labelled),
        )

    def _judgement(self, behaviour: Behaviour, deciding: list[Labelled], reason: str | None = None) -> Judgement:
        managers = tuple(dict.fromkeys(manager for one in deciding for manager in one.managers))
        paths = tuple(one.path for one in deciding)
        return Judgement(behaviour, paths, frozenset(self._kept), tuple(deciding), managers=managers, reason=reason)

    def _without_acceptance(self, real: list[Path]) -> Judgement:
        if self._paths.incomplete is not None:
            return Judgement("unknown", (), frozenset(), reason=self._paths.incomplete)
        throwing = tuple(path for path in real if path.ending == "throws")
        return Judgement("always-throw", throwing, frozenset())

    # Which paths can happen.

    def _impossible(self, path: Path) -> bool:
        """Say whether a condition on a path contradicts what its value always is."""
        for condition in path.conditions:
            if not isinstance(condition.right, Number) or condition.operator not in ("eq", "ne"):
                continue
            if isinstance(condition.left, FieldValue) and condition.holds is False and self._given(condition.left):
                return True
            if isinstance(condition.left, FieldValue | Result) and not self._features.of(condition.left).from_chain:
                number = self._constant(condition.left)
                if number is not None and (number == condition.right.value) is not (condition.operator == "eq"):
                    return True
        return False

    def _without_unused_loops(self, paths: list[Path]) -> list[Path]:
        """Leave out paths on which a loop has nothing to go through, where there are others."""
        used = [path for path in paths if not path.skipped_loops]
        return used or paths

    def _by_accident(self, path: Path) -> bool:
        """Say whether a path needs a call to fail that no server can make fail: an unknown algorithm, and so on."""
        decisive = [step for step in path.caught if step.called is not None and decides(self._program, step.called)]
        return not decisive and any(is_noise(step) for step in path.caught)

    # What one path shows.

    def _is_check(self, step: Step) -> bool:
        return step.called is not None and is_check(self._program, step.called)

    def _label(self, path: Path, real: list[Path]) -> Labelled:
        checks = [step for step in path.steps if self._is_check(step)]
        passed = [step for step in checks if step.threw is None and self._of_chain(step)]
        failed = [step for step in path.caught if step.called is not None and decides(self._program, step.called)]
        failed = [step for step in failed if not is_repeated(path, step)]
        pins = [one for one in path.conditions if self._is_pin(one)]
        self._kept.update((*passed, *failed, *pins))
        if passed:
            return self._validated(path, passed, pins)
        if pins:
            leaf = all(self._features.of(one.left).leaf_only or self._other_is_leaf(one) for one in pins)
            return Labelled(path, "pin-leaf-key" if leaf else "pin-presented", tuple(pins))
        opaque = next(filter(self._may_reject, path.steps), None)
        if opaque is None and not failed:
            opaque = next((step for step in path.steps if hands_over_check(self._program, step)), None)
        if opaque is not None and opaque.threw is None:
            self._kept.add(opaque)
            return Labelled(path, "unknown", why_unknown=f"{called_name(opaque)} is not looked into")
        if failed or path.recovered:
            self._kept.update(one for one in path.conditions if self._features.of(one.left).from_chain)
            return Labelled(path, "swallow")
        return self._by_contents(path, real)

    def _validated(self, path: Path, passed: list[Step], pins: list[Condition]) -> Labelled:
        managers = tuple(dict.fromkeys(manager for step in passed for manager in self._asked(step)))
        bare = any(
            step.ref.descriptor == TWO_ARGUMENTS and any(one.kind == "default" for one in self._asked(step))
            for step in passed
            if isinstance(step.ref, MethodRef)
        )
        customs = [self._judge_class(one) for one in managers if one.class_name is not None]
        if customs and len(customs) == len(managers) and all(one in WEAK for one in customs):
            return Labelled(path, customs[0], tuple(pins), managers)
        if pins:
            good = all(self._on_validated(path, one) for one in pins)
            label: Behaviour = "pin-validated" if good else "pin-presented-after-validation"
            return Labelled(path, label, tuple(pins), managers, bare)
        from_store = [one for one in managers if one.kind in ("keystore", "android-ca-store")]
        label = "keystore" if from_store and len(from_store) == len(managers) else "delegate"
        return Labelled(path, label, (), managers, bare)

    def _asked(self, step: Step) -> tuple[Manager, ...]:
        if step.kind == "static" or not step.arguments:
            return (Manager("unknown"),)
        return self._managers(step.arguments[0]) or (Manager("unknown"),)

    def _on_validated(self, path: Path, pin: Condition) -> bool:
        """Say whether a pin is compared with the validated chain, or with the leaf, whose place is certain."""
        features = self._features.of(pin.left)
        if features.validated or features.leaf_only or self._other_is_leaf(pin):
            return True
        built = any(isinstance(one, Result) and one.ref.name in ("toArray", "iterator", "get")
                    for one in self._paths.ingredients(pin.left))  # fmt: skip
        # Whether a certificate was added to the path that is built here depends on the signature: on other ways.
        signed = any(
            step.called is not None and is_signature_check(step.called)
            for other in self._paths.paths
            for step in other.steps
        )
        return built and signed

    def _of_chain(self, step: Step) -> bool:
        """Say whether a check was given the certificates that the server presented."""
        return any(self._features.of(one).from_chain for one in step.arguments[1:] or step.arguments)

    def _is_pin(self, condition: Condition) -> bool:
        """Say whether a condition that holds compares a key, hash or certificate of the chain."""
        if not matches(condition, self._program) or self._is_native(condition.left):
            return False
        features = self._features.of(condition.left)
        if not features.from_chain and not features.validated:
            right = self._features.of(condition.right)
            return right.is_key and (right.from_chain or right.validated)
        if features.is_key and "name" not in features.parts:
            return True
        return not features.parts and self._compares_certificate(condition.left)

    def _compares_certificate(self, value: Value) -> bool:
        """Say whether a call compares or looks up a whole certificate of the chain."""
        if not isinstance(value, Result) or not compares_objects(value.ref):
            return False
        return any(
            self._features.of(one).from_chain or getattr(one, "type", None) in CERTIFICATE for one in value.arguments
        )

    def _is_native(self, value: Value) -> bool:
        method = self._program.resolve_method(value.ref) if isinstance(value, Result) else None
        return method is not None and method.is_native

    def _other_is_leaf(self, condition: Condition) -> bool:
        return not isinstance(condition.right, Number) and self._features.of(condition.right).leaf_only

    def _may_reject(self, step: Step) -> bool:
        """Say whether a call may refuse the chain although nothing is known of it."""
        ref = step.called
        if ref is None or ref.name == "<init>":
            return False
        touched = any(self._features.of(one).from_chain for one in step.arguments)
        if not step.known:
            return touched
        if may_be_check(ref):
            return touched or ref.name == "invoke"
        return touched and self._program.resolve_method(ref) is None and not is_harmless(ref)

    def _by_contents(self, path: Path, real: list[Path]) -> Labelled:
        """Label a path without validation and pins by what it looks at."""
        checked = [step for step in path.steps if step.called is not None and step.threw is None]
        signed = [step for step in checked if step.called is not None and is_signature_check(step.called)]
        valid = [step for step in checked if step.ref.name == "checkValidity" and step.ref.owner in CERTIFICATE]
        by_part: dict[str, list[Condition]] = {}
        for condition in path.conditions:
            part = self._looks_at(condition)
            if part is not None:
                by_part.setdefault(part, []).append(condition)
        self._kept.update((*signed, *valid, *(one for found in by_part.values() for one in found)))
        if any(map(self._by_other_key, signed)) or self._other_turn_signs(path, signed, real):
            return Labelled(path, "unknown", why_unknown="a signature is checked with a key that is not the chain's")
        if "other" in by_part or "key" in by_part:
            return Labelled(path, "unknown", why_unknown="certificates are looked at in a way that is not understood")
        if "name" in by_part:
            return Labelled(path, "name-compare")
        if signed:
            return Labelled(path, "self-signed")
        if valid or "dates" in by_part:
            return Labelled(path, "validity-only")
        if any(self._is_check(step) for other in real for step in other.steps):
            # A way around a check is no guard: how many certificates there are is for the server to choose.
            self._kept.update(path.conditions)
            return Labelled(path, "accept-all")
        guards = [one for other in real if other.ending == "throws" for one in other.conditions]
        if any(self._is_guard(one) for one in guards) and not any(map(self._looks_further, guards)):
            self._kept.update(one for one in path.conditions if self._is_guard(one))
            return Labelled(path, "null-guard")
        return Labelled(path, "accept-all")

    def _by_other_key(self, step: Step) -> bool:
        """Say whether a signature is checked with a key that the server did not send."""
        return len(step.arguments) > 1 and not self._features.of(step.arguments[1]).from_chain

    def _other_turn_signs(self, path: Path, signed: list[Step], real: list[Path]) -> bool:
        """Say whether a loop that checks signatures takes a key of the app in another turn than the one followed.

        Paths run a loop once, so each shows one turn of it; that for the last certificate may be on another path.
        """
        methods = {step.frame.method.ref for step in signed if step.in_loop}
        return bool(methods) and any(
            step.in_loop
            and step.threw is None
            and step.called is not None
            and is_signature_check(step.called)
            and step.frame.method.ref in methods
            and self._by_other_key(step)
            for other in real
            if set(other.ran_loops) & set(path.ran_loops)
            for step in other.steps
        )

    def _looks_at(self, condition: Condition) -> str | None:
        """Return which part of certificates a condition looks at; None for guards, and for other things."""
        if self._is_guard(condition):
            return None
        features: Features = self._features.of(condition.left)
        if not features.from_chain:
            features = self._features.of(condition.right)
        if not features.from_chain:
            return None
        if features.is_key:
            # A comparison that fails and still leads to acceptance is a list of what is blocked.
            return None if condition.holds is False else "key"
        for part in ("name", "dates", "other"):
            if part in features.parts:
                return part
        return "other" if isinstance(condition.left, Result) and condition.left.ref.return_type == "Z" else None

    def _is_guard(self, condition: Condition) -> bool:
        """Say whether a condition only asks whether arguments are there, how many, or what ``authType`` says."""
        sides = (condition.left, condition.right)
        for side in sides:
            match side:
                case Number():
                    continue
                case Parameter() | Length(array=Parameter()) | Element(array=Parameter(), index=Number()):
                    continue
                case Computed(operation="instance-of", operands=(Parameter() | Element(), _)):
                    continue
                case Result() | Computed(operation="xor", operands=(Result(), Number())) if self._asks_auth_type(side):
                    continue
            return False
        return True

    def _asks_auth_type(self, value: Value) -> bool:
        """Say whether a call is about nothing but ``authType`` and constants, its characters one by one included."""
        waiting = [value.operands[0] if isinstance(value, Computed) else value]
        for _ in range(_MAX_ASKED):
            one = waiting.pop()
            inner = [part for part in one.arguments if isinstance(part, Result)] if isinstance(one, Result) else []
            own = [part for part in getattr(one, "arguments", ()) if _is_object(part) and part not in inner]
            if not (inner or own) or not all(map(self._is_auth_type, own)):
                return False
            waiting += inner
            if not waiting:
                return True
        return False

    def _is_auth_type(self, value: Value) -> bool:
        """Say whether a value is the text that names the key exchange: the parameter behind the chain."""
        return isinstance(value, Parameter) and Parameter(value.method, value.index - 1) in self._features.chain

    def _looks_further(self, condition: Condition) -> bool:
        return self._features.of(condition.left).from_chain and not self._is_guard(condition)

    # Flags.

    def _flag(
        self, weak: list[Labelled], labelled: list[Labelled], real: list[Path]
    ) -> tuple[Value, bool | None] | None:
        """Return what every weak path depends on: a value on which other paths do something better."""
        better = [one.path for one in labelled if one.label not in WEAK]
        better += [path for path in real if path.ending == "throws" and (path.caught or path.conditions)]
        found: list[Condition] = []
        for one in weak:
            flags = [condition for condition in one.path.conditions if self._is_flag(condition)]
            decisive = [condition for condition in flags if any(contradicts(condition, path) for path in better)]
            if not decisive:
                return None
            found.append(decisive[0])
        self._kept.update(found)
        return found[0].left, found[0].holds

    def _from_chain(self, value: Value) -> bool:
        """Say whether a value is made of the chain; what was put into a map earlier does not make its lookups so."""
        if isinstance(value, Result) and value.kind != "static" and isinstance(value.arguments[0], FieldValue):
            return any(self._features.of(one).from_chain for one in value.arguments[1:])
        return self._features.of(value).from_chain

    def _is_flag(self, condition: Condition) -> bool:
        left = condition.left
        if isinstance(left, Parameter | Caught | Length) or self._from_chain(left):
            return False
        if self._is_guard(condition):
            return False
        if not isinstance(left, FieldValue | Result | Computed | Element) or left == condition.right:
            return False
        named = {one.ref.name for one in self._paths.ingredients(left) if isinstance(one, Result)}
        return not named & {"hasNext", "size", "isEmpty", "hasMoreElements"} and not any(
            isinstance(one, Caught) for one in self._paths.ingredients(left)
        )


def _is_object(value: Value) -> bool:
    return isinstance(value, Parameter | FieldValue | Result | Element | Length)
