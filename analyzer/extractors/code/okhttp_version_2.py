"""Recognises the interceptors of a renamed OkHttp 2, whose clients have setters and are no product of a builder."""

from collections.abc import Iterator

from analyzer.dex import DexMethod, FieldRef, MethodRef
from analyzer.extractors.code.okhttp_binding import OkHttpCopy
from analyzer.extractors.code.okhttp_exchange import bind_exchange
from analyzer.extractors.code.okhttp_roles import LISTS, Part, RenamedOkHttp, Role, Scanner

_ASKING: tuple[tuple[str, Role], ...] = (
    # Call.ApplicationInterceptorChain.proceed and HttpEngine.NetworkInterceptorChain.proceed (2.2 to 2.7), which take
    # the interceptors from the client's lists one by one.
    ("application interceptor ", "interceptor"),
    ("network interceptor ", "network-interceptor"),
)


def bind_version_2(scanner: Scanner, copy: OkHttpCopy) -> RenamedOkHttp:
    """Recognise interceptors, the handshake and the lists that clients keep interceptors in.

    What else clients are given and connect to is not known; pins, managers and verifiers are followed elsewhere.
    """
    exchange = bind_exchange(scanner)
    owners = {ref.owner for ref in copy.client_fields}
    # The address of a connection has a pinner, too, and nothing that takes interceptors from it.
    fields = dict(_lists(scanner, owners))
    missing: list[Part] = ["settings"]
    if exchange.intercept is None or len(fields) != len(_ASKING):
        missing.append("interceptors")
    if not exchange.peer:
        missing.append("handshake")
    return RenamedOkHttp(
        pinner=copy.pinner,
        fields=fields,
        lists={ref: role for field, role in fields.items() for ref in _getters(scanner, field)},
        exchange=exchange,
        missing=tuple(missing),
    )


def _lists(scanner: Scanner, clients: set[str]) -> Iterator[tuple[FieldRef, Role]]:
    """Yield the two lists of a client, each if the chain of its kind reads no other one."""
    found: dict[Role, set[FieldRef]] = {}
    for text, role in _ASKING:
        methods: dict[DexMethod, None] = dict.fromkeys(site.method for site in scanner.loads(text))
        for method in methods:
            read = (one if isinstance(one, FieldRef) else scanner.getter(one) for one in scanner.members(method))
            lists = {one for one in read if one is not None and one.owner in clients and one.type in LISTS}
            found.setdefault(role, set()).update(lists)
    fields = set().union(*found.values())
    alone = all(len(lists) == 1 for lists in found.values()) and len(fields) == len(found)
    if alone and len({field.owner for field in fields}) == 1:
        yield from ((field, role) for role, lists in found.items() for field in lists)


def _getters(scanner: Scanner, field: FieldRef) -> Iterator[MethodRef]:
    for method in scanner.methods_of(field.owner):
        if method.ref.return_type in LISTS and scanner.getter(method.ref) == field:
            yield from scanner.all_names(method)
