"""Certificates in the resources that trust anchors of a policy refer to."""

from analyzer.apk.app import OpenedApp
from analyzer.apk.errors import EntryError
from analyzer.model import ResourceReference
from analyzer.x509.certificate import Certificate, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.pem import pem_blocks

_MAX_CERTIFICATES = 1_000
_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})


def read_anchors(app: OpenedApp, resource: str) -> tuple[Certificate, ...]:
    """Return the certificates of a resource, in every configuration of it, without repeats.

    As AOSP's ``ResourceCertificateSource`` reads it: PEM or DER. What cannot be read is left out.

    Args:
        app: The app.
        resource: The reference as a `TrustAnchor` has it.
    """
    number = resource.removeprefix("@")
    identifier = int(number, 16) if number.lower().startswith("0x") else None
    reference = ResourceReference(text=resource, resource_id=identifier, name=None if identifier else number)
    found: dict[Certificate, None] = {}
    for file in app.resource_files(reference):
        try:
            data = app.read(file.entry)
        except EntryError:
            continue
        blocks = [block.data for block in pem_blocks(data, most=_MAX_CERTIFICATES) if block.label in _LABELS]
        for der in blocks or [data]:
            try:
                if der is not None:
                    found[read_certificate(der)] = None
            except UnreadableError:
                continue
    return tuple(found)
