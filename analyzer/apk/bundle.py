"""Modules of an Android App Bundle, each seen as the APK that it becomes.

The layout is that of the bundle format (developer.android.com, "About Android App Bundles"): code in ``dex/``, the
manifest in ``manifest/``, other files in ``root/``, the resource table in ``resources.pb``; assets, libraries and
resources stand where an APK has them. What is beside the modules (``BUNDLE-METADATA/``, ``BundleConfig.pb``,
signatures of the upload) does not reach a device.
"""

from analyzer.apk.archive import Archive
from analyzer.apk.zip_directory import Buffer

BASE = "base"
_MANIFEST = "manifest/AndroidManifest.xml"
_FOLDERS = {"manifest/": "", "dex/": "", "root/": "", "res/": "res/", "assets/": "assets/", "lib/": "lib/"}
"""Folders of a module, and what an APK calls them."""


class BundleModule:
    """One module of a bundle, with the names of an APK."""

    resource_table = "resources.pb"
    """The entry that holds the resource table."""

    def __init__(self, bundle: Archive, name: str) -> None:
        """Take what the archive `bundle` holds below the folder `name`."""
        self.name = name
        self._bundle = bundle
        self._entries: dict[str, str] = {}
        prefix = f"{name}/"
        for entry in bundle.names:
            inner = entry.removeprefix(prefix)
            if inner == entry:
                continue
            if inner == self.resource_table:
                self._entries[inner] = entry
            for folder, becomes in _FOLDERS.items():
                if inner.startswith(folder):
                    self._entries.setdefault(becomes + inner.removeprefix(folder), entry)

    @property
    def names(self) -> tuple[str, ...]:
        """Entry names as in the APK, in directory order."""
        return tuple(self._entries)

    def __contains__(self, name: str) -> bool:
        """Tell whether there is an entry called exactly `name`."""
        return name in self._entries

    def read(self, name: str) -> bytes:
        """Return an entry's content; raises as `Archive.read`."""
        return self._bundle.read(self._entries.get(name, f"{self.name}/{name}"))

    def starts_with(self, name: str, size: int) -> bytes:
        """Return the first bytes of an entry, at most `size`; as `Archive.starts_with`."""
        return self._bundle.starts_with(self._entries.get(name, f"{self.name}/{name}"), size)

    def view(self, name: str) -> Buffer:
        """Return an entry's content without copying it when it is stored; raises as `Archive.read`."""
        return self._bundle.view(self._entries.get(name, f"{self.name}/{name}"))


def bundle_modules(archive: Archive) -> tuple[BundleModule, ...]:
    """Return the modules of a bundle, the base first; empty when the archive is no bundle."""
    names = [entry.removesuffix(f"/{_MANIFEST}") for entry in archive.names if entry.endswith(f"/{_MANIFEST}")]
    modules = sorted({name for name in names if "/" not in name}, key=lambda name: (name != BASE, name))
    if BASE not in modules:
        return ()
    return tuple(BundleModule(archive, name) for name in modules)
