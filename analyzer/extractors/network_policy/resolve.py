"""Inheritance: what holds in each scope on each device level (AOSP ``NetworkSecurityConfig.Builder``).

Values are replaced whole, never merged: nested domain-config, enclosing domain-configs, base-config, platform
default, in this order, the first that states a value wins.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from analyzer.extractors.network_policy.declared import DeclaredAnchors, DeclaredConfig, DeclaredPolicy
from analyzer.model import (
    Origin,
    PolicyScope,
    ScopeBand,
    Settings,
    TrustAnchor,
)
from analyzer.model.app import AppInfo
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_defaults import (
    CERTIFICATE_TRANSPARENCY_LEVEL,
    DOMAIN_ENCRYPTION_LEVEL,
    platform_default,
)
from analyzer.model.policy_lookup import is_loopback, normalise_host

# Levels on which a platform default or a known element changes; between two of them all levels behave alike.
_TURNING_POINTS = (FIRST_POLICY_LEVEL, 27, 28, CERTIFICATE_TRANSPARENCY_LEVEL, DOMAIN_ENCRYPTION_LEVEL)


def _representative(level: int) -> int:
    return max(point for point in _TURNING_POINTS if point <= level)


def policy_levels(app: AppInfo) -> range:
    """Return the device levels on which the app can run and a policy exists; empty below API 24."""
    first = max(FIRST_POLICY_LEVEL, min(app.min_sdk, HIGHEST_KNOWN_LEVEL))
    last = min(app.max_sdk or HIGHEST_KNOWN_LEVEL, HIGHEST_KNOWN_LEVEL)
    return range(first, last + 1)


def resolve(
    declared: DeclaredPolicy | None,
    app: AppInfo,
    levels: Iterable[int],
    *,
    debug_anchors: tuple[TrustAnchor, ...] = (),
) -> tuple[PolicyScope, ...]:
    """Resolve every scope of a policy on the given levels: base first, then domain scopes in file order.

    Args:
        declared: The parsed file, or None for an app without one.
        app: The app, for target SDK, cleartext attribute and debuggable flag.
        levels: Ascending device levels on which the platform accepts the file.
        debug_anchors: Anchors of the debug-overrides in force; empty in release builds.
    """
    ladder = _Ladder(declared, app, debug_anchors)
    levels = tuple(levels)
    base_config = declared.configs[declared.base] if declared and declared.base is not None else None
    scopes = [
        PolicyScope(
            kind="base",
            path=base_config.path if base_config else None,
            line=base_config.line if base_config else None,
            bands=_bands((level, ladder.base(level)) for level in levels),
        )
    ]
    names: list[str] = []
    for index, config in enumerate(declared.configs if declared else ()):
        if config.kind != "domain":
            continue
        names.extend(domain.name for domain in config.domains)
        parent = declared.configs[config.parent] if declared and config.parent is not None else None
        scopes.append(
            PolicyScope(
                kind="domain",
                path=config.path,
                parent_path=parent.path if parent else None,
                line=config.line,
                domains=tuple(config.domains),
                bands=_bands((level, ladder.config(index, level)) for level in levels),
            )
        )
    local_levels = [level for level in levels if level >= DOMAIN_ENCRYPTION_LEVEL]
    if local_levels and not any(is_loopback(normalise_host(name)) for name in names):
        bands = _bands((level, ladder.localhost(level)) for level in local_levels)
        scopes.append(PolicyScope(kind="localhost", path=None, bands=bands))
    return tuple(scopes)


class _Ladder:
    """The chain of configurations, evaluated once per level and configuration."""

    def __init__(self, declared: DeclaredPolicy | None, app: AppInfo, debug_anchors: tuple[TrustAnchor, ...]) -> None:
        self._declared = declared
        self._app = app
        self._debug_anchors = debug_anchors
        self._base: dict[int, Settings] = {}
        self._configs: dict[tuple[int, int], Settings] = {}
        self._handed_down: dict[tuple[int | None, int], Settings] = {}

    def default(self, level: int) -> Settings:
        settings = platform_default(self._app, level, has_file=self._declared is not None)
        if not self._debug_anchors:
            return settings
        anchors = _in_lookup_order(settings.trust_anchors + self._debug_anchors)
        ct_required, ct_origin = settings.ct_required, settings.ct_origin
        if ct_required and _opts_out(anchors):
            ct_required, ct_origin = False, _implicit(self._debug_anchors[0])
        return replace(settings, trust_anchors=anchors, ct_required=ct_required, ct_origin=ct_origin)

    def base(self, level: int) -> Settings:
        level = _representative(level)
        if level not in self._base:
            settings = self.default(level)
            if self._declared is not None and self._declared.base is not None:
                settings = self._apply(self._declared.configs[self._declared.base], settings, level)
            self._base[level] = settings
        return self._base[level]

    def config(self, index: int, level: int) -> Settings:
        assert self._declared is not None
        level = _representative(level)
        key = (index, level)
        if key not in self._configs:
            config = self._declared.configs[index]
            self._configs[key] = self._apply(config, self._from_parent(config.parent, level), level)
        return self._configs[key]

    def _from_parent(self, parent: int | None, level: int) -> Settings:
        """Return what a child of a configuration (None: of the base) inherits.

        A parent always stands before its children in the list, so its settings are there already.
        """
        key = (parent, level)
        if key not in self._handed_down:
            settings = self.base(level) if parent is None else self._configs[parent, level]
            self._handed_down[key] = _inherited(settings)
        return self._handed_down[key]

    def localhost(self, level: int) -> Settings:
        """Return the implicit configuration for loopback names.

        It inherits from the base where a file exists; without one it has no parent and so no trust anchor at all.
        """
        implicit = Origin(kind="implicit")
        settings = _inherited(self.base(level))
        if self._declared is None:
            settings = replace(settings, trust_anchors=(), trust_anchors_origin=implicit)
        return replace(settings, cleartext=True, cleartext_origin=implicit, ct_required=False, ct_origin=implicit)

    def _apply(self, config: DeclaredConfig, parent: Settings, level: int) -> Settings:
        settings = parent
        if config.cleartext is not None:
            origin = Origin(kind="declared", path=config.cleartext.path, line=config.cleartext.line)
            settings = replace(settings, cleartext=config.cleartext.value, cleartext_origin=origin)
        own_anchors: tuple[TrustAnchor, ...] | None = None
        if config.anchors is not None:
            own_anchors = _in_lookup_order(config.anchors.anchors + self._debug_anchors)
            settings = replace(settings, trust_anchors=own_anchors, trust_anchors_origin=_declared_at(config.anchors))
        if config.pin_set is not None:
            origin = Origin(kind="declared", path=config.pin_set.path, line=config.pin_set.line)
            settings = replace(settings, pin_set=config.pin_set.pin_set, pin_set_origin=origin)
        if level >= CERTIFICATE_TRANSPARENCY_LEVEL:
            if config.ct is not None:
                origin = Origin(kind="declared", path=config.ct.path, line=config.ct.line)
                settings = replace(settings, ct_required=config.ct.value, ct_origin=origin)
            elif own_anchors is not None and _opts_out(own_anchors):
                cause = next(anchor for anchor in own_anchors if anchor.source in ("user", "raw"))
                settings = replace(settings, ct_required=False, ct_origin=_implicit(cause))
        if level >= DOMAIN_ENCRYPTION_LEVEL and config.encryption is not None:
            # An unknown mode sets the platform default, it does not leave the parent's value alone.
            mode = config.encryption.value or self.default(level).domain_encryption
            origin = Origin(kind="declared", path=config.encryption.path, line=config.encryption.line)
            settings = replace(settings, domain_encryption=mode, domain_encryption_origin=origin)
        return settings


def _in_lookup_order(anchors: tuple[TrustAnchor, ...]) -> tuple[TrustAnchor, ...]:
    """Sort overriding entries first, as ``NetworkSecurityConfig``'s constructor does."""
    return tuple(sorted(anchors, key=lambda anchor: not anchor.overrides_pins))


def _opts_out(anchors: tuple[TrustAnchor, ...]) -> bool:
    """Tell whether anchors switch certificate transparency off where nothing states it."""
    return any(anchor.source in ("user", "raw") for anchor in anchors)


def _implicit(cause: TrustAnchor) -> Origin:
    return Origin(kind="implicit", path=cause.path, line=cause.line)


def _declared_at(anchors: DeclaredAnchors) -> Origin:
    return Origin(kind="declared", path=anchors.path, line=anchors.line)


def _inherited(settings: Settings) -> Settings:
    """Return a parent's settings as a child sees them: what the parent declares, the child inherits."""
    return replace(
        settings,
        cleartext_origin=_handed_down(settings.cleartext_origin),
        trust_anchors_origin=_handed_down(settings.trust_anchors_origin),
        pin_set_origin=_handed_down(settings.pin_set_origin),
        ct_origin=_handed_down(settings.ct_origin) if settings.ct_origin else None,
        domain_encryption_origin=(
            _handed_down(settings.domain_encryption_origin) if settings.domain_encryption_origin else None
        ),
    )


def _handed_down(origin: Origin) -> Origin:
    if origin.kind not in ("declared", "implicit") or origin.path is None:
        return origin
    return Origin(kind="inherited", path=origin.path, line=origin.line)


def _bands(values: Iterable[tuple[int, Settings]]) -> tuple[ScopeBand, ...]:
    """Join consecutive levels with equal settings."""
    bands: list[ScopeBand] = []
    for level, settings in values:
        if bands and bands[-1].last_level == level - 1 and bands[-1].settings == settings:
            bands[-1] = ScopeBand(first_level=bands[-1].first_level, last_level=level, settings=settings)
        else:
            bands.append(ScopeBand(first_level=level, last_level=level, settings=settings))
    return tuple(bands)
