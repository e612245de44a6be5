"""What a policy leaves open, in words: which hosts, on which devices, across all configurations of the file."""

from collections.abc import Callable, Iterator, Sequence

from analyzer.model import PolicyScope, PolicyVariant, Settings
from analyzer.reporters.levels import LevelRange, join_ranges, name_ranges
from analyzer.reporters.text import join_words
from analyzer.reporters.view_pins import host_pattern

_NAMED_HOSTS = 3
_MOST_LABELS = 128
"""A host name has no more labels (RFC 1035: 255 octets); longer texts are no host names."""


def open_settings(variants: Sequence[PolicyVariant]) -> list[str]:
    """Say for which hosts, on which devices, cleartext is allowed and user-installed CAs are trusted."""
    cleartext = _holds(variants, lambda settings: settings.cleartext)
    user_cas = _holds(variants, lambda settings: any(anchor.source == "user" for anchor in settings.trust_anchors))
    return [
        f"Cleartext is allowed for {cleartext}." if cleartext else "Cleartext is not allowed for any host.",
        *([f"User-installed CAs are trusted for {user_cas}."] if user_cas else []),
    ]


def matching_names(scope: PolicyScope) -> list[str]:
    """Return the patterns of a scope that can match a host."""
    return [host_pattern(domain.name, domain.include_subdomains) for domain in scope.domains if domain.problem is None]


def some_names(names: Sequence[str]) -> str:
    """Name up to three patterns, and count the rest."""
    if len(names) <= _NAMED_HOSTS:
        return join_words([*names])
    return join_words([*names[: _NAMED_HOSTS - 1], f"{len(names) - _NAMED_HOSTS + 1} more"])


def _holds(variants: Sequence[PolicyVariant], test: Callable[[Settings], bool]) -> str:
    """Name the hosts for which something holds, with devices where it is not all; empty when for none."""
    # Patterns of every file by the name that a look-up compares: one file may name a host that another does not.
    known = {
        domain.name: host_pattern(domain.name, domain.include_subdomains)
        for variant in variants
        for scope in variant.scopes
        for domain in scope.domains
        if domain.problem is None
    }
    rest = "all other hosts" if known else "all hosts"
    spans: dict[str, list[LevelRange]] = {}
    everywhere: list[LevelRange] = []
    for variant in variants:
        for base in (scope for scope in variant.scopes if scope.kind == "base"):
            everywhere += [(band.first_level, band.last_level) for band in base.bands]
        for pattern, scope in _scopes(variant, known, rest):
            for band in scope.bands:
                if test(band.settings):
                    spans.setdefault(pattern, []).append((band.first_level, band.last_level))
    groups: dict[tuple[LevelRange, ...], list[str]] = {}
    for name, ranges in spans.items():
        groups.setdefault(join_ranges(ranges), []).append(name)
    whole = join_ranges(everywhere)
    count = len({*known.values(), rest})
    phrases = [
        _hosts(names, rest, complete=len(names) == count) + ("" if ranges == whole else f" on {name_ranges(ranges)}")
        for ranges, names in sorted(groups.items(), key=lambda item: item[0] != whole)
    ]
    return ", and for ".join(phrases) + (" only" if phrases and rest not in spans else "")


def _scopes(variant: PolicyVariant, known: dict[str, str], rest: str) -> Iterator[tuple[str, PolicyScope]]:
    """Yield the scope of a file that decides about each known pattern, then the one for all other hosts.

    The same choice as `analyzer.model.policy_lookup.scope_for` makes, for many names at once.
    """
    base = next((scope for scope in variant.scopes if scope.kind == "base"), None)
    exact: dict[str, PolicyScope] = {}
    parents: dict[str, PolicyScope] = {}
    for scope in variant.scopes:
        for domain in scope.domains:
            exact.setdefault(domain.name, scope)
            if domain.include_subdomains:
                parents.setdefault(domain.name, scope)
    for name, pattern in known.items():
        scope_of_name = exact.get(name) or _covering(name, parents) or base
        if scope_of_name is not None:
            yield pattern, scope_of_name
    if base is not None:
        yield rest, base


def _covering(name: str, parents: dict[str, PolicyScope]) -> PolicyScope | None:
    for _ in range(_MOST_LABELS):
        _, dot, name = name.partition(".")
        if not dot:
            return None
        if name in parents:
            return parents[name]
    return None


def _hosts(names: Sequence[str], rest: str, *, complete: bool) -> str:
    """Name host patterns; `rest` stands for all others, and `complete` says that none is missing."""
    if complete:
        return "all hosts"
    named = [name for name in names if name != rest]
    return join_words([*([some_names(named)] if named else []), *([rest] if rest in names else [])])
