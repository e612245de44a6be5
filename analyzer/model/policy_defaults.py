"""What Android decides when a policy is silent: the platform defaults by device level and target SDK.

Sources: AOSP ``NetworkSecurityConfig.getDefaultBuilder`` and ``ManifestConfigSource``; the cleartext default of
devices below API 28 is the package parser's, which knew no target-dependent default yet.
"""

from analyzer.model.app import AppInfo
from analyzer.model.policy import Origin, PinSet, Settings, TrustAnchor

CERTIFICATE_TRANSPARENCY_LEVEL = 36
"""First device level on which ``certificateTransparency`` has an effect."""
DOMAIN_ENCRYPTION_LEVEL = 37
"""First device level that knows ``domainEncryption``, the implicit localhost configuration and the
certificate transparency default of target SDK 37."""
PLATFORM_DEFAULT = Origin(kind="platform-default")
_NO_PINS = PinSet()


def default_cleartext(level: int, target_sdk: int, *, instant_app: bool) -> bool:
    """Tell whether cleartext is permitted on a device of `level` when nothing says so."""
    if instant_app and level > 26:
        return False
    return level < 28 or target_sdk < 28


def default_domain_encryption(level: int, target_sdk: int) -> str | None:
    """Return the ECH mode that holds by default, None on levels that do not know it."""
    if level < DOMAIN_ENCRYPTION_LEVEL:
        return None
    return "opportunistic" if target_sdk >= 37 else "disabled"


def default_certificate_transparency(level: int, target_sdk: int) -> bool | None:
    """Tell whether certificate transparency is required by default, None on levels without it."""
    if level < CERTIFICATE_TRANSPARENCY_LEVEL:
        return None
    return level >= DOMAIN_ENCRYPTION_LEVEL and target_sdk >= 37


def default_anchors(target_sdk: int) -> tuple[TrustAnchor, ...]:
    """Return the trust anchors of apps that declare none: user CAs only for target SDK 23 and below."""
    system = TrustAnchor(source="system")
    return (system, TrustAnchor(source="user")) if target_sdk <= 23 else (system,)


def platform_default(app: AppInfo, level: int, *, has_file: bool) -> Settings:
    """Return the settings of an app on a device of `level` that no policy element changes.

    With a policy file the ``usesCleartextTraffic`` attribute is ignored on every level from 24 on; without one
    it replaces the cleartext default, except in instant apps.
    """
    cleartext = default_cleartext(level, app.target_sdk, instant_app=app.instant_app)
    cleartext_origin = PLATFORM_DEFAULT
    if not has_file and app.uses_cleartext_traffic is not None:
        cleartext = app.uses_cleartext_traffic and not (app.instant_app and level > 26)
        cleartext_origin = Origin(
            kind="manifest",
            path="manifest/application",
            line=app.cleartext_location.line if app.cleartext_location else None,
        )
    anchors = default_anchors(app.target_sdk)
    ct_required = default_certificate_transparency(level, app.target_sdk)
    ct_origin = PLATFORM_DEFAULT if ct_required is not None else None
    if ct_required and any(anchor.source == "user" for anchor in anchors):
        ct_required, ct_origin = False, Origin(kind="implicit")
    encryption = default_domain_encryption(level, app.target_sdk)
    return Settings(
        cleartext=cleartext,
        cleartext_origin=cleartext_origin,
        trust_anchors=anchors,
        trust_anchors_origin=PLATFORM_DEFAULT,
        pin_set=_NO_PINS,
        pin_set_origin=PLATFORM_DEFAULT,
        ct_required=ct_required,
        ct_origin=ct_origin,
        domain_encryption=encryption,
        domain_encryption_origin=PLATFORM_DEFAULT if encryption is not None else None,
    )
