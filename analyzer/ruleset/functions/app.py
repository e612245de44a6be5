"""Judgements about the app as a whole that need more than one fact.

Conditions call them by the name given to ``@judgement``.
"""

from analyzer.model import ApiUse, Location
from analyzer.ruleset.functions.registry import Context, judgement

_LOADERS = {
    "dex-class-loader": "DexClassLoader",
    "dex-file": "DexFile",
    "in-memory-dex-class-loader": "InMemoryDexClassLoader",
    "path-class-loader": "PathClassLoader",
}
_OVER_THE_AIR = frozenset({"codepush", "expo-updates", "shorebird", "tinker", "sophix", "robust"})


@judgement("calls_api")
def calls_api(context: Context, api: str) -> bool:
    """Tell whether the app itself or a library calls a catalogued API in code that may run."""
    return any(use.api == api and use.activation != "defined_only" for use in context.facts.api_uses)


@judgement("argument")
def argument(fact: ApiUse, index: int) -> str:
    """Return an argument of a call by its place, counted from 0, or an empty text where it is missing or unknown."""
    return (fact.arguments[index] or "") if 0 <= index < len(fact.arguments) else ""


@judgement("bundles_sdk")
def bundles_sdk(context: Context, name: str) -> bool:
    """Tell whether a library, SDK, runtime or packer was recognised."""
    return any(sdk.name == name for sdk in context.facts.sdks)


@judgement("uses_mechanism")
def uses_mechanism(context: Context, mechanism: str) -> bool:
    """Tell whether the app itself, rather than an SDK inside it, pins by a mechanism."""
    return any(
        pin.mechanism == mechanism and not pin.owner.startswith("sdk:") and pin.activation != "defined_only"
        for pin in context.facts.pins
    )


@judgement("is_covered")
def is_covered(context: Context, kind: str) -> bool:
    """Tell whether facts of a kind were looked for in this run, and no gap may hide any."""
    return kind in context.facts.covered and not any(kind in gap.hides for gap in context.gaps)


@judgement("has_opaque_code")
def has_opaque_code(context: Context) -> bool:
    """Tell whether the app carries code that hides its connections: packed, or of a runtime with its own stack."""
    return any(sdk.kind in ("packer", "runtime") for sdk in context.facts.sdks)


@judgement("run_time_code")
def run_time_code(context: Context) -> tuple[str, ...]:
    """Name the ways in which the app brings in code at run time, sorted: class loaders with the classes using them."""
    loaders = {
        f"{_LOADERS[use.api]} in {place.class_name}" if place.class_name else _LOADERS[use.api]
        for use in context.facts.api_uses
        if use.api in _LOADERS and use.activation != "defined_only"
        for place in use.evidence[:1] or (Location(kind="code", entry=""),)
    }
    frameworks = {sdk.name for sdk in context.facts.sdks if sdk.name in _OVER_THE_AIR}
    return tuple(sorted(loaders | frameworks | {payload.entry for payload in context.facts.payloads}))


@judgement("policy_depends_on_device_settings")
def policy_depends_on_device_settings(context: Context) -> bool:
    """Tell whether something other than the API level, such as language or screen, selects among policy files."""
    return any(not variant.default for variant in context.facts.policy.variants)
