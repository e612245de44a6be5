"""Trust managers and certificates that clients of many libraries are given: which pins, for which host."""

import hashlib
from functools import cache

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.carried_objects import carried_objects
from analyzer.extractors.code.okhttp import extract_okhttp
from analyzer.extractors.code.trust_keystores import extract_keystores
from analyzer.extractors.code.trust_managers import extract_trust_managers
from analyzer.model import PinFact
from tests.extractors.code.smali_fixtures import context_of

BUILDS = ["carried", "carried-r8"]
# Every pin is the hash of this name. Channels, connections and sockets are for one host, other clients for any.
MANAGERS = {
    "Grpc": ("grpc", "grpc.shop.example.com"),
    "GrpcCredentials": ("grpc", "credentials.shop.example.com"),
    "UrlConnection": ("https-url-connection", "connection.shop.example.com"),
    "JavaWebSocket": ("java-websocket", "feed.shop.example.com"),
    "Mqtt": ("paho", "mqtt.shop.example.com"),
    "Socket": ("socket", "socket.shop.example.com"),
    "Volley": ("volley", None),
    "NvWebSocket": ("nv-websocket", None),
    "Ktor": ("ktor", None),
    "Netty": ("netty", None),
}
PINNERS = {
    "Picasso": "picasso.shop.example.com",
    "Glide": "glide.shop.example.com",
    "Coil": "coil.shop.example.com",
    "Apollo": "apollo.shop.example.com",
    "SocketIo": "io.shop.example.com",
}


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


@cache
def managers(build: str) -> dict[bytes | None, PinFact]:
    code = context_of(build)
    pins = extract_trust_managers(code, CallbackWiring(code)).pins
    assert len({pin.digest for pin in pins}) == len(pins)
    return {pin.digest: pin for pin in pins}


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("name", MANAGERS)
def test_each_client_carries_its_own_pin_for_its_own_host(build: str, name: str) -> None:
    pin = managers(build)[_digest(name)]
    assert (pin.clients, pin.host) == ((MANAGERS[name][0],), MANAGERS[name][1])
    assert (pin.resolution, pin.activation, pin.process_wide) == ("constant", "active", False)


@pytest.mark.parametrize("build", BUILDS)
def test_objects_of_one_class_with_other_pins_are_sets_of_their_own(build: str) -> None:
    assert len({pin.scope for pin in managers(build).values()}) == len(managers(build)) == len(MANAGERS)


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("name", PINNERS)
def test_a_pinned_okhttp_client_inside_another_library_is_in_use(build: str, name: str) -> None:
    (pin,) = [pin for pin in extract_okhttp(context_of(build)).pins if pin.digest == _digest(name)]
    assert (pin.host, pin.activation) == (PINNERS[name], "active")


@pytest.mark.parametrize("build", BUILDS)
def test_certificates_that_libraries_take_for_their_only_anchors_are_pins(build: str) -> None:
    code = context_of(build)
    pins = extract_keystores(code, CallbackWiring(code)).pins
    assert [pin.host for pin in pins] == [None, None, None, "roots.shop.example.com"]
    assert {(pin.value, pin.hashed_object, pin.activation) for pin in pins} == {
        ("a certificate in the code", "certificate", "active")
    }
    assert len({pin.digest for pin in pins}) == 1


def test_an_object_that_a_helper_makes_is_told_apart_by_the_callers_of_the_helper() -> None:
    code = context_of("carried")
    assert code.resolver is not None
    (site,) = [
        site
        for site in code.program.users.creations_of(["Lorg/example/shop/Pinned;"])
        if site.method.ref.name == "context"
    ]
    found = carried_objects(code.resolver, [site])
    assert {one.method.ref.name for one in found} == {
        "grpc", "volley", "javaWebSocket", "nvWebSocket", "mqtt", "connection", "socket"
    }  # fmt: skip
