"""The host table: one row per scope of the policy and per pin-set in code, with the origin of every value."""

import datetime as dt
from collections.abc import Callable, Sequence

from analyzer.model import (
    AppInfo,
    Facts,
    HostFact,
    NetworkPolicy,
    Origin,
    PinFact,
    PolicyScope,
    PolicyVariant,
    Settings,
    TrustAnchor,
)
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.reporters.banding import Banded, over_bands
from analyzer.reporters.levels import LevelRange, join_ranges, name_levels, name_ranges, short_ranges
from analyzer.reporters.text import join_words
from analyzer.reporters.view_model import HostRow, HostTable, State, TrailStep, Value
from analyzer.reporters.view_pins import (
    backup_value,
    code_rows,
    enforcement,
    host_pattern,
    pin_view,
    stand_ins,
    until_value,
)
from analyzer.reporters.view_places import element_place
from analyzer.reporters.words import DOMAIN_PROBLEMS, MECHANISMS, owner_name, show

MAX_ROWS = 250
"""Most rows of the host table in a human report."""
MAX_PATTERNS = 40
"""Most host patterns that one row spells out."""
NOT_IN_FORCE = "Not in force"
"""What the pins of a policy are on devices that read none."""
_REFUSED = "Refused by Android"
_ORIGINS = {
    "declared": "declared here",
    "inherited": "inherited from an enclosing element",
    "manifest": "manifest attribute",
    "platform-default": "platform default",
    "implicit": "implied by another setting",
}
_SOURCES = {"system": "system CAs", "user": "user-installed CAs", "wfa": "WFA CAs", "raw": "bundled CA"}


def host_table(facts: Facts, as_of: dt.datetime) -> HostTable:
    """Return the table: domains of the policy, then pin-sets in code, then all other hosts."""
    context = _Context(facts, as_of)
    scopes = [
        (variant, scope) for variant in facts.policy.variants for scope in variant.scopes if scope.kind != "localhost"
    ]
    domain_rows = [context.row(variant, scope) for variant, scope in scopes if scope.kind == "domain"]
    base_rows = [context.row(variant, scope) for variant, scope in scopes if scope.kind == "base"]
    rows = [*domain_rows, *code_rows(facts.pins, as_of)]
    omitted = max(0, len(rows) + len(base_rows) - MAX_ROWS)
    return HostTable(
        rows=(*rows[: len(rows) - omitted], *base_rows),
        notes=_notes(facts),
        omitted=omitted,
    )


def missing_levels(app: AppInfo, variant: PolicyVariant, scope: PolicyScope) -> tuple[LevelRange, ...]:
    """Return the device levels of the app on which the platform refuses this file."""
    first = max(FIRST_POLICY_LEVEL, app.min_sdk, variant.first_level)
    last = min(app.max_sdk or HIGHEST_KNOWN_LEVEL, variant.last_level)
    known = {level for band in scope.bands for level in range(band.first_level, band.last_level + 1)}
    return join_ranges((level, level) for level in range(first, last + 1) if level not in known)


class _Context:
    """What every row needs beside its scope."""

    def __init__(self, facts: Facts, as_of: dt.datetime) -> None:
        self._app = facts.app
        self._policy = facts.policy
        self._as_of = as_of
        self._useless = stand_ins(facts.pins)
        self._owners: dict[str, HostFact] = {host.name: host for host in facts.hosts}
        self._pins: dict[tuple[str, str], dict[str, PinFact]] = {}
        for pin in facts.pins:
            if pin.mechanism == "nsc":
                entry = pin.evidence[0].entry if pin.evidence else ""
                self._pins.setdefault((entry, pin.host or ""), {})[pin.value] = pin

    def row(self, variant: PolicyVariant, scope: PolicyScope) -> HostRow:
        """Return the row of one scope of one policy file."""
        facts: dict[str, PinFact] = {}
        for domain in scope.domains:
            facts |= self._pins.get((variant.entry, domain.name), {})
        refused = missing_levels(self._app, variant, scope)
        newest = scope.bands[-1].settings if scope.bands else None
        values = [(pin.value, pin.digest) for pin in newest.pin_set.pins] if newest else []
        if newest is None:
            values = [(pin.value, pin.digest or b"") for pin in facts.values()]
        banded = _Banded(scope)
        names = tuple(host_pattern(domain.name, domain.include_subdomains) for domain in scope.domains)
        return HostRow(
            kind="base" if scope.kind == "base" else "domain",
            patterns=names[:MAX_PATTERNS] or ("no host" if scope.kind == "domain" else _base_name(variant),),
            more_patterns=max(0, len(names) - MAX_PATTERNS),
            notes=self._row_notes(variant, scope),
            owner=self._owner(scope),
            mechanism=MECHANISMS["nsc"] if self._policy.state == "resolved" else "Platform defaults",
            variant=self._variant_name(variant),
            enforced=self._enforced(scope, banded, refused, pinned=bool(values)),
            pins=tuple(pin_view(value, facts.get(value)) for value, _ in values),
            backup=backup_value(facts.values(), (digest for _, digest in values if digest)),
            until=banded.values(
                lambda settings: until_value(
                    settings.pin_set.expires_date, self._as_of, pinned=bool(settings.pin_set.pins)
                )
            ),
            cleartext=banded.of(_cleartext),
            user_cas=banded.of(_user_cas),
            anchors=banded.of(_anchors),
            transparency=banded.of(_transparency),
            encryption=banded.of(lambda settings: (settings.domain_encryption or "Not used", "neutral")),
            trail=_trail(variant, scope),
        )

    def _enforced(
        self, scope: PolicyScope, banded: "_Banded", refused: Sequence[LevelRange], *, pinned: bool
    ) -> tuple[Value, ...]:
        if scope.kind == "domain" and scope.bands and all(domain.problem is not None for domain in scope.domains):
            return (Value(text="Can match no host", state="bad"),)
        values = banded.of(lambda settings: enforcement(settings, self._as_of, self._useless), refused)
        return (*values, *self._below(pinned))

    def _below(self, pinned: bool) -> tuple[Value, ...]:
        if not pinned or self._app.min_sdk >= FIRST_POLICY_LEVEL:
            return ()
        span = (self._app.min_sdk, FIRST_POLICY_LEVEL - 1)
        return (Value(text=NOT_IN_FORCE, state="warn", levels=name_levels(*span), api=short_ranges([span])),)

    def _owner(self, scope: PolicyScope) -> str:
        owners = {host.owner for domain in scope.domains if (host := self._owners.get(domain.name)) is not None}
        return join_words(sorted(owner_name(owner) for owner in owners if owner != "unknown"))

    def _variant_name(self, variant: PolicyVariant) -> str:
        if len(self._policy.variants) < 2:
            return ""
        name = show(variant.qualifiers, 80) or "default"
        return f"{name}: {name_levels(variant.first_level, variant.last_level)}"

    @staticmethod
    def _row_notes(variant: PolicyVariant, scope: PolicyScope) -> tuple[str, ...]:
        notes = [
            f"{show(domain.written, 253)} can match no host: {DOMAIN_PROBLEMS.get(domain.problem, domain.problem)}."
            for domain in scope.domains[:MAX_PATTERNS]
            if domain.problem is not None
        ]
        names = {domain.name for domain in scope.domains}
        if any(names.intersection(c.domains) and c.enforce_pinning is not True for c in variant.trustkit):
            notes.append("TrustKit reports pin failures here without enforcing them (enforcePinning is not true).")
        return tuple(notes)


class _Banded:
    """Applies a reading of the settings to every band of a scope."""

    def __init__(self, scope: PolicyScope) -> None:
        self._scope = scope

    def of(
        self, read: Callable[[Settings], tuple[str, State]], refused: Sequence[LevelRange] = ()
    ) -> tuple[Value, ...]:
        """Return the words on each band; on `refused` levels the file as a whole has no effect."""
        bands: list[Banded] = [
            ((band.first_level, band.last_level), *read(band.settings)) for band in self._scope.bands
        ]
        bands += [(levels, _REFUSED, "bad") for levels in refused]
        return over_bands(bands) if bands else (Value(text="–"),)

    def values(self, read: Callable[[Settings], Value]) -> tuple[Value, ...]:
        def words(settings: Settings) -> tuple[str, State]:
            value = read(settings)
            return value.text, value.state

        return self.of(words)


def _cleartext(settings: Settings) -> tuple[str, State]:
    return ("Allowed", "bad") if settings.cleartext else ("Not allowed", "good")


def _user_cas(settings: Settings) -> tuple[str, State]:
    trusted = any(anchor.source == "user" for anchor in settings.trust_anchors)
    return ("Trusted", "bad") if trusted else ("Not trusted", "good")


def _anchors(settings: Settings) -> tuple[str, State]:
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


def _transparency(settings: Settings) -> tuple[str, State]:
    return ("Required", "good") if settings.ct_required else ("Not required", "neutral")


def _trail(variant: PolicyVariant, scope: PolicyScope) -> tuple[TrailStep, ...]:
    steps: dict[tuple[str, str, str, str], list[LevelRange]] = {}
    for band in scope.bands:
        settings = band.settings
        pins = len(settings.pin_set.pins)
        for setting, value, origin in (
            ("Cleartext", _cleartext(settings)[0], settings.cleartext_origin),
            ("Trust anchors", _anchors(settings)[0], settings.trust_anchors_origin),
            ("Pin-set", f"{pins} listed" if pins else "None", settings.pin_set_origin),
            ("Certificate transparency", _transparency(settings)[0], settings.ct_origin),
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


_SETTING_ORDER = ("Pin-set", "Cleartext", "Trust anchors", "Certificate transparency", "Domain encryption")


def _base_name(variant: PolicyVariant) -> str:
    return "all other hosts" if any(scope.kind == "domain" for scope in variant.scopes) else "all hosts"


def _origin_words(origin: Origin) -> str:
    return _ORIGINS[origin.kind]


def _notes(facts: Facts) -> tuple[str, ...]:
    notes: list[str] = []
    app, policy = facts.app, facts.policy
    if app.min_sdk < FIRST_POLICY_LEVEL:
        notes.append(
            f"On {name_levels(app.min_sdk, FIRST_POLICY_LEVEL - 1)} devices no network security configuration is "
            "read: nothing is pinned by it, and user-installed CAs are trusted."
        )
    if any(scope.kind == "localhost" for variant in policy.variants for scope in variant.scopes):
        notes.append(
            "On Android 17 and newer (API 37+) the platform adds a configuration of its own for loopback names, "
            "where cleartext is allowed."
        )
    notes.extend(_debug_notes(app, policy))
    notes.extend(
        f"{show(orphan.entry, 200)} looks like a network security configuration, but nothing refers to it."
        for orphan in policy.orphans[:5]
    )
    return tuple(notes)


def _debug_notes(app: AppInfo, policy: NetworkPolicy) -> list[str]:
    if not any(variant.debug_overrides for variant in policy.variants):
        return []
    if app.debuggable:
        return ["This build is debuggable, so its debug-overrides are in force."]
    return ["The debug-overrides of the file have no effect: this build is not debuggable."]
