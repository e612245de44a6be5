"""Hosts that an app names in its code, sorted under the patterns that cover them."""

from collections import Counter
from collections.abc import Iterable, Sequence

from analyzer.model import Facts, PolicyDomain
from analyzer.model.policy_lookup import is_loopback, normalise_host
from analyzer.reporters.text import join_words, plural
from analyzer.reporters.view_code_pins import CodePinSet
from analyzer.reporters.view_pins import host_pattern
from analyzer.reporters.words import owner_name, show

_NAMED = 5
_MOST_LABELS = 128
"""A host name has no more labels (RFC 1035: 255 octets); longer texts are no host names."""


class NamedHosts:
    """The app's own hosts outside the policy file, by the pattern that covers each."""

    def __init__(self, facts: Facts, sets: Sequence[CodePinSet]) -> None:
        """Sort the hosts; `sets` are the pin-sets in code."""
        self._exact: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        for domain in _domains(facts):
            label = host_pattern(domain.name, domain.include_subdomains)
            self._exact.setdefault(domain.name, label)
            if domain.include_subdomains:
                self._parents.setdefault(domain.name, label)
        self._under: dict[str, list[str]] = {}
        self._named_exactly: dict[str, list[str]] = {}
        self._rest: list[str] = []
        self._others: Counter[str] = Counter()
        own: dict[str, None] = {}
        for host in facts.hosts:
            name = normalise_host(host.name)
            if host.source != "policy" and name in self._exact:
                self._named_exactly.setdefault(self._exact[name], []).append(name)
            if host.source == "policy" or is_loopback(name) or name in self._exact:
                continue
            if host.owner == "first-party":
                own[name] = None
            else:
                self._others[host.owner] += 1
        labels = {pin_set.label for pin_set in sets}
        for name in own:
            covering = self._covering(name, sets)
            for label in covering:
                self._under.setdefault(label, []).append(show(name, 253))
            if not covering and show(name, 253) not in labels:
                self._rest.append(show(name, 253))

    @property
    def of_no_pattern(self) -> tuple[str, ...]:
        """The hosts that neither a domain of the policy nor a pin-set in code covers."""
        return tuple(self._rest)

    def named_under(self, label: str) -> tuple[str, ...]:
        """Return the hosts that code names and a pattern covers, its own name included."""
        return (*self._named_exactly.get(label, ()), *self._under.get(label, ()))

    def under(self, labels: Iterable[str]) -> tuple[str, ...]:
        """Return a note that names the hosts under some patterns; nothing when there are none."""
        names = list(dict.fromkeys(name for label in labels for name in self._under.get(label, ())))
        if not names:
            return ()
        more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
        return (f"Named in code: {join_words([*names[:_NAMED], *more])}.",)

    def notes(self) -> tuple[str, ...]:
        """Return what is to be known of hosts that have no row."""
        if not self._others:
            return ()
        counts = [f"{count} ({owner_name(owner)})" for owner, count in self._others.most_common(_NAMED)]
        if len(self._others) > _NAMED:
            rest = self._others.total() - sum(count for _, count in self._others.most_common(_NAMED))
            counts.append(f"{rest} (others)")
        total = plural(self._others.total(), "more host")
        if len(self._others) == 1:
            (owner,) = self._others
            whose = "whose owner is not known" if owner == "unknown" else f"of {owner_name(owner)}"
            return (f"Code names {total} {whose}.",)
        return (f"Code names {total} not known to be the app's own: {join_words(counts)}.",)

    def _covering(self, name: str, sets: Iterable[CodePinSet]) -> list[str]:
        found = [pin_set.label for pin_set in sets if pin_set.covers(name) and pin_set.label != name]
        parent = name
        for _ in range(_MOST_LABELS):
            _, dot, parent = parent.partition(".")
            if not dot:
                break
            if parent in self._parents:
                found.append(self._parents[parent])
                break
        return list(dict.fromkeys(found))


def _domains(facts: Facts) -> Iterable[PolicyDomain]:
    for variant in facts.policy.variants:
        for scope in variant.scopes:
            for domain in scope.domains:
                if domain.problem is None:
                    yield domain
