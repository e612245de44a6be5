"""The host table: one row per host pattern or group of patterns that are treated alike, over all mechanisms."""

import datetime as dt
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from analyzer.model import (
    AnalysisGap,
    AppInfo,
    Facts,
    HostFact,
    NetworkPolicy,
    PinFact,
    PolicyDomain,
    PolicyScope,
    PolicyVariant,
    ScopeBand,
    Settings,
)
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.reporters.banding import Banded
from analyzer.reporters.levels import LevelRange, join_ranges, name_levels, short_ranges
from analyzer.reporters.text import join_words
from analyzer.reporters.view_clients import HostClients, same_clients
from analyzer.reporters.view_code_pins import CodePinSet, code_pin_sets, unseen_code
from analyzer.reporters.view_host_names import NamedHosts
from analyzer.reporters.view_model import HostRow, HostTable, RowKind, State, TrailStep, Value
from analyzer.reporters.view_pins import (
    NOT_PINNED,
    backup_value,
    enforcement,
    host_pattern,
    pin_view,
    stand_ins,
    until_value,
)
from analyzer.reporters.view_places import element_place
from analyzer.reporters.view_settings import (
    ALLOWED,
    NOT_ALLOWED,
    TRUSTED,
    BandedSettings,
    anchors_words,
    cleartext_words,
    deciding_scopes,
    trail,
    transparency_words,
    user_cas_words,
)
from analyzer.reporters.view_unchecked import with_unchecked
from analyzer.reporters.words import DOMAIN_PROBLEMS, MECHANISMS, owner_name, show

MAX_ROWS = 250
"""Most rows of the host table in a human report."""
MAX_PATTERNS = 40
"""Most host patterns that one row spells out."""
NOT_IN_FORCE = "Not in force"
"""What the pins of a policy are on devices that read none."""
_CLEARTEXT_ATTRIBUTE_LEVEL = 23
"""The first API level that reads ``android:usesCleartextTraffic``; older devices allow cleartext."""
_MOST_SCOPES = 20


def host_table(facts: Facts, as_of: dt.datetime, gaps: Iterable[AnalysisGap] = ()) -> HostTable:
    """Return the table: domains of the policy, then what else is pinned or named in code, then all other hosts.

    `gaps` tell whether there may be pins in code that the facts lack.
    """
    context = _Context(facts, as_of, unseen_code(facts, gaps))
    scopes = [(variant, scope) for variant in facts.policy.variants for scope in variant.scopes]
    rows = [
        row
        for variant, scope in scopes
        if scope.kind == "domain" and scope.domains
        for row in context.domain_rows(variant, scope)
    ]
    rows += context.code_rows()
    base_rows = [context.base_row(variant, scope) for variant, scope in scopes if scope.kind == "base"]
    rows += context.named_rows()
    omitted = max(0, len(rows) + len(base_rows) - MAX_ROWS)
    return HostTable(
        rows=with_unchecked((*rows[: len(rows) - omitted], *base_rows), facts),
        notes=(*_notes(facts), *context.names.notes()),
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

    def __init__(self, facts: Facts, as_of: dt.datetime, unseen: str) -> None:
        self._app = facts.app
        self._policy = facts.policy
        self._as_of = as_of
        self._unseen = unseen
        self._useless = stand_ins(facts.pins)
        self._sets: dict[str, list[CodePinSet]] = {}
        for pin_set in code_pin_sets(facts.pins, facts.sdks):
            self._sets.setdefault(pin_set.label, []).append(pin_set)
        for label, sets in self._sets.items():
            # A text that looks like a pin says nothing more where the pins of a host are known.
            self._sets[label] = [one for one in sets if not one.is_text] or sets
        self.names = NamedHosts(facts, [pin_set for sets in self._sets.values() for pin_set in sets])
        self._clients = HostClients(facts)
        self._owners: dict[str, HostFact] = {}
        for host in facts.hosts:
            if host.name not in self._owners or host.owner != "unknown":
                self._owners[host.name] = host
        self._pins: dict[tuple[str, str], dict[str, PinFact]] = {}
        for pin in facts.pins:
            if pin.mechanism == "nsc":
                entry = pin.evidence[0].entry if pin.evidence else ""
                self._pins.setdefault((entry, pin.host or ""), {})[pin.value] = pin
        self._placed: set[str] = set()

    def domain_rows(self, variant: PolicyVariant, scope: PolicyScope) -> list[HostRow]:
        """Return the rows of a scope: one for all its domains, and one for each that code pins as well."""
        groups: dict[str, list[PolicyDomain]] = {}
        for domain in scope.domains:
            label = host_pattern(domain.name, domain.include_subdomains)
            groups.setdefault(label if label in self._sets and domain.problem is None else "", []).append(domain)
        self._placed.update(groups)
        return [self._row(variant, scope, domains, self._sets.get(label, ())) for label, domains in groups.items()]

    def base_row(self, variant: PolicyVariant, scope: PolicyScope) -> HostRow:
        """Return the row of all hosts that no domain covers."""
        return self._row(variant, scope, (), ())

    def code_rows(self) -> list[HostRow]:
        """Return one row for each pattern that is pinned in code alone, with what the policy says of it.

        Pins for every host of a client stand apart by what they amount to: they belong to different clients.
        """
        rows: list[HostRow] = []
        for label, sets in self._sets.items():
            if label in self._placed:
                continue
            if sets[0].host is not None:
                rows.append(self._elsewhere("code", label, (label,), sets))
                continue
            alike: dict[tuple[str, str], list[CodePinSet]] = {}
            for pin_set in sets:
                alike.setdefault((pin_set.mechanism, pin_set.enforcement(self._as_of).text), []).append(pin_set)
            rows += [self._elsewhere("code", None, (label,), group) for group in alike.values()]
        return rows

    def named_rows(self) -> list[HostRow]:
        """Return rows for the app's own hosts that only the base of the policy covers, one for those contacted alike.

        The policy treats them alike: what holds for one that no domain covers holds for all.
        """
        groups = same_clients(self._clients, self.names.of_no_pattern)
        return [self._elsewhere("host", hosts[0], hosts, ()) for hosts in groups]

    def _row(
        self, variant: PolicyVariant, scope: PolicyScope, domains: Sequence[PolicyDomain], sets: Sequence[CodePinSet]
    ) -> HostRow:
        """Return the row of a scope, or of some of its domains, which `sets` pin as well."""
        facts: dict[str, PinFact] = {}
        for domain in domains:
            facts |= self._pins.get((variant.entry, domain.name), {})
        newest = scope.bands[-1].settings if scope.bands else None
        values = [(pin.value, pin.digest) for pin in newest.pin_set.pins] if newest else []
        if newest is None:
            values = [(pin.value, pin.digest or b"") for pin in facts.values()]
        labels = [host_pattern(domain.name, domain.include_subdomains) for domain in domains]
        row = self._policy_row(
            "base" if scope.kind == "base" else "domain",
            labels or [_base_name(variant, named=bool(self.names.of_no_pattern or self._sets))],
            scope.bands,
            trail(variant, scope),
        )
        enforced = self._enforced(variant, scope, domains, pinned=bool(values))
        row = replace(
            row,
            notes=(*_row_notes(variant, domains), *self.names.under(labels)),
            owner=self._owner(domains),
            clients=self._clients.of(name for label in labels for name in self.names.named_under(label)),
            variant=self._variant_name(variant),
            enforced=enforced,
            pins=tuple(pin_view(value, facts.get(value)) for value, _ in values),
            backup=backup_value(facts.values(), (digest for _, digest in values if digest)),
        )
        return self._with_code(row, sets, pinned=bool(values))

    def _elsewhere(
        self, kind: RowKind, asked: str | None, labels: Sequence[str], sets: Sequence[CodePinSet]
    ) -> HostRow:
        """Return the row of hosts that are no domain of the policy, with what holds for `asked`.

        None asks for nothing: the settings of a client's hosts are not known without knowing the hosts.
        """
        scopes = deciding_scopes(self._policy, asked) if asked is not None else ()
        bands = tuple(band for _, _, part in scopes for band in part)
        steps = tuple(step for variant, scope, _ in scopes for step in trail(variant, scope))
        row = self._policy_row(kind, labels, bands, steps)
        owners = {"named by first-party code"} if kind == "host" else {pin_set.owner for pin_set in sets}
        hosts = {*labels, *(name for pin_set in sets for name in self._clients.covered_by(pin_set))}
        row = replace(
            row,
            notes=self.names.under(labels),
            owner=join_words(sorted(owners)),
            clients=self._clients.of(hosts, pinned=bool(sets)),
        )
        return self._with_code(row, sets, pinned=any(band.settings.pin_set.pins for band in bands))

    def _policy_row(
        self, kind: RowKind, labels: Sequence[str], bands: Sequence[ScopeBand], steps: tuple[TrailStep, ...]
    ) -> HostRow:
        """Return a row with what the policy says on these ranges of devices."""
        banded = BandedSettings(bands)
        older = bool(bands) or kind == "base"
        return HostRow(
            kind=kind,
            patterns=tuple(labels[:MAX_PATTERNS]),
            more_patterns=max(0, len(labels) - MAX_PATTERNS),
            notes=(),
            owner="",
            mechanism=MECHANISMS["nsc"] if self._policy.state == "resolved" else "Platform defaults",
            variant="",
            enforced=banded.of(self._checked),
            pins=(),
            backup=Value(text="–"),
            until=banded.values(
                lambda settings: until_value(
                    settings.pin_set.expires_date, self._as_of, pinned=bool(settings.pin_set.pins)
                )
            ),
            cleartext=banded.of(cleartext_words, older=self._older_cleartext() if older else ()),
            user_cas=banded.of(user_cas_words, older=self._older_user_cas() if older else ()),
            anchors=banded.of(anchors_words),
            transparency=banded.of(transparency_words),
            encryption=banded.of(lambda settings: (settings.domain_encryption or "Not used", "neutral")),
            trail=steps,
        )

    def _with_code(self, row: HostRow, sets: Sequence[CodePinSet], *, pinned: bool) -> HostRow:
        """Add pins that are set in code for the patterns of a row, which the policy has `pinned` or not."""
        if not sets:
            return row
        mechanisms = list(dict.fromkeys(pin_set.mechanism for pin_set in sets))
        states: dict[Value, None] = {}
        for pin_set in sets:
            value = pin_set.enforcement(self._as_of)
            states[_named(pin_set.mechanism, value) if pinned or len(mechanisms) > 1 else value] = None
        enforced = sorted(states, key=lambda value: value.state != "good")
        own = row.kind == "domain"
        if not pinned:
            past = {
                client
                for pin_set in sets
                if pin_set.holds(self._as_of)
                for clients in self._clients.outside(pin_set).values()
                for client in clients
            }
            if past:
                enforced.append(Value(text=f"Not over {join_words(sorted(past))}", state="warn"))
        if pinned:
            enforced = [*row.enforced, *enforced] if own else [*enforced, *(_named("Policy", v) for v in row.enforced)]
        leading = next((pin_set for pin_set in sets if pin_set.holds(self._as_of)), sets[0])
        by_policy = [row.mechanism] if own or pinned else []
        return replace(
            row,
            mechanism=", ".join([*by_policy, *mechanisms]),
            owner=row.owner or join_words(sorted({pin_set.owner for pin_set in sets})),
            enforced=tuple(enforced),
            pins=tuple(dict.fromkeys((*row.pins, *(pin for pin_set in sets for pin in pin_set.pin_views())))),
            backup=row.backup if row.pins else leading.backup(),
            until=row.until if own and pinned else (leading.until(self._as_of),),
            trail=(*row.trail, *(step for pin_set in sets for step in pin_set.trail())),
        )

    def _checked(self, settings: Settings) -> tuple[str, State]:
        text, state = enforcement(settings, self._as_of, self._useless)
        if text == NOT_PINNED and self._unseen:
            return f"{NOT_PINNED} by policy; {self._unseen}", "unknown"
        return text, state

    def _older_user_cas(self) -> tuple[Banded, ...]:
        """Return what holds before API 24; where a policy is not read, notes of the table speak of it."""
        last = min(FIRST_POLICY_LEVEL - 1, self._app.max_sdk or HIGHEST_KNOWN_LEVEL)
        if self._policy.state != "none" or self._app.min_sdk > last:
            return ()
        return (((self._app.min_sdk, last), *TRUSTED),)

    def _older_cleartext(self) -> tuple[Banded, ...]:
        if self._policy.state != "none":
            return ()
        last = min(FIRST_POLICY_LEVEL - 1, self._app.max_sdk or HIGHEST_KNOWN_LEVEL)
        return tuple(
            ((level, level), *(ALLOWED if allows_old_cleartext(self._app, level) else NOT_ALLOWED))
            for level in range(max(self._app.min_sdk, 1), last + 1)
        )

    def _enforced(
        self, variant: PolicyVariant, scope: PolicyScope, domains: Sequence[PolicyDomain], *, pinned: bool
    ) -> tuple[Value, ...]:
        if domains and scope.bands and all(domain.problem is not None for domain in domains):
            return (Value(text="Can match no host", state="bad"),)
        values = BandedSettings(scope.bands).of(self._checked, missing_levels(self._app, variant, scope))
        if not pinned or self._app.min_sdk >= FIRST_POLICY_LEVEL:
            return values
        span = (self._app.min_sdk, FIRST_POLICY_LEVEL - 1)
        below = Value(text=NOT_IN_FORCE, state="warn", levels=name_levels(*span), api=short_ranges([span]))
        return (*values, below)

    def _owner(self, domains: Sequence[PolicyDomain]) -> str:
        owners = {host.owner for domain in domains if (host := self._owners.get(domain.name)) is not None}
        return join_words(sorted(owner_name(owner) for owner in owners if owner != "unknown"))

    def _variant_name(self, variant: PolicyVariant) -> str:
        if len(self._policy.variants) < 2:
            return ""
        name = show(variant.qualifiers, 80) or "default"
        return f"{name}: {name_levels(variant.first_level, variant.last_level)}"


def _named(mechanism: str, value: Value) -> Value:
    return replace(value, text=f"{mechanism}: {value.text[:1].lower()}{value.text[1:]}")


def allows_old_cleartext(app: AppInfo, level: int) -> bool:
    """Tell whether devices of a level below 24 allow cleartext: only API 23 reads the manifest's attribute."""
    return level < _CLEARTEXT_ATTRIBUTE_LEVEL or app.uses_cleartext_traffic is not False


def _row_notes(variant: PolicyVariant, domains: Sequence[PolicyDomain]) -> tuple[str, ...]:
    notes = [
        f"{show(domain.written, 253)} can match no host: {DOMAIN_PROBLEMS.get(domain.problem, domain.problem)}."
        for domain in domains[:MAX_PATTERNS]
        if domain.problem is not None
    ]
    names = {domain.name for domain in domains}
    if any(names.intersection(c.domains) and c.enforce_pinning is not True for c in variant.trustkit):
        notes.append("TrustKit reports pin failures here without enforcing them (enforcePinning is not true).")
    return tuple(notes)


def _base_name(variant: PolicyVariant, *, named: bool) -> str:
    return "all other hosts" if named or any(scope.domains for scope in variant.scopes) else "all hosts"


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
    notes.extend(
        f"A domain-config without a domain applies to no host: {element_place(variant.entry, scope.path, scope.line)}."
        for variant in policy.variants
        for scope in variant.scopes[:_MOST_SCOPES]
        if scope.kind == "domain" and not scope.domains
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
