"""The catalogues in ``rules/catalogue``: what is publicly known, kept as data so that adding to it is no code."""

import base64
import binascii
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from analyzer.errors import RuleError
from analyzer.extractors.catalogue_files import built_in_catalogues, read_catalogue_file
from analyzer.extractors.certificate_catalogue import CERTIFICATES_FILE, KnownCertificates
from analyzer.extractors.pin_api_catalogue import PIN_APIS_FILE, PinApis
from analyzer.extractors.sdk_catalogue import (
    APIS_FILE,
    SDKS_FILE,
    Api,
    ApiFile,
    HostCall,
    Sdk,
    SdkFile,
    check_apis,
    check_sdks,
)
from analyzer.extractors.sink_catalogue import SINKS_FILE, CallbackSinks
from analyzer.model.pins import Algorithm, KeyStatus

PINS_FILE = "known_pins.yaml"
KEYS_FILE = "known_keys.tsv"
_KEY_COLUMNS = 10
_SHORT_NAME = 6
"""Names such as ``R11`` mean nothing without their owner's."""
_DIGEST_BYTES: Mapping[str, int] = {"sha256": 32, "sha1": 20}

KnownKind = Literal["root", "intermediate", "leaf", "staging", "example", "empty-input"]


class KnownPin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of ``known_pins.yaml``; the file's head explains the fields."""

    pin: Annotated[str, msgspec.Meta(pattern=r"^sha(256|1)/[A-Za-z0-9+/]+=$")]
    name: Annotated[str, msgspec.Meta(min_length=1)]
    kind: KnownKind
    real: bool = False
    status: KeyStatus | None = None
    valid_until: dt.date | None = None
    hosts: tuple[str, ...] = ()
    detail: Annotated[str, msgspec.Meta(min_length=1)]

    @property
    def algorithm(self) -> Algorithm:
        """The digest algorithm that `pin` names."""
        return "sha256" if self.pin.startswith("sha256/") else "sha1"

    @property
    def digest(self) -> bytes:
        """The decoded digest."""
        return base64.b64decode(self.pin.partition("/")[2], validate=True)


class _PinFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pins: tuple[KnownPin, ...]


class _KnownKey(msgspec.Struct, frozen=True, array_like=True):
    """One line of ``known_keys.tsv``; the file's head explains the columns."""

    pin: str
    sha1: str
    certificate: str
    kind: Literal["root", "intermediate", "staging"]
    valid_from: dt.date
    valid_until: dt.date
    name: str
    organisation: str
    issuer: str
    source: str

    @property
    def shown(self) -> str:
        """The name, with its organisation where it says little alone."""
        alone = len(self.name) > _SHORT_NAME or not self.organisation
        return self.name if alone else f"{self.organisation} {self.name}"


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that extractors look up."""

    pins: Mapping[tuple[Algorithm, bytes], KnownPin]
    """Known pins by algorithm and digest."""
    certificates_of: Mapping[bytes, KnownPin] = {}
    """Known authorities by the SHA-256 of their whole certificates."""
    sdks: tuple[Sdk, ...] = ()
    """Known libraries, SDKs, runtimes and packers."""
    apis: tuple[Api, ...] = ()
    """API methods whose calls rules ask about."""
    host_calls: tuple[HostCall, ...] = ()
    """API methods that are given a host or a URL."""
    certificates: KnownCertificates = KnownCertificates()
    """Subjects and keys of certificates that should not come with a release."""
    pin_apis: PinApis = PinApis()
    """Pinning mechanisms that are known by the names of their methods."""
    callback_sinks: CallbackSinks = CallbackSinks()
    """What uses trust managers, socket factories, host name verifiers and WebView clients."""


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Load the catalogues from `folder`, or those that come with the package.

    Raises:
        RuleError: A file is missing or wrong; the message names file and key.
    """
    if folder is None:
        folder = built_in_catalogues()
    keys, certificates_of = _load_keys(folder / KEYS_FILE)
    pins = {**keys, **_load_pins(folder / PINS_FILE)}
    sdks = read_catalogue_file(folder / SDKS_FILE, SdkFile).sdks
    check_sdks(str(folder / SDKS_FILE), sdks)
    apis = read_catalogue_file(folder / APIS_FILE, ApiFile)
    check_apis(str(folder / APIS_FILE), apis, sdks)
    return Catalogue(
        pins=pins,
        certificates_of=certificates_of,
        sdks=sdks,
        apis=apis.apis,
        host_calls=apis.host_calls,
        certificates=read_catalogue_file(folder / CERTIFICATES_FILE, KnownCertificates),
        pin_apis=read_catalogue_file(folder / PIN_APIS_FILE, PinApis),
        callback_sinks=read_catalogue_file(folder / SINKS_FILE, CallbackSinks),
    )


def _load_pins(path: Path) -> dict[tuple[Algorithm, bytes], KnownPin]:
    known: dict[tuple[Algorithm, bytes], KnownPin] = {}
    for index, entry in enumerate(read_catalogue_file(path, _PinFile).pins):
        where = f"{path}: pins[{index}].pin"
        try:
            digest = entry.digest
        except binascii.Error as error:
            raise RuleError(f"{where}: {entry.pin!r} is not base64 ({error})") from error
        if len(digest) != _DIGEST_BYTES[entry.algorithm]:
            raise RuleError(f"{where}: {entry.pin!r} decodes to {len(digest)} bytes")
        if base64.b64encode(digest).decode() != entry.pin.partition("/")[2]:
            raise RuleError(f"{where}: {entry.pin!r} is not the canonical spelling of its digest")
        if (entry.algorithm, digest) in known:
            raise RuleError(f"{where}: {entry.pin!r} is listed twice")
        if entry.status == "expired" and entry.valid_until is None:
            raise RuleError(f"{path}: pins[{index}].valid_until: missing for an expired key")
        known[entry.algorithm, digest] = entry
    return known


def _load_keys(path: Path) -> tuple[dict[tuple[Algorithm, bytes], KnownPin], dict[bytes, KnownPin]]:
    """Load the generated table, by keys and by certificates; what ``known_pins.yaml`` says of a key comes before it."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RuleError(f"{path}: cannot be read: {error.strerror}") from error
    known: dict[tuple[Algorithm, bytes], KnownPin] = {}
    certificates: dict[bytes, KnownPin] = {}
    for number, line in enumerate(lines, start=1):
        if not line or line.startswith(("#", "pin\t")):
            continue
        cells = line.split("\t")
        try:
            if len(cells) != _KEY_COLUMNS:
                raise msgspec.ValidationError(f"{len(cells)} columns instead of {_KEY_COLUMNS}")
            key = msgspec.convert(cells, _KnownKey, strict=False)
            digests = [base64.b64decode(text, validate=True) for text in cells[:3]]
        except (msgspec.ValidationError, binascii.Error) as error:
            raise RuleError(f"{path}: line {number}: {error}") from error
        if [len(digest) for digest in digests] != [32, 20, 32]:
            raise RuleError(f"{path}: line {number}: no digests of a key and its certificate")
        what = "authority for tests" if key.kind == "staging" else key.kind
        entry = KnownPin(
            pin=f"sha256/{key.pin}",
            name=key.shown,
            kind=key.kind,
            real=key.kind != "staging",
            valid_until=key.valid_until,
            detail=f"{'An' if what[0] in 'ai' else 'A'} {what} known from {key.source}.",
        )
        known["sha256", digests[0]] = known["sha1", digests[1]] = entry
        certificates[digests[2]] = entry
    return known, certificates
