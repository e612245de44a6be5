"""What the manifest and the container say of the app as a whole."""

from typing import Literal

from analyzer.model.base import Record
from analyzer.model.location import Location

SignatureScheme = Literal["v1", "v2", "v3", "v3.1"]


class Signer(Record, frozen=True, kw_only=True):
    """One certificate that signed the package."""

    scheme: SignatureScheme
    certificate_sha256: bytes
    """SHA-256 of the certificate's DER encoding. The signature itself is not verified."""


class Component(Record, frozen=True, kw_only=True):
    """An activity, service, receiver or provider, or the application class itself."""

    kind: Literal["application", "activity", "activity-alias", "service", "receiver", "provider"]
    class_name: str
    """Fully qualified dotted name; for an alias, the name of its target activity."""
    exported: bool | None
    """The attribute's value; None when it is absent."""
    launcher: bool = False
    """True for an activity that the home screen starts."""


class MetaData(Record, frozen=True, kw_only=True):
    """A ``<meta-data>`` element directly under ``<application>``."""

    name: str
    value: str | None
    """The value as text; a reference is written ``@0x7f010001``."""
    resource: str | None
    """The ``android:resource`` attribute, written ``@0x7f010001``."""


class ResourceReference(Record, frozen=True, kw_only=True):
    """A reference to a resource as the manifest or a policy names it."""

    text: str
    """``@0x7f010001`` in compiled files, ``@xml/name`` in source files."""
    resource_id: int | None
    """The 32-bit id, or None when the file is not compiled."""
    name: str | None = None
    """``xml/network_security_config`` when the resource table names it."""


class AppInfo(Record, frozen=True, kw_only=True):
    """The app as its (base) manifest describes it."""

    package: str
    version_name: str | None
    version_code: int | None
    min_sdk: int
    """``minSdkVersion``, 1 when absent, as the platform assumes."""
    target_sdk: int
    """``targetSdkVersion``, the value of `min_sdk` when absent."""
    max_sdk: int | None = None
    """``maxSdkVersion``, or None."""
    min_sdk_declared: bool = True
    target_sdk_declared: bool = True
    debuggable: bool = False
    """``android:debuggable`` as ``TypedArray.getBoolean`` reads it: besides booleans and integers, the texts
    ``true``, ``TRUE`` and ``1`` count."""
    uses_cleartext_traffic: bool | None = None
    """The attribute's value, read like `debuggable`; None when it is absent or empty, so that the default counts."""
    network_security_config: ResourceReference | None = None
    instant_app: bool = False
    """True when ``targetSandboxVersion`` is 2, the sandbox that instant apps run in."""
    test_only: bool = False
    debuggable_location: Location | None = None
    cleartext_location: Location | None = None
    network_security_config_location: Location | None = None
    application_location: Location | None = None
    components: tuple[Component, ...] = ()
    meta_data: tuple[MetaData, ...] = ()
    permissions: tuple[str, ...] = ()
    """Names in ``uses-permission`` elements, sorted, without duplicates."""
    splits: tuple[str, ...] = ()
    """Names of the split APKs that were read together with the base, sorted."""
    required_splits_missing: bool = False
    """True when the manifest says that splits are required and none was supplied."""
    signers: tuple[Signer, ...] = ()
    dex_entries: tuple[str, ...] = ()
    """Container entries that hold DEX code, in load order."""
    native_libraries: tuple[str, ...] = ()
    """Base names of native libraries, sorted, without duplicates."""
