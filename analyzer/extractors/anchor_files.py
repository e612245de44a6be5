"""Certificates in the resources that trust anchors of a policy refer to."""

from collections.abc import Iterable

from analyzer.apk.app import OpenedApp
from analyzer.apk.errors import EntryError
from analyzer.extractors.policy_anchors import anchor_reference
from analyzer.model import BundledAnchor, NetworkPolicy
from analyzer.x509.certificate import Certificate, read_certificate
from analyzer.x509.errors import UnreadableError
from analyzer.x509.pem import pem_blocks

_MAX_CERTIFICATES = 1_000
_MAX_ANCHORS = 500
"""Most certificates of a report: several times what the system's own store holds."""
_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})


def bundled_anchors(app: OpenedApp, policy: NetworkPolicy, in_code: Iterable[Certificate]) -> tuple[BundledAnchor, ...]:
    """Return the certificates that the policy's anchors stand for, and those that key stores in code hold.

    Args:
        app: The app.
        policy: Whose anchors are read, with those of debug-overrides where these are in force.
        in_code: What is trusted in code.
    """
    resources = dict.fromkeys(
        anchor.resource
        for variant in policy.variants
        for scope in variant.scopes
        for band in scope.bands
        for anchor in band.settings.trust_anchors
        if anchor.source == "raw" and anchor.resource is not None
    )
    found: dict[Certificate, list[str]] = {}
    for resource in resources:
        for certificate in read_anchors(app, resource):
            found.setdefault(certificate, []).append(resource)
    for certificate in in_code:
        found.setdefault(certificate, [])
    return tuple(
        BundledAnchor(certificate=one.der, certificate_sha256=one.sha256, resources=tuple(references))
        for one, references in list(found.items())[:_MAX_ANCHORS]
    )


def read_anchors(app: OpenedApp, resource: str) -> tuple[Certificate, ...]:
    """Return the certificates of a resource, in every configuration of it, without repeats.

    As AOSP's ``ResourceCertificateSource`` reads it: PEM or DER. What cannot be read is left out.

    Args:
        app: The app.
        resource: The reference as a `TrustAnchor` has it.
    """
    found: dict[Certificate, None] = {}
    for file in app.resource_files(anchor_reference(resource)):
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
