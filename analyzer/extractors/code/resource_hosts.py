"""Hosts of URLs that are values of resources, beside those that the code itself names."""

from collections.abc import Collection, Iterator

from analyzer.extractors.code.context import CodeContext
from analyzer.extractors.code.host_arguments import CLEARTEXT
from analyzer.extractors.code.host_names import NamedHost, hosts_in
from analyzer.extractors.code.owners import UNKNOWN
from analyzer.model import HostFact, Location
from analyzer.model.location import MAX_SNIPPET_CHARACTERS

_MARK = "://"
_SHOWN_PLACES = 5


def resource_hosts(code: CodeContext, in_code: Collection[str], without_tls: Collection[str]) -> Iterator[HostFact]:
    """Yield a fact for each host that a URL in a string or array resource names and the code does not.

    Who reads a resource by its name, as the Firebase SDK does, is not followed, so that no client is known. Whose a
    resource is, the app's or a library's, its table does not tell. Links in styled texts are no values of a resource.

    Args:
        code: The app.
        in_code: Hosts that the code names: what it does with them is known better there.
        without_tls: Those of them with a URL without TLS.
    """
    found: dict[str, dict[Location, NamedHost]] = {}
    for text in code.resource_texts([_MARK]) if code.resource_texts is not None else ():
        for host in hosts_in(text.text, of_library=False) if text.name is not None else ():
            known = without_tls if host.scheme in CLEARTEXT else in_code
            if host.name and host.name not in known:
                snippet = f"{text.name} = {host.url}"[:MAX_SNIPPET_CHARACTERS]
                found.setdefault(host.name, {})[Location(kind="resource", entry=text.entry, snippet=snippet)] = host
    for name, places in sorted(found.items()):
        named = places.values()
        yield HostFact(
            name=name,
            owner=UNKNOWN,
            source="resource",
            cleartext_named=any(host.scheme in CLEARTEXT for host in named),
            tls_ports=tuple(sorted({host.port for host in named if host.port is not None})),
            evidence=tuple(places)[:_SHOWN_PLACES],
        )
