"""Where in an app something was seen."""

from typing import Literal

from analyzer.model.base import Record

MAX_SNIPPET_CHARACTERS = 200
"""Longest quotation of the app's own text kept in a location."""

LocationKind = Literal["manifest", "xml", "resource", "code", "entry", "signature", "archive", "team-policy"]


class Location(Record, frozen=True, kw_only=True):
    """A place in a container, as precise as the evidence allows."""

    kind: LocationKind
    entry: str
    """Container entry, ``base.apk!classes2.dex`` style: nested containers are joined with ``!``."""
    xml_path: str | None = None
    """Element path in a manifest or policy, such as ``network-security-config/domain-config[2]/pin-set``."""
    line: int | None = None
    """Line of the source XML file as the resource compiler recorded it; 1-based."""
    class_name: str | None = None
    """Dotted class name, as the class is named in the app (so renamed when the app was shrunk)."""
    method: str | None = None
    """Method name with its descriptor, such as ``check(Ljava/lang/String;)V``."""
    code_offset: int | None = None
    """Offset of the instruction in 16-bit code units from the start of the method's code."""
    snippet: str | None = None
    """At most `MAX_SNIPPET_CHARACTERS` characters of the app's own text, unescaped."""
