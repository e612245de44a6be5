"""What apps do with certificates beside pinning them: probing connections, first-use trust, pins that run out."""

from collections.abc import Iterable, Iterator

from analyzer.dataflow.evaluate import Call
from analyzer.dataflow.values import Element, Parameter, Result, Text, Value, walk
from analyzer.dex import DexClass, DexMethod, MethodRef, Site
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.pin_sources import PIN_SOURCE
from analyzer.extractors.code.reached import Activations
from analyzer.model import ApiUse

OUT_OF_BAND = "out-of-band-pin-check"
"""Arguments: what checks; the host, where it is known; ``same-client`` where the traffic is known to use it."""
WINDOW = "pin-freshness-window"
"""Arguments: milliseconds for which the pins count; the host."""

_CHAIN_GETTERS = frozenset({"getServerCertificates", "getPeerCertificates", "getPeerCertificateChain"})
_OF_CONNECTION = ("Ljavax/net/ssl/HttpsURLConnection;", "getServerCertificates")
_OF_SESSION = ("Ljavax/net/ssl/SSLSession;", "getPeerCertificates")
_TRAFFIC = frozenset({"getInputStream", "getOutputStream", "getContent", "getErrorStream"})
_KEY_PARTS = frozenset({"getEncoded", "getPublicKey", "pin", "sha256Hash", "sha1Hash"})
_COMPARISONS = frozenset({"equals", "equalsIgnoreCase", "contains", "isEqual", "indexOf", "contentEquals", "areEqual"})
_CHAIN_TYPES = frozenset({"[Ljava/security/cert/X509Certificate;", "[Ljava/security/cert/Certificate;"})
_STORES = (
    ("Landroid/content/SharedPreferences$Editor;", "putString"),
    ("Landroid/content/SharedPreferences$Editor;", "putStringSet"),
    ("Ljava/security/KeyStore;", "setCertificateEntry"),
)
_MANAGERS = ("Ljavax/net/ssl/X509TrustManager;", "Ljavax/net/ssl/X509ExtendedTrustManager;")
_CONST_WIDE = frozenset({0x16, 0x17, 0x18, 0x19})
_CMP_LONG = 0x31
_DAY = 86_400_000
_LONGEST = 50 * 365 * _DAY
_MAX_SITES = 200
_DIALOG = "AlertDialog$Builder;"
_PLATFORM = ("Ljava/", "Ljavax/", "Landroid/", "Lkotlin/")


def extract_pin_practices(code: CodeContext) -> tuple[ApiUse, ...]:
    """Find checks of certificates on connections of their own, trust on first use, and pins that count for a time."""
    runs = Activations(code.program, code.component_classes)
    return tuple(dict.fromkeys((*_plugins(code), *_probes(code, runs), *_first_use(code, runs), *_windows(code, runs))))


# ---- checks on a separate connection


def _plugins(code: CodeContext) -> Iterator[ApiUse]:
    """Yield plugins that are there to check certificates; frameworks create them by name."""
    for probe in code.catalogue.pin_apis.probes:
        definition = code.program.find_class(probe.type)
        method = definition.method(probe.method) if definition is not None else None
        if method is not None:
            yield ApiUse(
                api=OUT_OF_BAND,
                activation="unknown",
                owner=code.owner_of(probe.type),
                arguments=(probe.name, None, None),
                evidence=(location_in(method),),
            )


def _probes(code: CodeContext, runs: Activations) -> Iterator[ApiUse]:
    """Yield methods that compare the certificate of a connection they make, and send nothing over it."""
    for site, call, calls in _evaluated(code, (_OF_CONNECTION, _OF_SESSION)):
        names = {one.ref.name for one in calls}
        if not names & _COMPARISONS or not names & _KEY_PARTS or not call.arguments:
            continue
        connection = _connection(call.arguments[0])
        # A connection that is handed on may carry the traffic elsewhere.
        if connection is None or any(_same(connection, one) for one in (*_used_by(calls), *_handed_on(calls))):
            continue
        yield ApiUse(
            api=OUT_OF_BAND,
            activation=runs.of(site.method),
            owner=code.owner_of(site.method.ref.owner),
            arguments=("getServerCertificates" if call.ref.name == _OF_CONNECTION[1] else "getPeerCertificates",
                       _host(code, connection), None),
            evidence=(location_of(site),),
        )  # fmt: skip


def _connection(receiver: Value) -> Result | None:
    """Return the connection or socket that a method itself makes and asks for certificates."""
    made = (part for part in walk(receiver) if isinstance(part, Result))
    return next((part for part in made if part.ref.name in ("openConnection", "createSocket")), None)


def _same(one: Result, other: Value) -> bool:
    return isinstance(other, Result) and other.offset == one.offset and other.method == one.method


def _used_by(calls: Iterable[Call]) -> Iterator[Value]:
    """Yield what traffic goes over."""
    for call in calls:
        if call.ref.name in _TRAFFIC and call.arguments:
            yield from walk(call.arguments[0])


def _handed_on(calls: Iterable[Call]) -> Iterator[Value]:
    for call in calls:
        start = 0 if call.kind == "static" else 1
        if not call.ref.owner.startswith(_PLATFORM):
            yield from (part for argument in call.arguments[start:] for part in walk(argument))


def _host(code: CodeContext, connection: Result) -> str | None:
    for argument in connection.arguments if code.resolver is not None else ():
        assert code.resolver is not None, "just checked"
        for text in code.resolver.resolve_texts(argument).texts:
            host = text.partition("://")[2] if "://" in text else text
            host = host.partition("/")[0].rpartition("@")[2].partition(":")[0]
            if "." in host:
                return host
    return None


# ---- trust on first use


def _first_use(code: CodeContext, runs: Activations) -> Iterator[ApiUse]:
    """Yield places that keep the key or certificate which a server presents."""
    for site, call, calls in _evaluated(code, _STORES):
        value = call.arguments[-1] if call.arguments else Text("")
        parts = tuple(walk(value))
        if not any(_is_presented(part) for part in parts):
            continue
        # A subject's name kept for display pins nothing.
        of_key = any(isinstance(part, Result) and _takes_key(code, part) for part in parts)
        if not of_key and call.ref.name != "setCertificateEntry":
            continue
        asked = any(one.ref.owner.endswith(_DIALOG) for one in calls)
        yield ApiUse(
            api=PIN_SOURCE,
            activation=runs.of(site.method),
            owner=code.owner_of(site.method.ref.owner),
            arguments=("first-connection", None, "user-confirmed" if asked else None),
            evidence=(location_of(site),),
        )


def _is_presented(part: Value) -> bool:
    match part:
        case Result(ref=ref):
            return ref.name in _CHAIN_GETTERS
        case Element(array=Parameter(method=method, index=index)):
            return _type_of(method, index) in _CHAIN_TYPES and method.name.startswith("checkServerTrusted")
    return False


def _type_of(method: MethodRef, index: int) -> str:
    """Return the type of a parameter of an instance method; empty for ``this``."""
    return method.parameters[index - 1] if 0 < index <= len(method.parameters) else ""


def _takes_key(code: CodeContext, result: Result) -> bool:
    """Say whether a call takes a key or certificate apart, itself or in its own body."""
    if result.ref.name in _KEY_PARTS:
        return True
    helper = code.program.resolve_method(result.ref)
    values = code.resolver.evaluator.evaluate(helper) if helper is not None and code.resolver is not None else None
    return values is not None and any(call.ref.name in _KEY_PARTS for call in values.calls.values())


# ---- pins that count for a time


def _windows(code: CodeContext, runs: Activations) -> Iterator[ApiUse]:
    known = {window.type: window.milliseconds for window in code.catalogue.pin_apis.windows}
    managers = dict.fromkeys(name for interface in _MANAGERS for name in code.program.hierarchy.subtypes_of(interface))
    for name in managers:
        definition = code.program.find_class(name)
        if definition is None or not (name in known or _reads_keys(code, definition)):
            continue
        for method in definition.methods:
            span = known.get(name) if method.ref.name == "checkServerTrusted" else None
            if span is None and name not in known:
                span = _compared_span(code, method)
            if span is not None:
                yield ApiUse(
                    api=WINDOW,
                    activation=runs.of(method),
                    owner=code.owner_of(name),
                    arguments=(str(span), None),
                    evidence=(location_in(method),),
                )
                break


def _reads_keys(code: CodeContext, definition: DexClass) -> bool:
    """Say whether a class takes certificates apart: one that only looks at their dates holds no pins."""
    for method in definition.methods:
        values = code.resolver.evaluator.evaluate(method) if code.resolver is not None else None
        if values is not None and any(call.ref.name in _KEY_PARTS for call in values.calls.values()):
            return True
    return False


def _compared_span(code: CodeContext, method: DexMethod) -> int | None:
    """Return the constant of days or more that a method compares with the time since some moment in the past."""
    body = method.code()
    values = code.resolver.evaluator.evaluate(method) if body is not None and code.resolver is not None else None
    if body is None or values is None:
        return None
    if not any(call.ref.name == "currentTimeMillis" for call in values.calls.values()):
        return None
    if not any(instruction.opcode == _CMP_LONG for instruction in body.instructions):
        return None
    spans = [
        instruction.literal
        for instruction in body.instructions
        if instruction.opcode in _CONST_WIDE and instruction.literal is not None
    ]
    return next((span for span in spans if _DAY <= span <= _LONGEST and span % 1000 == 0), None)


# ---- shared


def _evaluated(code: CodeContext, wanted: Iterable[tuple[str, str]]) -> Iterator[tuple[Site, Call, tuple[Call, ...]]]:
    """Yield the calls of some methods that no known SDK makes, each with all calls of the method it stands in."""
    refs = [ref for owner, name in wanted for ref in code.program.method_refs(owner, name)]
    left = _MAX_SITES
    for site in code.program.users.callers_of(refs) if refs and code.resolver is not None else ():
        if code.owner_of(site.method.ref.owner).startswith("sdk:"):
            continue
        left -= 1
        values = code.resolver.evaluator.evaluate(site.method) if code.resolver is not None and left >= 0 else None
        call = values.calls.get(site.offset) if values is not None else None
        if values is not None and call is not None:
            yield site, call, tuple(values.calls.values())
