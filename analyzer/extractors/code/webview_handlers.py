"""WebView clients: what each does about an error in a certificate, and whether it is put to use.

``onReceivedSslError`` of the platform's ``WebViewClient`` cancels. The other engines are Tencent's X5
(``com.tencent.smtt.sdk``), UC (``com.uc.webview.export``) and Crosswalk (``org.xwalk.core``), whose
``XWalkResourceClient`` is given a ``ValueCallback<Boolean>`` instead of a handler.
"""

from collections.abc import Iterator

import msgspec

from analyzer.dataflow.backtrace import Backtrace
from analyzer.dataflow.path_model import Condition, Step
from analyzer.dataflow.paths import PathFinder
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Number, Value
from analyzer.dex import DexMethod, FieldRef, dotted
from analyzer.extractors.code.build_switches import BuildSwitches
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.code_digest import digest_of
from analyzer.extractors.code.context import CodeContext, location_in
from analyzer.extractors.code.merged_classes import discriminator_of
from analyzer.extractors.code.pseudo_code import path_text
from analyzer.extractors.code.webview_listeners import Listeners
from analyzer.extractors.code.webview_paths import CALLBACK, Verdict, decides, is_callback, judge
from analyzer.model import AnalysisGap, CallbackFact, Location

_NAMES = {0: "this", 1: "view", 2: "handler", 3: "error"}
_MAX_PLACES = 3
_ACCEPTING = frozenset({"proceed", "dialog", "error-code", "url", "debug-guarded", "certificate"})


class WebViewFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    callbacks: tuple[CallbackFact, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def extract_webview_handlers(code: CodeContext, wiring: CallbackWiring) -> WebViewFacts:
    """State what every WebView client of an app does about certificate errors, and whether it is used."""
    resolver = code.resolver or Resolver(code.program)
    constants = BuildSwitches(code, resolver).constant
    finder = PathFinder(code.program, decides, receiver_types=Backtrace(resolver).types_of, constants=constants)
    listeners = Listeners(code.program, resolver, finder)
    facts: list[CallbackFact] = []
    gaps: list[AnalysisGap] = []
    for method in code.program.methods_named(CALLBACK):
        if not is_callback(method):
            continue
        for field, case in _cases(code, resolver, method):
            fields: dict[FieldRef, Value] = {} if field is None or case is None else {field: Number(case)}
            verdict = judge(finder, method, listeners.handed, fields=fields)
            if verdict is not None:
                facts.append(_fact(code, wiring, listeners, method, verdict, field, case))
                gaps += _gaps(method, verdict)
    facts.sort(key=lambda fact: (fact.class_name, -1 if fact.variant is None else fact.variant))
    return WebViewFacts(callbacks=tuple(facts), gaps=tuple(dict.fromkeys(gaps)))


def _cases(code: CodeContext, resolver: Resolver, method: DexMethod) -> list[tuple[FieldRef | None, int | None]]:
    found = discriminator_of(code.program, resolver.evaluator, method)
    return [(None, None)] if found is None else [(found.field, case) for case in found.cases]


def _fact(
    code: CodeContext,
    wiring: CallbackWiring,
    listeners: Listeners,
    method: DexMethod,
    verdict: Verdict,
    field: FieldRef | None,
    case: int | None,
) -> CallbackFact:
    owner = method.ref.owner
    if field is not None and case is not None:
        installation = wiring.of_variant("webview_ssl_error", owner, field, case)
    else:
        installation = wiring.of_class("webview_ssl_error", owner, *_inheriting(code, method))
    return CallbackFact(
        kind="webview_ssl_error",
        class_name=dotted(owner),
        behaviour=verdict.behaviour,
        activation=installation.activation,
        owner=code.owner_of(owner),
        variant=case,
        code_digest=digest_of(code.program, [method], field, case),
        detail=verdict.detail,
        debug_only=verdict.behaviour == "debug-guarded",
        evidence=tuple(dict.fromkeys((*_statements(listeners, method, verdict), *installation.trail))),
    )


def _inheriting(code: CodeContext, method: DexMethod) -> Iterator[str]:
    """Yield the classes below that have no callback of their own."""
    ref = method.ref
    for name in code.program.hierarchy.subtypes_of(ref.owner):
        if code.program.resolve_method(msgspec.structs.replace(ref, owner=name)) == method:
            yield name


def _statements(listeners: Listeners, method: DexMethod, verdict: Verdict) -> Iterator[Location]:
    """Yield the way that decides as code, then where in helpers it is decided."""
    places = {(one.frame, one.offset) for one in verdict.deciding}
    snippet = None
    if verdict.path is not None:

        def keep(one: Condition | Step) -> bool:
            return (one.frame, one.offset) in places

        snippet = path_text(verdict.path, _NAMES, keep)
    here = next((one.offset for one in reversed(verdict.deciding) if one.frame.method == method), None)
    yield location_in(method, here, snippet)
    for one in verdict.deciding[-_MAX_PLACES:]:
        if one.frame.method != method:
            yield location_in(one.frame.method, one.offset)
        used = listeners.place_of(one) if isinstance(one, Step) else None
        if used is not None:
            yield location_in(*used, "handler.proceed();" if verdict.behaviour in _ACCEPTING else None)


def _gaps(method: DexMethod, verdict: Verdict) -> Iterator[AnalysisGap]:
    if verdict.behaviour != "unknown":
        return
    why = verdict.incomplete or "it hands the error on to code that could not be followed"
    yield AnalysisGap(
        stage="code",
        reason="limit" if verdict.incomplete else "unresolved-value",
        subject=dotted(method.ref.owner),
        detail=f"What this WebView client does about certificate errors is not known: {why}.",
        hides=("callback",),
    )
