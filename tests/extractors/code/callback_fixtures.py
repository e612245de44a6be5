"""The fixtures with TLS callbacks, and what their sources say."""

from collections.abc import Iterable
from functools import cache

from analyzer.dex import DexClass, DexMethod, descriptor_of
from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.hostname_verifiers import VerifierFacts, extract_hostname_verifiers
from analyzer.extractors.code.webview_handlers import WebViewFacts, extract_webview_handlers
from analyzer.model import CallbackFact
from tests.extractors.code.smali_fixtures import context_of

PACKAGE = "org.example.calls"


@cache
def context(name: str) -> CodeContext:
    """Return a fixture as an app whose application class uses what is in it."""
    application = "KotlinApp" if "kotlin" in name else "App"
    return context_of(name, application=f"{PACKAGE}.{application}", package=PACKAGE)


@cache
def wiring(name: str) -> CallbackWiring:
    return CallbackWiring(context(name))


@cache
def verifiers(name: str) -> VerifierFacts:
    return extract_hostname_verifiers(context(name), wiring(name))


@cache
def pages(name: str) -> WebViewFacts:
    return extract_webview_handlers(context(name), wiring(name))


def of_class(facts: Iterable[CallbackFact], simple_name: str) -> CallbackFact:
    """Return the fact about a class of the fixture, or about the lambda or anonymous class that it makes."""
    wanted = f"{PACKAGE}.{simple_name}"
    (found,) = [fact for fact in facts if fact.class_name == wanted or fact.class_name.startswith(f"{wanted}$")]
    return found


def created_by_app(name: str, supertype: str) -> list[tuple[str, int | None]]:
    """Return class and discriminator of the objects directly below `supertype` that the application class creates.

    R8 keeps the order of the source and inlines the helpers that make lambdas, so this tells which case of which merged
    class a line of the source became.
    """
    program = context(name).program
    application = program.find_class(descriptor_of(f"{PACKAGE}.App"))
    assert application is not None
    facts = (*verifiers(name).callbacks, *pages(name).callbacks)
    merged = {fact.class_name for fact in facts if fact.variant is not None}
    found: dict[tuple[str, int | None], None] = {}
    for method in application.methods:
        code = method.code()
        for instruction in code.instructions if code is not None else ():
            if instruction.name != "new-instance":
                continue
            descriptor = method.file.type(instruction.index or 0)
            definition = program.find_class(descriptor)
            if definition is None or supertype not in (definition.superclass, *definition.interfaces):
                continue
            case = _case(name, definition, method, instruction.offset) if definition.name in merged else None
            found[definition.name, case] = None
    return list(found)


def _case(name: str, definition: DexClass, method: DexMethod, offset: int) -> int:
    (field,) = [one.ref for one in definition.fields if one.ref.type == "I" and not one.is_static]
    (site,) = [
        site
        for site in wiring(name).creations_of(definition.descriptor)
        if (site.method, site.offset) == (method, offset)
    ]
    (case,) = wiring(name).variants_at(site, field) or frozenset[int]()
    return case
