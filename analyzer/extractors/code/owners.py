"""Whose code a class is: the app's own, a known library's, or nobody can tell."""

from collections.abc import Iterable, Mapping
from typing import Final

from analyzer.extractors.sdk_catalogue import Sdk
from analyzer.model import AppInfo

FIRST_PARTY: Final = "first-party"
UNKNOWN: Final = "unknown"

_SHARED_NAMESPACES = frozenset(
    {
        "com.android", "com.appspot", "com.bitbucket", "com.blogspot", "com.example", "com.github", "com.gitlab",
        "com.google", "io.github", "io.gitlab", "me.app", "net.sourceforge", "org.apache", "org.codeberg",
        "org.example", "org.sourceforge",
    }
)  # fmt: skip
"""Names below which unrelated authors publish."""


class Owners:
    """Tells owners by package names, the longest known prefix first.

    The app's own packages are those of its manifest: its package with one label less (modules of one team usually
    differ in the last), and the packages of the application class and of the activities that the home screen starts.
    Other components come with libraries as well and prove nothing. Classes that a shrinker moved to short or empty
    package names belong to nobody in particular.
    """

    def __init__(self, app: AppInfo, sdks: Iterable[Sdk], recognised: Mapping[str, str] | None = None) -> None:
        """Prepare for the packages of `app` and the known `sdks`.

        `recognised` names the owners of classes, by descriptor, whose packages do not tell.
        """
        self._recognised = dict(recognised or {})
        libraries = {package: f"sdk:{sdk.name}" for sdk in sdks for package in sdk.packages}
        own = dict.fromkeys(_own_packages(app, libraries), FIRST_PARTY)
        self._by_prefix: dict[str, str] = {
            _folder(package): owner for package, owner in {**libraries, **own}.items() if package
        }
        self._known: dict[str, str] = {}

    def owner_of(self, class_descriptor: str) -> str:
        """Say whose code a class is, given its type descriptor: ``first-party``, ``sdk:<name>`` or ``unknown``."""
        package = class_descriptor.lstrip("[").removeprefix("L").rpartition("/")[0]
        owner = self._known.get(package)
        if owner is None:
            owner = self._known[package] = self._look_up(package)
        return self._recognised.get(class_descriptor.lstrip("["), owner) if owner == UNKNOWN else owner

    def _look_up(self, package: str) -> str:
        prefix = package
        while prefix:
            owner = self._by_prefix.get(prefix)
            if owner is not None:
                return owner
            prefix = prefix.rpartition("/")[0]
        return UNKNOWN


def _own_packages(app: AppInfo, libraries: Mapping[str, str]) -> Iterable[str]:
    yield app.package
    parent = app.package.rpartition(".")[0]
    if "." in parent and parent not in _SHARED_NAMESPACES and parent not in libraries:
        yield parent
    for component in app.components:
        if component.kind == "application" or component.launcher:
            package = component.class_name.rpartition(".")[0]
            if "." in package and not _within(package, libraries):
                yield package


def _within(package: str, libraries: Mapping[str, str]) -> bool:
    prefix = package
    while prefix:
        if prefix in libraries:
            return True
        prefix = prefix.rpartition(".")[0]
    return False


def _folder(package: str) -> str:
    return package.replace(".", "/")
