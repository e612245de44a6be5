"""OkHttp clients with what they are given, by their names and after R8 renamed everything."""

from functools import cache

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.client_facts import PLATFORM, extract_clients
from analyzer.model import ClientFact
from tests.extractors.code.smali_fixtures import context_of

APP = "org.example.shop.App"


@cache
def _clients(name: str) -> tuple[ClientFact, ...]:
    code = context_of(name)
    return extract_clients(code, CallbackWiring(code)).clients


def _of(name: str, *, derived: bool = False) -> ClientFact:
    found = [one for one in _clients("clients") if one.class_name == f"{APP}{name}" and one.derived == derived]
    assert len(found) == 1
    return found[0]


def test_a_client_is_described_with_all_that_its_builder_was_given() -> None:
    client = _of("$PinnedTrusting")
    assert (client.pinned, client.own_socket_factory, client.own_verifier) == (True, True, True)
    assert client.trust_managers == client.factory_managers == (f"{APP}$Trusting",)
    assert client.verifiers == (f"{APP}$AnyName",)
    assert client.activation == "active"


def test_a_client_that_is_given_nothing_is_known_to_be_unpinned() -> None:
    client = _of("$Plain")
    assert (client.pinned, client.own_socket_factory, client.own_verifier) == (False, False, False)


def test_what_a_derived_client_has_from_another_is_not_known() -> None:
    assert _of("$Derived").pinned is True
    assert _of("$Derived", derived=True).pinned is None


def test_a_factory_made_with_another_manager_is_told_apart() -> None:
    assert (_of("$Mismatched").trust_managers, _of("$Mismatched").factory_managers) == (
        (f"{APP}$Refusing",),
        (f"{APP}$Trusting",),
    )
    assert _of("$Matched").trust_managers == _of("$Matched").factory_managers


def test_pins_that_a_helper_adds_to_a_builder_count() -> None:
    assert _of("").pinned is True


def test_clients_of_a_renamed_okhttp_are_found_all_the_same() -> None:
    found = sorted(str(client.pinned) for client in _clients("clients-renamed"))
    assert found == ["False", "False", "False", "None", "True", "True", "True"]
    (full,) = [client for client in _clients("clients-renamed") if client.verifiers]
    assert (full.pinned, len(full.trust_managers), len(full.factory_managers)) == (True, 1, 1)


def test_clients_that_okhttp_builds_itself_are_left_out() -> None:
    assert all(client.owner == "first-party" for name in ("clients", "clients-renamed") for client in _clients(name))


def test_a_null_key_manager_beside_a_trust_manager_is_no_null_trust_manager() -> None:
    # All of them call SSLContext.init(null, {manager}, null); null in the middle would mean the platform's manager.
    with_factory = [one for name in ("clients", "clients-renamed") for one in _clients(name) if one.own_socket_factory]
    assert len(with_factory) == 6
    assert all(one.factory_managers and PLATFORM not in one.factory_managers for one in with_factory)
