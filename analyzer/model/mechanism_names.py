"""What reports and messages call the mechanisms that pin."""

from collections.abc import Mapping

MECHANISMS: Mapping[str, str] = {
    "nsc": "Network security configuration",
    "okhttp3": "OkHttp",
    "okhttp2": "OkHttp 2",
    "trustkit": "TrustKit",
    "custom-tm": "Trust manager of the app",
    "keystore-tm": "Bundled key store",
    "interceptor": "OkHttp interceptor",
    "verifier-pin": "Hostname verifier",
    "connection-pin": "Check of a connection",
    "cronet": "Cronet",
    "httpengine": "HttpEngine",
    "androidpinning": "AndroidPinning",
    "fabric": "Fabric",
    "cwac": "CWAC-NetSecurity",
    "conscrypt": "Conscrypt",
    "netty": "Netty",
    "worklight": "Worklight",
    "titanium": "Titanium",
    "webview": "WebView",
    "rn": "React Native",
    "flutter": "Flutter",
    "cordova": "Cordova",
    "xamarin": "Xamarin",
    "unity": "Unity",
    "native": "Native code",
    "string": "Text that looks like a pin",
}
_COMMON_NOUNS = frozenset({"custom-tm", "keystore-tm", "verifier-pin", "connection-pin"})
_WITHOUT_ARTICLE = frozenset({"nsc", "native", "string"})


def mechanism_name(mechanism: str) -> str:
    """Return a mechanism as it stands in brackets: common nouns in lower case, names as they are."""
    name = MECHANISMS.get(mechanism, mechanism)
    return f"{name[:1].lower()}{name[1:]}" if mechanism in _COMMON_NOUNS | _WITHOUT_ARTICLE else name


def mechanism_in_text(mechanism: str) -> str:
    """Return a mechanism as it stands within a sentence: common nouns that can be counted take an article."""
    name = mechanism_name(mechanism)
    return f"a {name}" if mechanism in _COMMON_NOUNS else name
