"""Which files the network security policy names as trust anchors, in any configuration of the resource."""

from collections.abc import Iterator, Mapping

from analyzer.apk.app import OpenedApp
from analyzer.model import (
    CertificateUse,
    Location,
    NetworkPolicy,
    PolicyScope,
    PolicyVariant,
    ResourceReference,
    TrustAnchor,
)


def anchored_entries(app: OpenedApp, policy: NetworkPolicy) -> Mapping[str, tuple[CertificateUse, ...]]:
    """Return, by container entry, where the policy uses it."""
    found: dict[str, dict[CertificateUse, None]] = {}
    for variant in policy.variants:
        for anchor, use in _anchors(app, variant):
            for file in _files(app, anchor):
                found.setdefault(file, {})[use] = None
    return {entry: tuple(uses) for entry, uses in found.items()}


def _anchors(app: OpenedApp, variant: PolicyVariant) -> Iterator[tuple[TrustAnchor, CertificateUse]]:
    for scope in variant.scopes:
        hosts = _hosts(scope)
        for band in scope.bands:
            anchors = band.settings.trust_anchors
            sole = all(anchor.source == "raw" for anchor in anchors)
            for anchor in anchors:
                if anchor.source == "raw" and not anchor.from_debug_overrides:
                    yield anchor, _use(variant, anchor, "policy-anchor", hosts, sole=sole, active=True)
    for overrides in variant.debug_overrides:
        for anchor in overrides.trust_anchors:
            if anchor.source == "raw":
                yield anchor, _use(variant, anchor, "debug-anchor", (), sole=False, active=app.info.debuggable)


def _use(
    variant: PolicyVariant, anchor: TrustAnchor, kind: str, hosts: tuple[str, ...], *, sole: bool, active: bool
) -> CertificateUse:
    place = Location(
        kind="xml", entry=variant.entry, xml_path=anchor.path, line=anchor.line, snippet=anchor.resource_name
    )
    return CertificateUse(
        kind="debug-anchor" if kind == "debug-anchor" else "policy-anchor",
        hosts=hosts,
        sole=sole,
        activation="active" if active else "defined_only",
        owner="first-party",
        evidence=(place,),
    )


def _hosts(scope: PolicyScope) -> tuple[str, ...]:
    return tuple(("*." if domain.include_subdomains else "") + domain.name for domain in scope.domains)


def _files(app: OpenedApp, anchor: TrustAnchor) -> tuple[str, ...]:
    reference = anchor_reference(anchor.resource or "", anchor.resource_name)
    return tuple(file.entry for file in app.resource_files(reference))


def anchor_reference(resource: str, name: str | None = None) -> ResourceReference:
    """Return what an anchor refers to.

    Args:
        resource: As a `TrustAnchor` has it: ``@0x7f010001`` in compiled files, ``@raw/name`` in source files.
        name: The resource's name where that is known.
    """
    text = resource.removeprefix("@")
    try:
        identifier = int(text, 16) if text.lower().startswith("0x") else None
    except ValueError:
        identifier = None
    return ResourceReference(
        text=resource, resource_id=identifier, name=None if identifier is not None else (name or text).removeprefix("@")
    )
