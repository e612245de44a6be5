"""Sockets and engines that an app makes by hand, and whether somebody compares the server's name."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from analyzer.dataflow.question import Frame, Instance
from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, Number, Parameter, Result, Value, alternatives
from analyzer.dataflow.wiring import Use, Wiring
from analyzer.dex import DexMethod, MethodRef, Site, dotted
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.code_digest import digest_of
from analyzer.extractors.code.context import CodeContext, location_in, location_of
from analyzer.extractors.code.endpoint_identification import (
    PARAMETERS,
    SETTING,
    EndpointSettings,
    careless_clients,
)
from analyzer.extractors.code.socket_parameters import ParameterSettings, is_all_nothing
from analyzer.extractors.code.taken_results import takes_result
from analyzer.model import AnalysisGap, CallbackFact, Location
from analyzer.model.pins import Activation

Behaviour = Literal[
    "no-name-check", "endpoint-identification", "verifier-tested", "verify-result-ignored", "endpoint-id-cleared",
    "get-insecure",
]  # fmt: skip
_FACTORY = "Ljavax/net/ssl/SSLSocketFactory;"
_PLAIN_FACTORY = "Ljavax/net/SocketFactory;"
_CERTIFICATE_FACTORY = "Landroid/net/SSLCertificateSocketFactory;"
_CONTEXT = "Ljavax/net/ssl/SSLContext;"
_VERIFIER = "Ljavax/net/ssl/HostnameVerifier;"
_ADDRESS = "Ljava/net/InetAddress;"
_VERIFY = "(Ljava/lang/String;Ljavax/net/ssl/SSLSession;)Z"
_DATA = frozenset({"getInputStream", "getOutputStream", "wrap", "unwrap"})
_HANDSHAKE = frozenset({"startHandshake", "beginHandshake"})
_BY_HAND = frozenset(
    {
        "getPeerCertificates", "getPeerCertificateChain", "getPeerPrincipal", "getHandshakeSession",
        "addHandshakeCompletedListener", "setHandshakeApplicationProtocolSelector",
    }
)  # fmt: skip
"""What somebody asks who compares the server's certificate without a verifier."""
_KEEPS_NOTHING = (
    "Ljava/io/", "Ljava/lang/", "Ljava/nio/", "Ljava/util/", "Ljava/net/Socket;", "Landroid/util/", "Lkotlin/",
    "Lokio/",
)  # fmt: skip
"""Packages whose methods may be handed a socket or its streams, and check nothing."""
# Their sockets go through a check of the name of their own, or belong to a server.
_SOUND = frozenset(
    f"sdk:{name}"
    for name in (
        "okhttp", "apache-httpclient", "conscrypt", "netty", "grpc", "ktor", "jetty", "nanohttpd", "paho-mqtt",
        "java-websocket", "smack", "play-services", "firebase", "bouncy-castle",
    )
)  # fmt: skip
_MAX_SITES = 200
_NESTED_FACTORIES = 2
"""Most factories that make their sockets with another one."""


class SocketFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    callbacks: tuple[CallbackFact, ...] = ()
    gaps: tuple[AnalysisGap, ...] = ()


def extract_sockets(code: CodeContext, wiring: CallbackWiring) -> SocketFacts:
    """Judge sockets and engines made by hand, and calls that give up or ignore the check of the server's name.

    Factories that make their sockets with another factory are left out: whoever connects with them checks the name.
    So are HTTP clients and other libraries that check it themselves.
    """
    reader = _Reader(code, wiring)
    facts = (*reader.sockets(), *reader.ignored(), *reader.cleared(), *reader.insecure(), *reader.web_sockets())
    return SocketFacts(callbacks=tuple(dict.fromkeys(facts)), gaps=tuple(reader.gaps()))


class _Reader:
    def __init__(self, code: CodeContext, wiring: CallbackWiring) -> None:
        self._code = code
        self._program = code.program
        self._resolver = code.resolver or Resolver(code.program)
        self._wiring = wiring
        self._flows = Wiring(self._resolver)
        self._settings = EndpointSettings(self._resolver)
        self._parameters = ParameterSettings(self._resolver, self._settings)
        self._open: dict[str, str] = {}
        self._dropped = 0

    def gaps(self) -> Iterator[AnalysisGap]:
        if self._open:
            names = sorted(self._open)
            shown = ", ".join(f"{name} ({self._open[name]})" for name in names[:5])
            yield AnalysisGap(
                stage="code",
                reason="unresolved-value",
                subject=f"{len(names)} class{'es' if len(names) > 1 else ''}",
                detail="Whether the server's name is compared for sockets made by hand could not be told: "
                f"{shown}{' …' if len(names) > 5 else ''}.",
                hides=("socket",),
            )
        if self._dropped:
            yield AnalysisGap(
                stage="code",
                reason="limit",
                subject="sockets",
                detail=f"{self._dropped:,} more places that make sockets were not looked at.",
                hides=("socket",),
                incomplete=True,
            )

    def _fact(
        self,
        method: DexMethod,
        behaviour: Behaviour,
        activation: Activation,
        evidence: Iterable[Location],
        *,
        client: str,
        detail: str | None = None,
        process_wide: bool = False,
        variant: int | None = None,
    ) -> CallbackFact:
        return CallbackFact(
            kind="socket",
            class_name=dotted(method.ref.owner),
            variant=variant,
            behaviour=behaviour,
            activation=activation,
            owner=self._code.owner_of(method.owner.descriptor),
            code_digest=digest_of(self._program, [method]),
            process_wide=process_wide,
            detail=detail,
            clients=(client,),
            evidence=tuple(dict.fromkeys(evidence)),
        )

    def _calls(self, names: Iterable[tuple[str, str]]) -> Iterator[Site]:
        """Yield the calls of methods under their own class or one below it, outside of sound libraries."""
        refs = {
            ref: None
            for owner, name in names
            for ref in self._program.method_refs(None, name)
            if owner in (ref.owner, *self._program.hierarchy.supertypes_of(ref.owner))
        }
        for site in self._program.users.callers_of(refs) if refs else ():
            if site.via == "instruction" and self._code.owner_of(site.method.owner.descriptor) not in _SOUND:
                yield site

    def _arguments(self, site: Site) -> tuple[Value, ...] | None:
        values = self._resolver.evaluator.evaluate(site.method)
        call = None if values is None else values.calls.get(site.offset)
        return None if call is None else call.arguments

    # ---- sockets

    def sockets(self) -> Iterator[CallbackFact]:
        """Yield what becomes of each socket and engine."""
        sites = [
            *self._calls((name, "createSocket") for name in (_FACTORY, _PLAIN_FACTORY, _CERTIFICATE_FACTORY)),
            *self._calls(((_CONTEXT, "createSSLEngine"),)),
        ]
        sites = list(dict.fromkeys(sites))
        self._dropped = max(len(sites) - _MAX_SITES, 0)
        for site in sites[:_MAX_SITES]:
            arguments = self._arguments(site)
            # Damaged code may call a factory's method without a factory.
            if arguments and not self._makes_sockets(site.method):
                yield from self._socket(site, arguments)

    def _makes_sockets(self, method: DexMethod) -> bool:
        names = (method.ref.owner, *self._program.hierarchy.supertypes_of(method.ref.owner))
        return any(name.endswith("SocketFactory;") for name in names)

    def _socket(self, site: Site, arguments: tuple[Value, ...]) -> Iterator[CallbackFact]:
        ref = site.target
        assert isinstance(ref, MethodRef)
        engine = ref.name == "createSSLEngine"
        maker = "tls" if engine else self._maker(arguments[0], ref)
        if maker in ("plain", "insecure") or (maker == "certificate" and ref.parameters[:1] != (_ADDRESS,)):
            return
        flow = self._flows.follow(site.method, site.offset, lambda _, __: False)
        found = _Uses()
        for use in flow.uses:
            self._note(use, found)
        if found.server or found.ignored or found.cleared:
            return
        evidence = [location_of(site, str(ref))]
        activation = self._wiring.runs.of(site.method)
        client = "ssl-engine" if engine else "ssl-certificate-socket" if maker == "certificate" else "socket"
        if found.checked is not None:
            behaviour, use = found.checked
            yield self._fact(site.method, behaviour, activation, [*evidence, *self._places(use)], client=client)
            return
        if found.used is None:
            return
        by_factory = self._checked_by_factory(arguments[0], ref)
        if by_factory is not None:
            evidence += self._places(by_factory)
            yield self._fact(site.method, "endpoint-identification", activation, evidence, client=client)
            return
        why = found.by_hand or next(iter(found.handed), None) or next(iter(flow.reasons), None)
        if why is not None:
            self._open[dotted(site.method.ref.owner)] = why
            return
        detail = "data is exchanged over it" if found.data else "a handshake is made with it"
        evidence += self._places(found.used)
        yield self._fact(site.method, "no-name-check", activation, evidence, client=client, detail=detail)

    def _checked_by_factory(
        self, factory: Value, ref: MethodRef, frame: Frame | None = None, nested: int = 0
    ) -> Use | None:
        """Return what asks for the check in the app's own factory, before it hands out a socket."""
        checks: list[Use] = []
        for one in self._resolver.resolve(factory, frame).values:
            name = one.type if isinstance(one, Instance) else None
            method = None if name is None else self._program.resolve_method(MethodRef(name, ref.name, ref.descriptor))
            values = None if method is None else self._resolver.evaluator.evaluate(method)
            made = [call for call in values.calls.values() if call.ref.name == ref.name] if values is not None else []
            for call in made:
                assert values is not None, "it has calls"
                check = self._checked_in(values.method, call.offset)
                if check is None and nested < _NESTED_FACTORIES and call.kind == "virtual":
                    inner = Frame(values.method.ref, (one.value,), one.frame) if isinstance(one, Instance) else None
                    check = self._checked_by_factory(call.arguments[0], call.ref, inner, nested + 1)
                if check is None:
                    return None
                checks.append(check)
            if not made:
                return None
        return checks[0] if checks else None

    def _checked_in(self, method: DexMethod, offset: int) -> Use | None:
        """Return what asks for the check of a socket that a method makes and returns, as long as it has it."""
        found = _Uses()
        for use in self._flows.follow(method, offset, lambda _, __: False).uses:
            if not any(step.method == method.ref and step.what.startswith("returned by") for step in use.trail):
                self._note(use, found)
        return None if found.checked is None or found.cleared else found.checked[1]

    def _maker(self, receiver: Value, ref: MethodRef) -> Literal["tls", "plain", "certificate", "insecure"]:
        """Say what kind of factory makes a socket."""
        if _CERTIFICATE_FACTORY in (ref.owner, *self._program.hierarchy.supertypes_of(ref.owner)):
            return "certificate"
        kinds = {self._kind(one) for one in alternatives(receiver)}
        kinds |= {self._kind(one) for one in self._resolver.resolve(receiver).values}
        if "insecure" in kinds:
            return "insecure"
        if "certificate" in kinds:
            return "certificate"
        return "tls" if ref.owner != _PLAIN_FACTORY or "tls" in kinds else "plain"

    def _kind(self, value: Value) -> str:
        inner = value.value if isinstance(value, Instance) else value
        if isinstance(inner, Created):
            names = (inner.type, *self._program.hierarchy.supertypes_of(inner.type))
            return "certificate" if _CERTIFICATE_FACTORY in names else "tls" if _FACTORY in names else "unknown"
        if isinstance(inner, Result):
            if inner.ref.owner == _CERTIFICATE_FACTORY:
                return "insecure" if inner.ref.name == "getInsecure" else "certificate"
            if inner.ref.owner in (_CONTEXT, _FACTORY):
                return "tls"
        return "unknown"

    def _note(self, use: Use, found: "_Uses") -> None:
        ref = use.ref
        if not isinstance(ref, MethodRef):
            return
        if ref.name == "verify" and use.position and "Ljavax/net/ssl/SSL" in ref.descriptor:
            if ref.return_type == "Z" and not self._is_tested(use):
                found.ignored = True
            else:
                found.checked = found.checked or ("verifier-tested", use)
        elif ref.name == "setSSLParameters":
            # Behind the socket's own place it is its parameters that are handed back to it.
            setting = self._parameters.of(use, self._method(use), self._given(use, 1)) if not use.position else "none"
            if setting == "set":
                found.checked = found.checked or ("endpoint-identification", use)
            elif setting == "cleared":
                found.cleared = True
            elif setting == "unknown":
                found.handed["its parameters come from elsewhere"] = None
        elif ref.name == "setUseClientMode" and not use.position:
            found.server = found.server or self._given(use, 1) == Number(0)
        elif ref.name in _BY_HAND and not use.position:
            found.by_hand = found.by_hand or f"{ref.name} is asked"
        elif ref.name in _DATA | _HANDSHAKE and not use.position:
            # Where data is exchanged, that call is the evidence, not the handshake before it.
            data = ref.name in _DATA
            found.used = use if found.used is None or (data and not found.data) else found.used
            found.data = found.data or data
        elif use.position and not ref.owner.startswith(_KEEPS_NOTHING) and not self._is_in_app(ref):
            found.handed[f"it is handed to {dotted(ref.owner)}.{ref.name}"] = None

    def _is_in_app(self, ref: MethodRef) -> bool:
        return self._program.resolve_method(ref) is not None or bool(self._program.implementations_of(ref))

    def _method(self, use: Use) -> DexMethod | None:
        """Return the method in which a use stands; None in damaged code, where its name may lead nowhere."""
        return self._program.resolve_method(use.method)

    def _given(self, use: Use, index: int) -> Value | None:
        method = self._method(use)
        values = None if method is None else self._resolver.evaluator.evaluate(method)
        call = None if values is None else values.calls.get(use.offset)
        return call.arguments[index] if call is not None and index < len(call.arguments) else None

    def _is_tested(self, use: Use) -> bool:
        method = self._method(use)
        return method is not None and takes_result(Site(method, use.offset, use.ref))

    def _places(self, use: Use) -> list[Location]:
        method = self._method(use)
        return [] if method is None else [location_in(method, use.offset, str(use.ref))]

    # ---- calls that give the check up

    def ignored(self) -> Iterator[CallbackFact]:
        """Yield calls of verifiers whose answer nobody looks at; those inside verifiers are judged with these."""
        for site in self._calls(((_VERIFIER, "verify"),)):
            ref = site.target
            assert isinstance(ref, MethodRef)
            above = self._program.hierarchy.supertypes_of(site.method.ref.owner)
            if ref.descriptor == _VERIFY and not takes_result(site) and _VERIFIER not in above:
                activation = self._wiring.runs.of(site.method)
                place = [location_of(site, str(ref))]
                yield self._fact(site.method, "verify-result-ignored", activation, place, client="socket")

    def cleared(self) -> Iterator[CallbackFact]:
        """Yield calls that switch the check of the name off, those of short helpers around the setter included."""
        for site in self._calls(((PARAMETERS, SETTING),)):
            arguments = self._arguments(site)
            if arguments is None or len(arguments) < 2:
                continue
            if self._settings.of_helper(site.method) is None:
                yield from self._cleared(site, arguments[1])
                continue
            for caller in self._program.users.callers_of(self._program.refs_reaching(site.method)):
                outer = self._arguments(caller)
                given = None if outer is None else self._settings.through(site.method, outer)
                if given is not None:
                    yield from self._cleared(caller, given)

    def _cleared(self, site: Site, given: Value) -> Iterator[CallbackFact]:
        """Yield a call that sets nothing; where that is up to some of its method's callers, those of them."""
        deciding: dict[DexMethod, None] = {}
        if is_all_nothing(self._resolver.resolve(given)):
            deciding[site.method] = None
        elif isinstance(given, Parameter) and given in (arguments := self._arguments(site) or ()):
            for bound in self._resolver.bound_calls(site):
                caller = None if bound.called_from is None else self._program.resolve_method(bound.called_from)
                if caller is not None and is_all_nothing(bound.arguments[arguments.index(given)]):
                    deciding[caller] = None
        place = location_of(site, str(site.target))
        for method in deciding if not self._wiring.is_left_over(site) else ():
            evidence = [place] if method == site.method else [location_in(method), place]
            activation = self._wiring.runs.of(method)
            yield self._fact(method, "endpoint-id-cleared", activation, evidence, client="socket")

    def web_sockets(self) -> Iterator[CallbackFact]:
        """Yield clients of Java-WebSocket that replace the method which asks for the check of the name."""
        for one in careless_clients(self._code, self._wiring):
            yield self._fact(
                one.method, "endpoint-id-cleared", one.activation, [location_in(one.method)], client="java-websocket",
                detail=one.when or "it replaces onSetSSLParameters and does not call that of its superclass",
                variant=one.variant,
            )  # fmt: skip

    def insecure(self) -> Iterator[CallbackFact]:
        """Yield calls of the factory that validates nothing."""
        for site in self._calls(((_CERTIFICATE_FACTORY, "getInsecure"),)):
            found = self._wiring.of_start("socket_factory", (site.method, site.offset))
            place = location_of(site, str(site.target))
            yield self._fact(
                site.method, "get-insecure", found.activation, (place, *found.trail),
                client=next(iter(found.clients), "socket"), process_wide=found.process_wide,
            )  # fmt: skip


class _Uses:
    """What was seen of one socket."""

    def __init__(self) -> None:
        self.checked: tuple[Behaviour, Use] | None = None
        self.used: Use | None = None
        self.data = False
        self.ignored = False
        self.cleared = False
        self.server = False
        self.by_hand: str | None = None
        self.handed: dict[str, None] = {}
