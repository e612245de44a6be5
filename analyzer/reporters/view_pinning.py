"""What is pinned, in sentences: counted over all mechanisms, with what ends, is overridden or cannot work."""

import datetime as dt
from collections.abc import Iterable, Sequence

from analyzer.model import AnalysisGap, Facts, PolicyScope, PolicyVariant
from analyzer.reporters.levels import name_levels
from analyzer.reporters.text import join_words, plural
from analyzer.reporters.view_clients import HostClients
from analyzer.reporters.view_code_pins import code_pin_sets, unseen_code
from analyzer.reporters.view_host_names import NamedHosts
from analyzer.reporters.view_open import matching_names, some_names
from analyzer.reporters.view_pins import PinStatus, pin_status, stand_ins
from analyzer.reporters.words import show

_POLICY = "the network security configuration"


class Pinning:
    """Answers what is pinned at a moment."""

    def __init__(self, facts: Facts, as_of: dt.datetime, gaps: Iterable[AnalysisGap]) -> None:
        """Take the facts; `gaps` tell whether there may be pins in code that the facts lack."""
        self._policy = facts.policy
        self._as_of = as_of
        self._unseen = unseen_code(facts, gaps)
        self._useless = stand_ins(facts.pins)
        self._sets = [pin_set for pin_set in code_pin_sets(facts.pins, facts.sdks) if not pin_set.is_text]
        self._names = NamedHosts(facts, self._sets)
        self._clients = HostClients(facts)

    def sentences(self, variant: PolicyVariant) -> list[str]:
        """Say how many hosts are pinned and by what, by this configuration of the policy or in code."""
        domains = _domain_scopes(variant)
        by_policy = {name: self._holds(scope) for scope in domains for name in matching_names(scope)}
        counted = self._over_all(by_policy)
        lost = [name for scope in domains for name in _lost_names(scope)]
        unmatched = [f"{some_names(lost)} can match no host."] if lost else []
        if self._policy.state == "none" or not by_policy:
            lead = self._without_policy() if self._policy.state == "none" else _policy_without_hosts(lost=bool(lost))
            # Where code pins hosts, how many of them is the answer; that the policy has no part in it is a remark.
            pins = any(pin_set.host is not None and pin_set.holds(self._as_of) for pin_set in self._sets)
            answer = [*counted, lead] if pins else [lead, *counted]
            return [*answer, *self._past_pins(), *unmatched]
        return [
            *(counted or [_policy_count(by_policy)]),
            *self._past_pins(),
            *self._ends(domains),
            *self._without_effect(domains),
            *unmatched,
        ]

    def _past_pins(self) -> list[str]:
        """Say which pinned hosts are contacted by clients that do not check the pins."""
        past: dict[tuple[tuple[str, ...], str], dict[str, None]] = {}
        for pin_set in self._sets:
            if pin_set.holds(self._as_of):
                for host, clients in self._clients.outside(pin_set).items():
                    past.setdefault((clients, pin_set.mechanism_in_text), {})[show(host, 253)] = None
        return [
            f"{some_names(list(hosts))} {'is' if len(hosts) == 1 else 'are'} contacted by {join_words(clients)} as "
            f"well, without the pins of {mechanism}."
            for (clients, mechanism), hosts in past.items()
        ]

    def other_variants(self, newest: PolicyVariant) -> list[str]:
        """Say what the other configurations of the file pin, which other devices choose."""
        sentences: list[str] = []
        for variant in self._policy.variants:
            if variant is newest or not any(scope.bands for scope in variant.scopes):
                continue
            if variant.default:
                devices = f"On {name_levels(variant.first_level, variant.last_level)}"
            else:
                devices = f"On devices that choose {show(variant.qualifiers, 80)} resources"
            domains = _domain_scopes(variant)
            count = sum(len(matching_names(scope)) for scope in domains)
            pinned = sum(len(matching_names(scope)) for scope in domains if self._holds(scope))
            what = f"pins {pinned or 'none'} of {plural(count, 'host pattern')}" if count else "pins no host"
            sentences.append(f"{devices} another file applies, which {what}.")
        return sentences

    def _without_policy(self) -> str:
        lead = "The app has no network security configuration, so no policy pins a host"
        if any(pin_set.holds(self._as_of) for pin_set in self._sets):
            return f"{lead}."
        if self._unseen:
            return f"{lead}; pins in code are unknown."
        return f"{lead}; no pins {'in use ' if self._sets else ''}were found in its code."

    def _over_all(self, by_policy: dict[str, bool]) -> list[str]:
        """Count what policy and code name; nothing where code adds nothing."""
        pinned_by: dict[str, list[str]] = {name: [_POLICY] if held else [] for name, held in by_policy.items()}
        for pin_set in self._sets:
            if pin_set.host is None:
                continue
            holds = pin_set.holds(self._as_of)
            covered = any(
                _covers(name, pin_set.label) and (mechanisms or not holds) for name, mechanisms in pinned_by.items()
            )
            if pin_set.label in pinned_by or not covered:
                mechanisms = pinned_by.setdefault(pin_set.label, [])
                if holds and pin_set.mechanism_in_text not in mechanisms:
                    mechanisms.append(pin_set.mechanism_in_text)
        for host in self._names.of_no_pattern:
            pinned_by.setdefault(host, [])
        if len(pinned_by) == len(by_policy) and not any(
            mechanism != _POLICY for mechanisms in pinned_by.values() for mechanism in mechanisms
        ):
            return []
        return [self._count(pinned_by)]

    def _count(self, pinned_by: dict[str, list[str]]) -> str:
        pinned = {name: mechanisms for name, mechanisms in pinned_by.items() if mechanisms}
        noun = "host pattern" if any("*" in name for name in pinned_by) else "host"
        known = "known to be " if self._unseen else ""
        # Pins for every host of a client may hold for any of them.
        by_name = " by name" if any(s.host is None and s.holds(self._as_of) for s in self._sets) else ""
        total = len(pinned_by)
        counts: dict[str, int] = {}
        for mechanisms in pinned.values():
            for mechanism in mechanisms:
                counts[mechanism] = counts.get(mechanism, 0) + 1
        if total == 1:
            (name,) = pinned_by
            if not pinned:
                return f"The one {noun} that the app names, {name}, is not {known}pinned{by_name}."
            return f"The one {noun} that the app names, {name}, is pinned by {join_words(list(counts))}."
        whole = f"the {plural(total, noun)} that the app names"
        if not pinned:
            return f"None of {whole} is {known}pinned{by_name}."
        how = f"by {next(iter(counts))}"
        if len(counts) > 1:
            how = join_words([f"{count} by {mechanism}" for mechanism, count in counts.items()])
            how = f": {how}"
        else:
            how = f" {how}"
        if len(pinned) == total:
            return f"All {plural(total, noun)} that the app names are pinned{how}."
        verb = "is" if len(pinned) == 1 else "are"
        return f"{len(pinned)} of {whole} {verb} {known}pinned{how}."

    def _ends(self, domains: Sequence[PolicyScope]) -> list[str]:
        ended: dict[str, list[str]] = {}
        ahead: dict[str, list[str]] = {}
        for scope in domains:
            expires = scope.bands[-1].settings.pin_set.expires_date
            if expires is not None and matching_names(scope):
                if self._status(scope) == "expired":
                    ended.setdefault(expires, []).extend(matching_names(scope))
                elif self._holds(scope):
                    ahead.setdefault(expires, []).extend(matching_names(scope))
        sentences = [f"Pinning for {some_names(names)} ended on {day}." for day, names in sorted(ended.items())]
        if ahead:
            day, names = min(ahead.items())
            later = sum(len(others) for other, others in ahead.items() if other != day)
            more = f", for {plural(later, 'more pattern')} later" if later else ""
            sentences.append(f"Pinning for {some_names(names)} ends on {day}{more}.")
        return sentences

    def _without_effect(self, domains: Sequence[PolicyScope]) -> list[str]:
        sentences: list[str] = []
        for status, words in (
            ("overridden", "are overridden by the system CAs"),
            ("placeholders", "are placeholders, which no key matches: connections fail there"),
        ):
            names = [name for scope in domains if self._status(scope) == status for name in matching_names(scope)]
            if names:
                sentences.append(f"Pins for {some_names(names)} {words}.")
        return sentences

    def _holds(self, scope: PolicyScope) -> bool:
        return self._status(scope) in ("enforced", "partly")

    def _status(self, scope: PolicyScope) -> PinStatus:
        return pin_status(scope.bands[-1].settings, self._as_of, self._useless)


def _policy_without_hosts(*, lost: bool) -> str:
    what = "names no host that can exist and pins none" if lost else "names no host and pins none"
    return f"{_POLICY[:1].upper()}{_POLICY[1:]} {what}."


def _policy_count(by_policy: dict[str, bool]) -> str:
    pinned = sum(by_policy.values())
    whole = plural(len(by_policy), "host pattern")
    if len(by_policy) == 1:
        return f"The one host pattern in {_POLICY} is {'pinned' if pinned else 'not pinned by it'}."
    if pinned == 0:
        return f"None of the {whole} in {_POLICY} is pinned by it."
    if pinned == len(by_policy):
        return f"All {whole} in {_POLICY} are pinned."
    return f"{pinned} of {whole} {'is' if pinned == 1 else 'are'} pinned by {_POLICY}."


def _covers(pattern: str, label: str) -> bool:
    """Tell whether a pattern of the policy with subdomains covers another name or pattern."""
    if not pattern.startswith("*.") or pattern == label:
        return False
    name = pattern[2:]
    inner = label.removeprefix("**.").removeprefix("*.")
    return inner == name or inner.endswith("." + name)


def _domain_scopes(variant: PolicyVariant) -> list[PolicyScope]:
    return [scope for scope in variant.scopes if scope.kind == "domain" and scope.bands]


def _lost_names(scope: PolicyScope) -> list[str]:
    return [show(domain.written.strip(), 253) for domain in scope.domains if domain.problem is not None]
