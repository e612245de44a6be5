"""Compares what the network security policy makes hold for every host that either version names.

The effective settings are compared, per device API level, and not the files: a policy that says the same in other
words is the same.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from analyzer.gate.compare_pins import key_text, pin_set_changes
from analyzer.model import Change, Facts, NetworkPolicy, Settings, TrustAnchor
from analyzer.model.comparison import ChangeKind, Direction
from analyzer.model.policy import FIRST_POLICY_LEVEL, HIGHEST_KNOWN_LEVEL
from analyzer.model.policy_lookup import effective

_ALL_OTHER = "all other hosts"
_PROBE = "x"
"""Stands for any name below a domain with includeSubdomains."""
_MOST_HOSTS = 2_000

Levels = tuple[int, int]


def policy_changes(old: Facts, new: Facts, today: str) -> Iterable[Change]:
    """Yield the differences of two policies; `today` is the day, ``YYYY-MM-DD``, for which pin-sets count."""
    if old.policy.state != new.policy.state:
        lost = new.policy.state in ("unresolved", "unreadable")
        yield Change(
            area="policy",
            kind="policy-state",
            subject="network security configuration",
            old=old.policy.state,
            new=new.policy.state,
            direction="weaker" if lost else "changed",
        )
    levels = _levels(old, new)
    for subject, host in _hosts(old.policy, new.policy):
        yield from _merged(_by_level(old.policy, new.policy, subject, host, levels, today))


def _levels(old: Facts, new: Facts) -> range:
    """Return the levels of devices on which both versions can be installed and read a policy."""
    first = max(old.app.min_sdk, new.app.min_sdk, FIRST_POLICY_LEVEL)
    last = min(old.app.max_sdk or HIGHEST_KNOWN_LEVEL, new.app.max_sdk or HIGHEST_KNOWN_LEVEL, HIGHEST_KNOWN_LEVEL)
    return range(first, last + 1)


def _hosts(old: NetworkPolicy, new: NetworkPolicy) -> list[tuple[str, str]]:
    """Return a name for reports and a host to ask for, for each pattern of either policy, all other hosts last."""
    found: dict[str, str] = {}
    for policy in (old, new):
        for variant in policy.variants:
            for scope in variant.scopes:
                for domain in scope.domains:
                    if domain.problem is None and domain.include_subdomains:
                        found.setdefault(f"*.{domain.name}", f"{_PROBE}.{domain.name}")
                    elif domain.problem is None:
                        found.setdefault(domain.name, domain.name)
    return [*sorted(found.items())[:_MOST_HOSTS], (_ALL_OTHER, "")]


def _by_level(
    old: NetworkPolicy, new: NetworkPolicy, subject: str, host: str, levels: range, today: str
) -> Iterator[Change]:
    """Yield the changes for a host on each level on which both versions have settings."""
    for level in levels:
        was, now = effective(old, host, level), effective(new, host, level)
        if was is not None and now is not None:
            yield from _settings_changes(subject, was, now, (level, level), today)


def _merged(changes: Iterable[Change]) -> Iterable[Change]:
    """Join the same change on consecutive levels."""
    open_ones: dict[tuple[str, str | None, str | None], Change] = {}
    done: list[Change] = []
    for change in changes:
        key = (change.kind, change.old, change.new)
        before = open_ones.get(key)
        if before is not None and before.last_level is not None and change.first_level == before.last_level + 1:
            open_ones[key] = msgspec.structs.replace(before, last_level=change.last_level)
            continue
        if before is not None:
            done.append(before)
        open_ones[key] = change
    return [*done, *open_ones.values()]


def _settings_changes(subject: str, was: Settings, now: Settings, levels: Levels, today: str) -> Iterable[Change]:
    def change(kind: ChangeKind, old: str, new: str, direction: Direction) -> Change:
        return Change(
            area="policy",
            kind=kind,
            subject=subject,
            old=old,
            new=new,
            direction=direction,
            first_level=levels[0],
            last_level=levels[1],
        )

    if was.cleartext != now.cleartext:
        words = {True: "allowed", False: "not allowed"}
        direction: Direction = "weaker" if now.cleartext else "stronger"
        yield change("cleartext", words[was.cleartext], words[now.cleartext], direction)
    yield from _anchor_changes(was.trust_anchors, now.trust_anchors, change)
    yield from pin_set_changes("policy", subject, _keys(was, today), _keys(now, today), levels)
    if _keys(was, today) and _keys(now, today) and was.pin_set.expires_date != now.pin_set.expires_date:
        yield change("expiration", was.pin_set.expires_date or "never", now.pin_set.expires_date or "never", "changed")
    if was.ct_required != now.ct_required:
        names = {True: "required", False: "not required", None: "not known"}
        direction = "weaker" if was.ct_required else "stronger" if now.ct_required else "changed"
        yield change("certificate-transparency", names[was.ct_required], names[now.ct_required], direction)
    if was.domain_encryption != now.domain_encryption:
        yield change("domain-encryption", was.domain_encryption or "–", now.domain_encryption or "–", "changed")


def _keys(settings: Settings, today: str) -> frozenset[str]:
    """Return the keys that a host is really held to: nothing after the expiration, or where all anchors override."""
    pin_set = settings.pin_set
    if pin_set.expires_date is not None and pin_set.expires_date <= today:
        return frozenset()
    if settings.trust_anchors and all(anchor.overrides_pins for anchor in settings.trust_anchors):
        return frozenset()
    return frozenset(key_text("sha256", pin.digest) for pin in pin_set.pins)


def _anchor_changes(
    old: tuple[TrustAnchor, ...],
    new: tuple[TrustAnchor, ...],
    change: Callable[[ChangeKind, str, str, Direction], Change],
) -> Iterable[Change]:
    before, after = {_anchor(one) for one in old}, {_anchor(one) for one in new}
    if before == after:
        return
    added = [one for one in new if _anchor(one) not in before]
    system_stays = {"system"} <= {one.source for one in old} & {one.source for one in new}
    direction: Direction = "changed"
    if not added:
        direction = "stronger"
    elif system_stays or any(one.source != "raw" or one.overrides_pins for one in added):
        # A bundled certificate in place of the system's narrows trust, or is a rotation.
        direction = "weaker"
    yield change("trust-anchors", _listed(before), _listed(after), direction)


def _anchor(anchor: TrustAnchor) -> str:
    name = anchor.resource_name or anchor.resource or anchor.source
    return f"{name} (overrides pins)" if anchor.overrides_pins else name


def _listed(anchors: set[str]) -> str:
    return ", ".join(sorted(anchors)) or "none"
