"""Where a SARIF result is: the app's file as an artifact, the place inside it in words and logical locations.

An APK has no lines that a reader could be sent to. What a consumer can open is the file itself, so that is the
physical location, with the region at its start which code scanning requires; the entry, element, class and
method inside it are logical locations, and are spelled out in the message.
"""

import posixpath
import re
from typing import Any
from urllib.parse import quote

from analyzer.model import Location, ScanResult
from analyzer.reporters.text import visible

SOURCE_ROOT = "%SRCROOT%"
"""The customary name of the folder that relative URIs start from."""

_DRIVE = re.compile(r"^[A-Za-z]:/")
_URI_SAFE = "/-._~!$&'()*+,;=@"
"""Characters of a path that need no escape in a relative reference; a colon might end a scheme (RFC 3986 §4.2)."""
_START_OF_FILE = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}


class Place:
    """One target as SARIF sees it: its URI, and text about it made safe to show."""

    def __init__(self, result: ScanResult, root: str | None) -> None:
        path = result.target.path
        self._root = root
        self._is_source = result.target.format == "source"
        self.shown_path = relative_path(path, root)
        """The path below the root, or only the file name when it lies elsewhere."""
        self.uri = percent_encoded(self.shown_path)
        self._machine_path: re.Pattern[str] | None = None
        if is_absolute(path) and self.shown_path != ".":
            self._machine_path = re.compile(r"(?<![\w./-])" + re.escape(path))

    def text(self, text: str) -> str:
        """Return text about the target on one line, without machine paths, invisible characters or links.

        SARIF turns ``[text](destination)`` in plain messages into links (SARIF 2.1.0 §3.11.6), which an app's
        own text must not be able to do.
        """
        if self._machine_path is not None:
            text = self._machine_path.sub(lambda _: self.shown_path, text)
        return visible(text).replace("](", "] (")

    def artifact_location(self, index: int) -> dict[str, Any]:
        """Return the reference to the target's file among the run's artifacts."""
        return {"uri": self.uri, "uriBaseId": SOURCE_ROOT, "index": index}

    def whole_target(self, index: int) -> dict[str, Any]:
        """Return the location of something that concerns the target as a whole."""
        return {"physicalLocation": self._physical(index)}

    def location(self, location: Location, index: int) -> dict[str, Any]:
        """Return one place inside the target."""
        words = describe(location)
        if location.snippet:
            words = f"{words}: {location.snippet}"
        file, line = self.source_of(location)
        physical = self._physical(index)
        if file == self.shown_path and line is not None:
            physical["region"] = {"startLine": line}
        elif line is not None:
            uri = {"uri": percent_encoded(file), "uriBaseId": SOURCE_ROOT}
            physical = {"artifactLocation": uri, "region": {"startLine": line}}
        return {
            "physicalLocation": physical,
            "logicalLocations": self._logical(location),
            "message": {"text": self.text(words)},
        }

    def source_of(self, location: Location | None) -> tuple[str, int | None]:
        """Return the file that a reader can open for a location, below the root, and the line in it where it has one.

        That is the target itself, whose lines mean something only when it is a source file, or the team's policy.
        """
        if location is None:
            return self.shown_path, None
        if location.kind == "team-policy":
            return relative_path(location.entry, self._root), location.line or 1
        return self.shown_path, location.line if self._is_source else None

    def _physical(self, index: int) -> dict[str, Any]:
        return {"artifactLocation": self.artifact_location(index), "region": dict(_START_OF_FILE)}

    def _logical(self, location: Location) -> list[dict[str, Any]]:
        """Name the innermost thing first, then the entry that holds it."""
        names: list[tuple[str, str, str]] = []
        if location.class_name and location.method:
            names.append((location.method.partition("(")[0], f"{location.class_name}.{location.method}", "function"))
        elif location.class_name:
            names.append((location.class_name.rpartition(".")[2], location.class_name, "type"))
        elif location.xml_path:
            element = location.xml_path.rpartition("/")[2]
            names.append((element, f"{location.entry}!{location.xml_path}", "element"))
        names.append((location.entry.rpartition("/")[2], location.entry, "resource"))
        return [
            {"name": self.text(name), "fullyQualifiedName": self.text(qualified), "kind": kind}
            for name, qualified, kind in names
        ]


def describe(location: Location) -> str:
    """Say in words where something is: the entry first, then line and element, or class, method and offset."""
    parts = [location.entry]
    if location.line is not None:
        parts.append(f"line {location.line}")
    if location.xml_path:
        parts.append(location.xml_path)
    if location.class_name:
        parts.append(f"{location.class_name}.{location.method}" if location.method else location.class_name)
    if location.code_offset is not None:
        parts.append(f"code offset {location.code_offset}")
    return ", ".join(parts)


def is_absolute(path: str) -> bool:
    """Tell whether a path with forward slashes is absolute on any system."""
    return path.startswith("/") or _DRIVE.match(path) is not None


def relative_path(path: str, root: str | None) -> str:
    """Return a path below `root`; of a path elsewhere only the last component, so that no folder is given away."""
    if root is not None and not is_absolute(path):
        path = f"{root}/{path}"
    normal = posixpath.normpath(path)
    if root is not None:
        prefix = posixpath.normpath(root).rstrip("/") + "/"
        if normal + "/" == prefix:
            return "."
        if normal.startswith(prefix):
            return normal[len(prefix) :]
    if is_absolute(normal) or normal == ".." or normal.startswith("../"):
        return normal.rpartition("/")[2] or "."
    return normal


def percent_encoded(path: str) -> str:
    """Return a relative path as a URI reference."""
    try:
        # Undecodable bytes of a file name reach Python as surrogates; this gives them back.
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = path.encode("utf-8", "replace")
    return quote(data, safe=_URI_SAFE)
