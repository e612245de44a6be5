"""Whose code a class is, told by the manifest and the catalogue of libraries."""

import pytest

from analyzer.extractors.catalogue import load_catalogue
from analyzer.extractors.code.owners import Owners
from analyzer.model import AppInfo, Component

SDKS = load_catalogue().sdks


def owners(package: str, *components: Component) -> Owners:
    app = AppInfo(
        package=package, version_name=None, version_code=None, min_sdk=21, target_sdk=34, components=components
    )
    return Owners(app, SDKS)


@pytest.mark.parametrize(
    ("descriptor", "owner"),
    [
        ("Lorg/shop/android/MainActivity;", "first-party"),
        ("Lorg/shop/android/net/Api$1;", "first-party"),
        ("[Lorg/shop/android/net/Api;", "first-party"),
        # A module of the same team.
        ("Lorg/shop/network/Client;", "first-party"),
        ("Lorg/shopping/Client;", "unknown"),
        ("Lokhttp3/internal/http2/Http2Connection;", "sdk:okhttp"),
        ("Lcom/google/android/gms/security/ProviderInstaller;", "sdk:play-services"),
        ("Lcom/google/android/material/tabs/TabLayout;", "sdk:material-components"),
        # A shrinker moved these; nothing says whose they are.
        ("La/b/c;", "unknown"),
        ("La;", "unknown"),
    ],
)
def test_a_class_belongs_to_the_longest_known_package(descriptor: str, owner: str) -> None:
    assert owners("org.shop.android").owner_of(descriptor) == owner


def test_an_app_inside_a_library_s_package_is_the_app() -> None:
    assert owners("com.google.android.gms.samples").owner_of("Lcom/google/android/gms/samples/Main;") == "first-party"


def test_a_namespace_that_unrelated_authors_share_is_not_the_app_s() -> None:
    found = owners("com.github.alice")
    assert found.owner_of("Lcom/github/alice/Main;") == "first-party"
    assert found.owner_of("Lcom/github/bob/Library;") == "unknown"


def test_the_launcher_and_the_application_class_show_further_packages_of_the_app() -> None:
    found = owners(
        "org.shop.demo",
        Component(kind="activity", class_name="de.team.ui.Start", exported=True, launcher=True),
        Component(kind="application", class_name="de.crew.base.App", exported=None),
    )
    assert found.owner_of("Lde/team/ui/Other;") == "first-party"
    assert found.owner_of("Lde/crew/base/Other;") == "first-party"


def test_other_components_and_launchers_of_libraries_prove_nothing() -> None:
    found = owners(
        "org.shop.demo",
        Component(kind="activity", class_name="net.vendor.ads.FullScreen", exported=True),
        Component(kind="activity", class_name="com.unity3d.player.UnityPlayerActivity", exported=True, launcher=True),
    )
    assert found.owner_of("Lnet/vendor/ads/Loader;") == "unknown"
    assert found.owner_of("Lcom/unity3d/player/UnityPlayer;") == "sdk:unity"
