"""The settings of a policy in words, on every range of devices, each with its origin."""

import itertools
from collections.abc import Callable, Sequence

from analyzer.model import NetworkPolicy, Origin, PolicyScope, PolicyVariant, ScopeBand, Settings, TrustAnchor
from analyzer.model.policy_lookup import is_loopback, normalise_host, scope_for
from analyzer.reporters.banding import Banded, over_bands
from analyzer.reporters.levels import LevelRange, join_ranges, name_ranges
from analyzer.reporters.view_model import State, TrailStep, Value
from analyzer.reporters.view_places import element_place
from analyzer.reporters.words import show

ALLOWED: tuple[str, State] = ("Allowed", "bad")
NOT_ALLOWED: tuple[str, State] = ("Not allowed", "good")
TRUSTED: tuple[str, State] = ("Trusted", "bad")
NOT_TRUSTED: tuple[str, State] = ("Not trusted", "good")
REFUSED = "Refused by Android"
"""What holds on devices on which the platform does not accept the file."""
_ORIGINS = {
    "declared": "declared here",
    "inherited": "inherited from an enclosing element",
    "manifest": "manifest attribute",
    "platform-default": "platform default",
    "implicit": "implied by another setting",
}
_SOURCES = {"system": "system CAs", "user": "user-installed CAs", "wfa": "WFA CAs", "raw": "bundled CA"}
_SETTING_ORDER = ("Pin-set", "Cleartext", "Trust anchors", "Certificate transparency", "Domain encryption")


class BandedSettings:
    """Applies a reading of the settings to every range of devices on which they hold."""

    def __init__(self, bands: Sequence[ScopeBand]) -> None:
        """Take the ranges of device levels, each with what holds there."""
        self._bands = bands

    def of(
        self,
        read: Callable[[Settings], tuple[str, State]],
        refused: Sequence[LevelRange] = (),
        older: Sequence[Banded] = (),
    ) -> tuple[Value, ...]:
        """Return the words on each range.

        Args:
            read: Words of the settings.
            refused: Levels on which the file as a whole has no effect.
            older: What holds on devices that read no policy.
        """
        bands: list[Banded] = [((band.first_level, band.last_level), *read(band.settings)) for band in self._bands]
        bands += [(levels, REFUSED, "bad") for levels in refused]
        bands += older
        return over_bands(bands) if bands else (Value(text="–"),)

    def values(self, read: Callable[[Settings], Value]) -> tuple[Value, ...]:
        """Do as `of` does, for a reading that makes a value."""

        def words(settings: Settings) -> tuple[str, State]:
            value = read(settings)
            return value.text, value.state

        return self.of(words)


def deciding_scopes(
    policy: NetworkPolicy, host: str
) -> tuple[tuple[PolicyVariant, PolicyScope, tuple[ScopeBand, ...]], ...]:
    """Return the scopes that decide about `host`, with the bands for which each does.

    A pattern such as ``*.example.com`` asks for the hosts below ``example.com``.
    """
    name = normalise_host(host)
    found: list[tuple[PolicyVariant, PolicyScope, tuple[ScopeBand, ...]]] = []
    for variant in [variant for variant in policy.variants if variant.default] or policy.variants[:1]:
        spans = [(variant.first_level, variant.last_level)]
        if is_loopback(name):
            # Only for the names of the device itself the choice of the scope depends on the level.
            spans = [(level, level) for level in range(variant.first_level, variant.last_level + 1)]
        choices = ((scope_for(variant, name, first), first, last) for first, last in spans)
        for scope, group in itertools.groupby(choices, key=lambda choice: choice[0]):
            levels = join_ranges((first, last) for _, first, last in group)
            if scope is not None:
                found.append((variant, scope, _clip(scope.bands, levels[0])))
    return tuple(found)


def _clip(bands: Sequence[ScopeBand], levels: LevelRange) -> tuple[ScopeBand, ...]:
    first, last = levels
    return tuple(
        ScopeBand(
            first_level=max(band.first_level, first), last_level=min(band.last_level, last), settings=band.settings
        )
        for band in bands
        if band.first_level <= last and band.last_level >= first
    )


def cleartext_words(settings: Settings) -> tuple[str, State]:
    """Tell whether cleartext is allowed."""
    return ALLOWED if settings.cleartext else NOT_ALLOWED


def user_cas_words(settings: Settings) -> tuple[str, State]:
    """Tell whether certificates count that end in a CA which the user installed."""
    trusted = any(anchor.source == "user" for anchor in settings.trust_anchors)
    return TRUSTED if trusted else NOT_TRUSTED


def anchors_words(settings: Settings) -> tuple[str, State]:
    """Name the trust anchors."""
    if not settings.trust_anchors:
        return "None: no certificate is trusted", "bad"
    return ", ".join(_anchor_name(anchor) for anchor in settings.trust_anchors[:20]), "neutral"


def _anchor_name(anchor: TrustAnchor) -> str:
    name = _SOURCES[anchor.source]
    resource = anchor.resource_name or anchor.resource
    if resource:
        name += f" {show(resource, 120)}"
    notes = ["overrides pins"] if anchor.overrides_pins else []
    notes += ["debuggable builds"] if anchor.from_debug_overrides else []
    return f"{name} ({', '.join(notes)})" if notes else name


def transparency_words(settings: Settings) -> tuple[str, State]:
    """Tell whether certificates must be in public logs."""
    return ("Required", "good") if settings.ct_required else ("Not required", "neutral")


def trail(variant: PolicyVariant, scope: PolicyScope) -> tuple[TrailStep, ...]:
    """Return the origin of every setting of a scope."""
    steps: dict[tuple[str, str, str, str], list[LevelRange]] = {}
    for band in scope.bands:
        settings = band.settings
        pins = len(settings.pin_set.pins)
        for setting, value, origin in (
            ("Cleartext", cleartext_words(settings)[0], settings.cleartext_origin),
            ("Trust anchors", anchors_words(settings)[0], settings.trust_anchors_origin),
            ("Pin-set", f"{pins} listed" if pins else "None", settings.pin_set_origin),
            ("Certificate transparency", transparency_words(settings)[0], settings.ct_origin),
            ("Domain encryption", settings.domain_encryption or "", settings.domain_encryption_origin),
        ):
            if origin is not None:
                key = (setting, value, _origin_words(origin), element_place(variant.entry, origin.path, origin.line))
                steps.setdefault(key, []).append((band.first_level, band.last_level))
    everywhere = join_ranges((band.first_level, band.last_level) for band in scope.bands)
    ordered = sorted(steps.items(), key=lambda item: _SETTING_ORDER.index(item[0][0]))
    return tuple(
        TrailStep(
            setting=setting,
            value=value,
            origin=origin,
            place=place,
            levels="" if join_ranges(spans) == everywhere else name_ranges(spans),
        )
        for (setting, value, origin, place), spans in ordered
    )


def _origin_words(origin: Origin) -> str:
    return _ORIGINS[origin.kind]
