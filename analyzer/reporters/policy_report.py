"""The effective network security policy as JSON and as text: what holds per host, and who says so."""

import datetime as dt
import io
import re
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzer.errors import UsageError
from analyzer.model import AppInfo, NetworkPolicy, Origin, PolicyVariant, ScopeBand, Settings, TrustAnchor
from analyzer.model.policy_lookup import errors_at, scope_for, settings_at, variant_at
from analyzer.reporters.text import visible
from analyzer.reporters.view_verdict import older_devices

_RELEASES = {
    24: "7.0", 25: "7.1", 26: "8.0", 27: "8.1", 28: "9", 29: "10", 30: "11", 31: "12", 32: "12L",
    33: "13", 34: "14", 35: "15", 36: "16", 37: "17",
}  # fmt: skip


_INDEX = re.compile(r"\[\d+\]$")


def pins_expired(settings: Settings, as_of: dt.datetime) -> bool:
    """Tell whether the pin-set is off: from the start of the named day, the device's zone being taken as UTC."""
    expires = settings.pin_set.expires_date
    return expires is not None and as_of.astimezone(dt.UTC).date() >= dt.date.fromisoformat(expires)


def pins_enforced(settings: Settings, as_of: dt.datetime) -> bool:
    """Tell whether a chain from the system's trust store is checked against pins.

    Pins are off when there are none, when they have expired, and when the anchor that the chain ends in
    overrides them.
    """
    if not settings.pin_set.pins or pins_expired(settings, as_of):
        return False
    anchors = settings.trust_anchors
    if any(anchor.source == "system" and anchor.overrides_pins for anchor in anchors):
        return False
    return not anchors or not all(anchor.overrides_pins for anchor in anchors)


def render_policy_json(policy: NetworkPolicy, hosts: Sequence[str], *, level: int, as_of: dt.datetime) -> bytes:
    """Return the policy on devices of one level as a JSON document.

    Raises:
        UsageError: The app does not run on that level, or its policy could not be read.
    """
    variant = _variant(policy, level)
    errors = errors_at(variant, level)
    document: dict[str, object] = {
        "sdk": level,
        "error": {"message": errors[0].message, "line": errors[0].line} if errors else None,
        "base": None,
        "hosts": {},
    }
    if not errors:
        document["base"] = _host_document(_settings(variant, "", level), as_of)
        document["hosts"] = {host: _host_document(_settings(variant, host, level), as_of) for host in hosts}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _variant(policy: NetworkPolicy, level: int) -> PolicyVariant:
    variant = variant_at(policy, level)
    if variant is None:
        raise UsageError(f"the network security configuration is {policy.state}; there is no policy to show")
    return variant


def _settings(variant: PolicyVariant, host: str, level: int) -> Settings:
    scope = scope_for(variant, host, level)
    settings = settings_at(scope, level) if scope is not None else None
    if settings is None:
        raise UsageError(f"the app does not run on API {level}; choose a level within its minSdk and maxSdk")
    return settings


def _host_document(settings: Settings, as_of: dt.datetime) -> dict[str, object]:
    return {
        "cleartext": settings.cleartext,
        # The platform keeps a set of pins, each a digest name and its bytes: one that is written twice is one pin.
        "pins": [digest for _, digest in dict.fromkeys((p.digest_name, p.digest) for p in settings.pin_set.pins)],
        "pins_enforced": pins_enforced(settings, as_of),
        "expires_on": settings.pin_set.expires_on,
        "trust_anchors": [
            {"source": anchor.source, "resource": anchor.resource, "overrides_pins": anchor.overrides_pins}
            for anchor in settings.trust_anchors
        ],
        "ct_required": settings.ct_required,
        "domain_encryption": settings.domain_encryption,
        "origin": {
            "cleartext": settings.cleartext_origin,
            "pins": settings.pin_set_origin,
            "trust_anchors": settings.trust_anchors_origin,
            "ct_required": settings.ct_origin,
            "domain_encryption": settings.domain_encryption_origin,
        },
    }


def render_policy_text(
    policy: NetworkPolicy,
    app: AppInfo,
    hosts: Sequence[str],
    *,
    level: int | None,
    as_of: dt.datetime,
    width: int,
    color: bool,
) -> str:
    """Return the policy as a table per scope, or per asked host, with the origin of each value.

    Without a level every band of levels that behaves differently has its column.
    """
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=color, no_color=not color, highlight=False)
    _heading(console, policy, app, older=level is None)
    for variant in policy.variants:
        if level is not None and not variant.first_level <= level <= variant.last_level:
            continue
        if len(policy.variants) > 1:
            console.print(Text(f"{visible(variant.entry)} ({variant.qualifiers or 'default'})", style="bold"))
        for error in variant.errors:
            levels = _levels(max(error.first_level, variant.first_level), min(error.last_level, variant.last_level))
            place = f"{visible(error.path)}" + (f", line {error.line}" if error.line else "")
            console.print(
                Text(f"refused on {levels}: {visible(error.message)} ({place})", style="bold red"),
                soft_wrap=True,
            )
        for issue in variant.issues:
            place = f"{issue.element}, line {issue.line}" if issue.line else issue.element
            meant = f" Probably {issue.suggestion} is meant." if issue.suggestion else ""
            console.print(Text(visible(f"no effect ({place}): {issue.detail}{meant}")), soft_wrap=True)
        if variant.errors or variant.issues:
            console.print()
        for title, bands in _sections(variant, hosts, level):
            _section(console, title, bands, as_of)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def _heading(console: Console, policy: NetworkPolicy, app: AppInfo, *, older: bool) -> None:
    match policy.state:
        case "none":
            what = "No network security configuration: the platform's defaults hold."
        case "resolved":
            what = ", ".join(visible(variant.entry) for variant in policy.variants)
        case _:
            what = f"The network security configuration is {policy.state}."
    name = visible(app.package) if app.package != "(none)" else "policy file"
    console.print(Text(f"{name} · target SDK {app.target_sdk} · min SDK {app.min_sdk}"), soft_wrap=True)
    console.print(Text(what), soft_wrap=True)
    for sentence in older_devices(app, policy) if older else ():
        console.print(Text(sentence), soft_wrap=True)
    console.print()


def _sections(
    variant: PolicyVariant, hosts: Sequence[str], level: int | None
) -> list[tuple[str, tuple[ScopeBand, ...]]]:
    sections: list[tuple[str, tuple[ScopeBand, ...]]] = []
    if hosts:
        for host in hosts:
            bands = _host_bands(variant, host)
            sections.append((visible(host), _at_level(bands, level)))
        return sections
    for scope in variant.scopes:
        if scope.kind == "base":
            domains = any(other.kind == "domain" for other in variant.scopes)
            title = "all other hosts (base)" if domains else "all hosts (base)"
        elif scope.kind == "localhost":
            if not _at_level(scope.bands, level):
                continue
            title = "loopback names (implicit localhost configuration)"
        else:
            names = [
                visible(domain.name) + (" and subdomains" if domain.include_subdomains else "")
                for domain in scope.domains
            ]
            title = ", ".join(names) or "(no usable domain)"
        sections.append((title, _at_level(scope.bands, level)))
    return sections


def _host_bands(variant: PolicyVariant, host: str) -> tuple[ScopeBand, ...]:
    """Ask for a host on every level, since the scope that answers may change with the level."""
    bands: list[ScopeBand] = []
    for level in range(variant.first_level, variant.last_level + 1):
        scope = scope_for(variant, host, level)
        settings = settings_at(scope, level) if scope is not None else None
        if settings is None:
            continue
        if bands and bands[-1].last_level == level - 1 and bands[-1].settings == settings:
            bands[-1] = ScopeBand(first_level=bands[-1].first_level, last_level=level, settings=settings)
        else:
            bands.append(ScopeBand(first_level=level, last_level=level, settings=settings))
    return tuple(bands)


def _at_level(bands: tuple[ScopeBand, ...], level: int | None) -> tuple[ScopeBand, ...]:
    if level is None:
        return bands
    return tuple(band for band in bands if band.first_level <= level <= band.last_level)


def _levels(first: int, last: int) -> str:
    if first == last:
        return f"API {first} (Android {_RELEASES.get(first, '?')})"
    return f"API {first}–{last} (Android {_RELEASES.get(first, '?')}–{_RELEASES.get(last, '?')})"


def _section(console: Console, title: str, bands: tuple[ScopeBand, ...], as_of: dt.datetime) -> None:
    console.print(Text(title, style="bold"), soft_wrap=True)
    if not bands:
        console.print(Text("  no level on which the platform accepts the file"))
        console.print()
        return
    for band in _merged(bands):
        console.print(Text(f"  {_levels(band.first_level, band.last_level)}"))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("indent", width=2)
        table.add_column("setting")
        table.add_column("value, and who says so", overflow="fold")
        for setting, value, origin in _rows(band.settings, as_of):
            table.add_row("", setting, Text.assemble(value, (f"  ← {origin}" if origin else "", "dim")))
        console.print(table)
    console.print()


def _merged(bands: tuple[ScopeBand, ...]) -> list[ScopeBand]:
    """Join neighbouring bands that differ only in settings their level does not know and leaves off."""
    merged: list[ScopeBand] = []
    for band in bands:
        if merged and merged[-1].last_level == band.first_level - 1 and _core(merged[-1]) == _core(band):
            merged[-1] = ScopeBand(
                first_level=merged[-1].first_level, last_level=band.last_level, settings=band.settings
            )
        else:
            merged.append(band)
    return merged


def _core(band: ScopeBand) -> tuple[object, ...]:
    settings = band.settings
    return (
        settings.cleartext,
        settings.cleartext_origin,
        settings.trust_anchors,
        settings.trust_anchors_origin,
        settings.pin_set,
        settings.pin_set_origin,
        bool(settings.ct_required),
        settings.domain_encryption if settings.domain_encryption != "disabled" else None,
    )


def _rows(settings: Settings, as_of: dt.datetime) -> list[tuple[str, str, str]]:
    rows = [
        ("cleartext", "permitted" if settings.cleartext else "no", _origin(settings.cleartext_origin)),
        (
            "trust anchors",
            "\n".join(_anchor(anchor) for anchor in settings.trust_anchors) or "none: every chain is refused",
            _origin(settings.trust_anchors_origin),
        ),
        ("pins", _pins(settings, as_of), _origin(settings.pin_set_origin)),
    ]
    if settings.ct_required is not None:
        required = "required" if settings.ct_required else "no"
        rows.append(("certificate transparency", required, _origin(settings.ct_origin)))
    if settings.domain_encryption is not None:
        rows.append(("domain encryption", settings.domain_encryption, _origin(settings.domain_encryption_origin)))
    return rows


def _pins(settings: Settings, as_of: dt.datetime) -> str:
    pins = settings.pin_set.pins
    if not pins:
        return "none"
    lines = [visible(pin.value) for pin in pins]
    if settings.pin_set.expires_date is not None:
        when = settings.pin_set.expires_date
        lines.append(f"off since {when}" if pins_expired(settings, as_of) else f"until {when}")
    if not pins_enforced(settings, as_of) and not pins_expired(settings, as_of):
        lines.append("overridden by a trust anchor")
    return "\n".join(lines)


def _anchor(anchor: TrustAnchor) -> str:
    name = visible(anchor.resource_name or anchor.resource or "") if anchor.source == "raw" else anchor.source
    notes = [
        note
        for note, holds in (
            ("overrides pins", anchor.overrides_pins),
            ("debug-overrides", anchor.from_debug_overrides),
        )
        if holds
    ]
    return f"{name} ({', '.join(notes)})" if notes else name


def _origin(origin: Origin | None) -> str:
    if origin is None:
        return ""
    place = visible(origin.path.removeprefix("network-security-config/")) if origin.path else ""
    if place and origin.line:
        # The line says which of several elements is meant; the whole path is in the JSON form.
        place = f"{_INDEX.sub('', place.rpartition('/')[2])}, line {origin.line}"
    match origin.kind:
        case "declared":
            return place
        case "inherited":
            return f"inherited: {place}"
        case "manifest":
            return "manifest" + (f", line {origin.line}" if origin.line else "")
        case "implicit":
            return f"implied by {place}" if place else "implied"
        case _:
            return "platform default"
