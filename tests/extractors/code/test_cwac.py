"""CWAC-NetSecurity: pins of the policy files that its builders read, each with the clients that get it."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from analyzer.apk.app import open_app
from analyzer.extractors.catalogue import load_catalogue
from analyzer.extractors.code.stage import analyse_code
from analyzer.model import FactKind, NetworkPolicy, PinFact
from analyzer.options import Limits
from tests.extractors.code.smali_fixtures import FIXTURES
from tests.support.apks import apk, manifest
from tests.support.arsc import Resource
from tests.support.axml import Element, element
from tests.support.values import Ref

T = TypeVar("T")
BUILDS = ["cwac", "cwac-r8"]
RESOURCES = [
    Resource("xml", "of_manifest", {"": "res/a.xml"}),
    Resource("xml", "unused", {"": "res/b.xml"}),
    Resource("xml", "own", {"": "res/c.xml"}),
]


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _policy(host: str, *names: str) -> Element:
    pins = (element("pin", {"digest": "SHA-256"}, b64encode(_digest(name)).decode()) for name in names)
    return element(
        "network-security-config",
        {},
        element(
            "domain-config",
            {},
            element("domain", {"includeSubdomains": True}, host),
            element("pin-set", {"expiration": "2031-05-06"}, *pins),
        ),
    )


def pins(folder: Path, build: str, *, min_sdk: int = 21, meta_data: bool = True) -> list[PinFact]:
    """Return the pins of an app with the code of a build, and two policy files of its own."""
    item = element("meta-data", {"android:name": "android.security.net.config", "android:resource": Ref(0x7F010000)})
    root = manifest(
        application={"android:name": "org.example.shop.App"},
        children=(item,) if meta_data else (),
        root={"package": "org.example.shop"},
        sdk={"android:minSdkVersion": min_sdk, "android:targetSdkVersion": 34},
    )
    target = folder / "app.apk"
    files: dict[str, bytes | Element] = {
        "classes.dex": (FIXTURES / f"{build}.dex").read_bytes(),
        "res/a.xml": _policy("manifest.example.com", "Manifest"),
        "res/c.xml": _policy("own.example.com", "Own1", "Own2"),
    }
    target.write_bytes(apk(root, resources=RESOURCES, files=files))

    def run(name: str, hides: tuple[FactKind, ...], action: Callable[[], T]) -> T | None:
        return action()

    limits = Limits()
    found = analyse_code(open_app(target, limits), load_catalogue(), limits, NetworkPolicy(state="none"), run)
    return [pin for pin in found.pins if pin.mechanism == "cwac"]


@pytest.mark.parametrize("build", BUILDS)
def test_the_pins_of_the_file_have_its_hosts_and_dates(tmp_path: Path, build: str) -> None:
    found = pins(tmp_path, build)
    assert {(pin.host, pin.include_subdomains, pin.expires_on, pin.digest) for pin in found} == {
        ("manifest.example.com", True, "2031-05-06", _digest("Manifest")),
        ("own.example.com", True, "2031-05-06", _digest("Own1")),
        ("own.example.com", True, "2031-05-06", _digest("Own2")),
    }
    assert {(pin.hashed_object, pin.checked_against, pin.resolution) for pin in found} == {
        ("spki", "validated", "constant")
    }


@pytest.mark.parametrize("build", BUILDS)
def test_they_are_in_use_where_the_builder_reaches_a_client(tmp_path: Path, build: str) -> None:
    found = pins(tmp_path, build)
    active = {(pin.host, pin.clients, pin.enforced) for pin in found if pin.activation == "active"}
    assert active == {
        ("manifest.example.com", ("okhttp",), None),
        ("own.example.com", ("https-url-connection",), None),
    }
    assert {pin.activation for pin in found} == {"active", "created"}


@pytest.mark.parametrize("build", BUILDS)
def test_a_manager_that_is_one_of_several_enforces_nothing(tmp_path: Path, build: str) -> None:
    either = [pin for pin in pins(tmp_path, build) if pin.enforced is False]
    assert [(pin.host, pin.activation) for pin in either] == [("own.example.com", "created")] * 2
    assert all("or()" in (pin.problem_detail or "") for pin in either)


@pytest.mark.parametrize("build", BUILDS)
def test_the_policy_of_the_manifest_is_only_read_before_android_7(tmp_path: Path, build: str) -> None:
    found = {pin.host: pin for pin in pins(tmp_path, build, min_sdk=24)}
    assert found["manifest.example.com"].activation == "created"
    assert "before Android 7" in (found["manifest.example.com"].problem_detail or "")


@pytest.mark.parametrize("build", BUILDS)
def test_a_policy_that_the_manifest_does_not_name_is_unresolved_with_the_reason(tmp_path: Path, build: str) -> None:
    (pin,) = [pin for pin in pins(tmp_path, build, meta_data=False) if pin.resolution == "unresolved"]
    assert pin.problem_detail is not None and "not named by the manifest's meta-data" in pin.problem_detail
