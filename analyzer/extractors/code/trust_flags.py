"""Where a value comes from that switches a check on or off."""

from collections.abc import Iterable

from analyzer.dataflow.backtrace import Backtrace
from analyzer.dataflow.path_model import Paths
from analyzer.dataflow.values import FieldValue, Number, Parameter, Result, Value, walk
from analyzer.extractors.code.build_switches import may_hold_default
from analyzer.extractors.code.context import CodeContext
from analyzer.model.code import FlagSource

_PREFERENCES = ("Landroid/content/SharedPreferences;", "Landroid/preference/", "Landroidx/preference/",
                "Landroidx/datastore/", "Lcom/tencent/mmkv/MMKV;")  # fmt: skip
_REMOTE = ("Lcom/google/firebase/remoteconfig/", "Lorg/json/", "Lcom/google/gson/", "Lcom/launchdarkly/")
_SYSTEM = ("Landroid/provider/Settings", "Ljava/lang/System;", "Landroid/os/SystemProperties;")
_DEBUG = frozenset({"isDebuggerConnected", "waitingForDebugger"})
_APPLICATION_INFO = "Landroid/content/pm/ApplicationInfo;"


def flag_source(code: CodeContext, backtrace: Backtrace, paths: Paths, flag: Value) -> FlagSource:
    """Say where a flag of a condition comes from; the most telling of its parts decides."""
    parts = list(paths.ingredients(flag))
    found = _named(parts)
    if found is not None:
        return found
    for part in parts:
        if isinstance(part, FieldValue):
            written = [one for source in backtrace.sources(part) for one in walk(source)]
            # What makes a constant of an enum of a text is a method of the enum: the text is from its callers.
            passed = [one for one in written if isinstance(one, Parameter)]
            written += [one for given in passed for source in backtrace.sources(given) for one in walk(source)]
            found = _named(written)
            if found is not None:
                return found
            numbers = {one for one in written if isinstance(one, Number)}
            if len(numbers) == 1 and len(numbers) == len(set(written)):
                # One that is set to true later is false until then.
                return "field" if may_hold_default(code.program, part.ref) else "constant"
    if any(isinstance(part, FieldValue) for part in parts):
        return "field"
    if any(isinstance(part, Parameter) and _is_host(part) for part in parts):
        return "host"
    return "unknown"


def _named(parts: Iterable[Value]) -> FlagSource | None:
    for part in parts:
        match part:
            case FieldValue(ref=ref) if ref.owner.removesuffix(";").endswith("/BuildConfig"):
                return "build-config"
            case FieldValue(ref=ref) if ref.owner == _APPLICATION_INFO and ref.name == "flags":
                return "debuggable"
            case Result(ref=ref) if ref.name in _DEBUG:
                return "debuggable"
            case Result(ref=ref) if ref.owner.startswith(_PREFERENCES):
                return "preference"
            case Result(ref=ref) if ref.owner.startswith(_REMOTE):
                return "remote"
            case Result(ref=ref) if ref.owner.startswith(_SYSTEM) and ref.name.startswith("get"):
                return "system-setting"
    return None


def _is_host(part: Parameter) -> bool:
    index = part.index - 1
    return index >= 2 and part.method.parameters[index : index + 1] == ("Ljava/lang/String;",)
