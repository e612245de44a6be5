"""Which classes of an app are OkHttp's own although a shrinker renamed them."""

from collections.abc import Iterable, Iterator

from analyzer.dataflow.resolve import Resolver
from analyzer.dataflow.values import Created, FieldValue, Value, alternatives
from analyzer.dex import DexClass, Program
from analyzer.extractors.code.callback_sinks import okhttp_client_classes
from analyzer.extractors.code.merged_classes import discriminator_of
from analyzer.extractors.code.okhttp_binding import OkHttpCopy
from analyzer.extractors.code.okhttp_fingerprints import load_fingerprints

OKHTTP = "sdk:okhttp"
_VERIFIER = "Ljavax/net/ssl/HostnameVerifier;"
_VERIFY = ("verify", "(Ljava/lang/String;Ljavax/net/ssl/SSLSession;)Z")


def renamed_okhttp_classes(program: Program, resolver: Resolver, copies: Iterable[OkHttpCopy]) -> dict[str, str]:
    """Return the classes of some `copies` that are certainly OkHttp's, by descriptor, with the name of their owner.

    They are those by which a renamed copy is bound: the pinner, the client and its builder, the verifier that the
    builder begins with (OkHttp ``OkHttpClient.Builder``: ``hostnameVerifier = OkHostnameVerifier``), and those with
    texts of the library that nobody else has. Classes that a shrinker may have merged with the app's are left out.
    """
    found: dict[str, str] = {}
    copies = [copy for copy in copies if copy.found_by == "structure"]
    for copy in copies:
        clients = okhttp_client_classes(program, copy)
        for name in (copy.pinner, *(one.descriptor for one in clients), *_first_verifiers(program, resolver, clients)):
            found[name] = OKHTTP
    if copies:
        # Without a renamed copy the texts stand in classes whose names tell whose they are.
        strings = program.strings_containing(load_fingerprints().okhttp_anchors.own)
        loading = {
            method.owner.descriptor
            for method in dict.fromkeys(site.method for site in program.users.loads_of(strings))
            if discriminator_of(program, resolver.evaluator, method) is None
        }
        found.update(dict.fromkeys(loading - _merged(program, copies), OKHTTP))
    return found


def _merged(program: Program, copies: list[OkHttpCopy]) -> set[str]:
    """Return the classes, other than those of clients, that make clients: code of the app is among theirs.

    A shrinker puts the app's helpers into classes of libraries, and inlines into them what the texts stand in.
    """
    clients = {one.descriptor for copy in copies for one in okhttp_client_classes(program, copy)}
    return {site.method.owner.descriptor for site in program.users.creations_of(clients)} - clients


def _first_verifiers(program: Program, resolver: Resolver, clients: tuple[DexClass, ...]) -> Iterator[str]:
    """Yield the classes of the verifiers that constructors without arguments store."""
    for definition in clients:
        for method in definition.methods:
            # With arguments, what is stored may come from the app.
            if method.ref.name != "<init>" or method.ref.parameters:
                continue
            values = resolver.evaluator.evaluate(method)
            for store in values.stores.values() if values is not None else ():
                for value in alternatives(store.value):
                    name = _class_of(program, value)
                    if name is not None and _is_whole_verifier(program, resolver, name):
                        yield name


def _class_of(program: Program, value: Value) -> str | None:
    """Return the class of an object that is made there, or of a singleton, which its field's type tells."""
    if isinstance(value, Created):
        return value.type
    if isinstance(value, FieldValue):
        field = program.resolve_field(value.ref)
        return value.ref.type if field is not None and field.is_static else None
    return None


def _is_whole_verifier(program: Program, resolver: Resolver, name: str) -> bool:
    definition = program.find_class(name)
    if definition is None or definition.is_interface or _VERIFIER not in program.hierarchy.supertypes_of(name):
        return False
    methods = [method for method in definition.methods if (method.ref.name, method.ref.descriptor) == _VERIFY]
    return all(discriminator_of(program, resolver.evaluator, method) is None for method in methods)
