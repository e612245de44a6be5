"""Which versions of OkHttp read an app's pins. Pure."""

from collections.abc import Iterable

from analyzer.model.code import SdkFact
from analyzer.model.okhttp_patterns import Version, parse_version

_LIBRARY = "okhttp"
_OKHTTP_2 = "okhttp2"


def okhttp_versions(sdks: Iterable[SdkFact], mechanism: str) -> tuple[Version, ...]:
    """Return the known versions of the generation that a mechanism of pins names, ``okhttp2`` or ``okhttp3``."""
    found: dict[Version, None] = {}
    for sdk in sdks:
        version = parse_version(sdk.version) if sdk.name == _LIBRARY and sdk.version is not None else None
        if version is not None and (version[0] < 3) == (mechanism == _OKHTTP_2):
            found[version] = None
    return tuple(found)
