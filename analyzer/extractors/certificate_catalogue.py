"""The catalogue ``certificates.yaml``: certificates that should not come with a release, and what takes some."""

import base64
import hashlib
import re
from typing import Annotated, Literal

import msgspec

from analyzer.extractors.sink_catalogue import Member
from analyzer.model.certificates import UseKind

CERTIFICATES_FILE = "certificates.yaml"


class KnownSubject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An authority that is known by its subject; the file's head explains the fields."""

    name: str
    purpose: Literal["interception", "staging"]
    subject: str

    def matches(self, subject: str) -> bool:
        """Tell whether a subject, as `Name.text` writes it, is that of the authority."""
        return re.fullmatch(self.subject, subject) is not None


class TestKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key whose private half is published."""

    name: str
    spki_sha256: str

    @property
    def digest(self) -> bytes:
        """The decoded digest."""
        return base64.b64decode(self.spki_sha256, validate=True)


class SigningCertificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate that signs apps."""

    name: str
    certificate_sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class CertificateSink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A method that takes a certificate, a key store or a stream of them; the file's head explains the fields."""

    method: Member
    parameter: Annotated[str, msgspec.Meta(pattern=r"^L[^;]+;$")]
    argument: Annotated[int, msgspec.Meta(ge=1)] = 1
    parameters: int | None = None
    use: UseKind
    gives_to: Literal["object", "client"] | None = None

    @property
    def name(self) -> tuple[str, str]:
        """Descriptor of the class, and name of the method."""
        owner, _, name = self.method.partition("->")
        return owner, name

    @property
    def takes_stream(self) -> bool:
        """Whether it reads the certificates itself."""
        return self.parameter == "Ljava/io/InputStream;"

    def fits(self, parameters: tuple[str, ...]) -> bool:
        """Tell whether an overload with these parameter types is meant."""
        return (
            (self.parameters is None or self.parameters == len(parameters))
            and self.argument <= len(parameters)
            and parameters[self.argument - 1] == self.parameter
        )


class KnownCertificates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of the file."""

    subjects: tuple[KnownSubject, ...] = ()
    test_keys: tuple[TestKey, ...] = ()
    signing: tuple[SigningCertificate, ...] = ()
    sinks: tuple[CertificateSink, ...] = ()

    def subject(self, subject: str) -> KnownSubject | None:
        """Return the authority with this subject."""
        return next((known for known in self.subjects if known.matches(subject)), None)

    def signs_apps(self, certificate: bytes) -> bool:
        """Tell whether a certificate in DER is one that signs apps, and no TLS server has."""
        digest = hashlib.sha256(certificate).hexdigest()
        return any(known.certificate_sha256 == digest for known in self.signing)

    def test_key(self, digest: bytes) -> TestKey | None:
        """Return the published key whose SubjectPublicKeyInfo has this SHA-256."""
        return next((known for known in self.test_keys if known.digest == digest), None)
