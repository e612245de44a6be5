"""What pinning libraries make, which clients get it, and the plugins whose pins come from another language."""

import hashlib
from functools import cache

import pytest

from analyzer.extractors.code.callback_wiring import CallbackWiring
from analyzer.extractors.code.pin_libraries import extract_pin_libraries
from analyzer.extractors.code.pin_practices import OUT_OF_BAND, extract_pin_practices
from analyzer.extractors.code.wired_libraries import wired_pins
from analyzer.model import PinFact
from tests.extractors.code.smali_fixtures import context_of

# Every pin is the hash of its name.
PINS = {
    "WiredConnection": ("androidpinning", "wired.shop.example.com", "active", ("https-url-connection",)),
    "WiredApache": ("androidpinning", None, "active", ("apache-httpclient",)),
    "WiredUnused": ("androidpinning", None, "created", ()),
    "WiredNettyLegacy": ("netty", None, "active", ("netty",)),
    "WiredNetty": ("netty", None, "active", ("netty",)),
}
BRIDGES = [
    "appcelerator.https.PinningTrustManager",
    "com.worklight.androidgap.plugin.WLCertificatePinningPlugin",
    "com.toyberman.RNSslPinningModule",
    "com.sslpublickeypinning.SslPublicKeyPinningModule",
    "com.localz.RNPinch",
    "diefferson.http_certificate_pinning.HttpCertificatePinningPlugin",
    "com.macif.plugin.sslpinningplugin.SslPinningPlugin",
    "nl.xservices.plugins.SSLCertificateChecker",
    "com.silkimen.cordovahttp.CordovaServerTrust",
]


@cache
def wired(build: str) -> tuple[PinFact, ...]:
    code = context_of(build)
    return wired_pins(code, CallbackWiring(code), extract_pin_libraries(code).pins)


@pytest.mark.parametrize("build", ["pin-wired", "pin-wired-r8"])
@pytest.mark.parametrize("name", PINS)
def test_pins_of_a_library_are_in_use_where_a_client_gets_what_holds_them(build: str, name: str) -> None:
    sha1 = hashlib.sha1(name.encode(), usedforsecurity=False).digest()
    (pin,) = [pin for pin in wired(build) if pin.digest in (sha1, hashlib.sha256(name.encode()).digest())]
    assert (pin.mechanism, pin.host, pin.activation, pin.clients) == PINS[name]
    assert len(wired(build)) == len(PINS)


def test_pins_that_other_calls_take_are_left_as_they_are() -> None:
    code = context_of("pin-libraries")
    pins = extract_pin_libraries(code).pins
    changed = wired_pins(code, CallbackWiring(code), pins)
    assert [pin for pin in changed if pin.mechanism != "netty"] == [pin for pin in pins if pin.mechanism != "netty"]


@pytest.mark.parametrize("name", BRIDGES)
def test_a_plugin_that_gets_its_pins_from_another_language_leaves_a_gap(name: str) -> None:
    (gap,) = [gap for gap in extract_pin_libraries(context_of("pin-wired")).gaps if gap.subject == name]
    assert (gap.reason, gap.hides) == ("unsupported-runtime", ("pin",))


def test_plugins_that_check_on_a_connection_of_their_own_are_told() -> None:
    found = [use.arguments[0] for use in extract_pin_practices(context_of("pin-wired")) if use.api == OUT_OF_BAND]
    assert found == ["SSLCertificateChecker", "http_certificate_pinning", "ssl_pinning_plugin"]
