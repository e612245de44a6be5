"""Facts read from code: callbacks, SDKs, hosts."""

from typing import Literal

from analyzer.model.base import Record
from analyzer.model.location import Location
from analyzer.model.pins import Activation

FlagSource = Literal[
    "constant", "build-config", "debuggable", "preference", "remote", "system-setting", "host", "field", "unknown"
]
"""Where a value comes from that switches checks off: ``field`` is one that code of the app sets at run time."""


class Overload(Record, frozen=True, kw_only=True):
    """One ``checkServerTrusted`` of a trust manager."""

    form: Literal["two-argument", "socket", "engine", "host", "renamed"]
    """``host``: ``(X509Certificate[], String, String)`` that returns the validated chain, found by reflection;
    ``renamed``: one of the same form under a name that nobody looks for."""
    behaviour: str
    chosen: bool
    """Whether the platform calls this one: Conscrypt prefers those with a socket or engine, then that with a host."""


class CallbackFact(Record, frozen=True, kw_only=True):
    """A class of the app that takes part in a TLS decision."""

    kind: Literal["trust_manager", "hostname_verifier", "webview_ssl_error", "socket"]
    class_name: str
    behaviour: str
    """One of the names fixed by the report's contract, such as ``accept-all`` or ``delegate``."""
    activation: Activation
    owner: str = "unknown"
    variant: int | None = None
    """Discriminator value, for a class that the shrinker merged from several."""
    code_digest: str | None = None
    """What the deciding methods do, as hexadecimal digits that stay the same when a shrinker renames, merges and
    inlines in another way; None where there is no code."""
    process_wide: bool = False
    detail: str | None = None
    """What decides, in words: on what it depends whether it accepts, whom it asks, or why that could not be told."""
    values: tuple[str, ...] = ()
    """Constants that it compares with, as far as they are known."""
    values_complete: bool = False
    """True for an ``allow-list`` that accepts the names in `values`, and no others."""
    debug_only: bool = False
    """True when what it accepts wrongly it accepts in debuggable builds only."""
    flag: FlagSource | None = None
    """For ``flag-dependent``: where the flag comes from."""
    delegates_to: tuple[Literal["default", "keystore", "android-ca-store", "custom", "unknown"], ...] = ()
    """Whose check a trust manager relies on, where it accepts."""
    without_host: bool = False
    """True when the platform's default manager is asked without the host: it refuses that where its policy has
    settings for single domains (AOSP ``RootTrustManager``)."""
    overloads: tuple[Overload, ...] = ()
    clients: tuple[str, ...] = ()
    """What it is handed to, by the names of ``callback_sinks.yaml``."""
    evidence: tuple[Location, ...] = ()
    """The statements that decide first, then how an object of the class gets to what uses it."""


class ClientFact(Record, frozen=True, kw_only=True):
    """An HTTP client that code outside of its library builds, with what it was given."""

    kind: Literal["okhttp"]
    class_name: str
    method: str
    """Name and descriptor of the method that makes the builder."""
    derived: bool
    """True for a builder made from another client, which passes on what it was not given itself."""
    pinned: bool | None
    """Whether it is given pins; None where that could not be told, as for what another client passes on."""
    own_socket_factory: bool | None
    """Whether it is given a socket factory."""
    own_verifier: bool | None
    """Whether it is given a host name verifier."""
    trust_managers: tuple[str, ...] = ()
    """Classes of the trust managers that it is given; ``default`` for the platform's, ``unknown`` for one not known."""
    factory_managers: tuple[str, ...] = ()
    """Classes of the trust managers that its socket factory was made with, in the same words."""
    verifiers: tuple[str, ...] = ()
    """Classes of the verifiers that it is given, in the same words."""
    activation: Activation
    owner: str = "unknown"
    evidence: tuple[Location, ...] = ()


class SdkFact(Record, frozen=True, kw_only=True):
    """A recognised library, SDK, runtime or packer."""

    name: str
    kind: Literal["library", "sdk", "runtime", "packer"]
    version: str | None = None
    evidence: tuple[Location, ...] = ()


class HostFact(Record, frozen=True, kw_only=True):
    """A host that the app names."""

    name: str
    owner: str
    source: Literal["policy", "code", "manifest", "resource"]
    client: str | None = None
    cleartext_named: bool = False
    """True when a URL without TLS (``http``, ``ws``, ``ftp``) among the app's texts names it."""
    cleartext_clients: tuple[str, ...] = ()
    """What is given a URL without TLS that names it: ``url-connection``, ``okhttp``, ``webview``, …; sorted."""
    tls_ports: tuple[int, ...] = ()
    """Ports of the ``https`` and ``wss`` URLs that name it, 443 where a URL names none; sorted. Empty when no such
    URL names it, or none whose port is written out."""
    evidence: tuple[Location, ...] = ()


class ApiUse(Record, frozen=True, kw_only=True):
    """A call of a catalogued API that rules ask about."""

    api: str
    """Catalogue name, such as ``provider-installer``."""
    activation: Activation
    owner: str = "unknown"
    arguments: tuple[str | None, ...] = ()
    """Arguments that the catalogue asks for, the elements of arrays one after the other; None where one is unknown."""
    clients: tuple[str, ...] = ()
    """What uses the object that the call makes, by the names of ``callback_sinks.yaml``."""
    process_wide: bool = False
    """True where that object serves every connection that sets nothing of its own."""
    evidence: tuple[Location, ...] = ()
