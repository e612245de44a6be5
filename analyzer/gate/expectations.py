"""Compares an app with what the team's policy expects of its hosts. Three answers: met, violated, could not tell."""

import base64
import datetime as dt
import fnmatch
from collections.abc import Callable, Iterator, Sequence

import msgspec

from analyzer.gate.held_pins import Blindness, HeldSet, HostView, blindness_of, date_key, ended, view_host
from analyzer.gate.team_policy import date_of
from analyzer.model import AnalysisGap, Facts, Location, PolicyCheck, Settings, TeamPolicy
from analyzer.model.team_policy import Demand, HostExpectation

_PROBE = "any-other-name"
"""The label that stands for names below a domain which the app does not spell out."""
MAX_HOSTS = 200
"""Most hosts below one domain that are compared by name."""
MAX_PLACES = 4


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is the case for one host."""

    state: str
    found: str = ""
    places: tuple[Location, ...] = ()


_MET = _Answer(state="met")
_Question = Callable[[HostView], _Answer]


def check_expectations(
    policy: TeamPolicy, facts: Facts, gaps: Sequence[AnalysisGap], as_of: dt.datetime
) -> tuple[PolicyCheck, ...]:
    """Compare every expectation with the app.

    A host is not pinned where nothing pins it and nothing may hide that; where a gap may, the answer is that it could
    not be told. A pattern ``*.example.com`` is answered for every name below the domain that the app spells out and
    for one that it does not.
    """
    blind = blindness_of(facts, gaps)
    checks: list[PolicyCheck] = []
    views: dict[str, HostView] = {}
    for index, expectation in enumerate(policy.form.expect):
        inquiry = _Inquiry(policy, index, expectation, facts, blind, as_of)
        for position, pattern in enumerate(expectation.hosts):
            hosts = _hosts_of(pattern, facts)
            for host in hosts:
                if host not in views:
                    views[host] = view_host(facts, host, as_of)
            seen = [views[host] for host in hosts]
            for demand, key, question in inquiry.questions():
                checks.append(_answered(policy, (index, position, key), pattern, demand, seen, question))
    return tuple(checks)


def _hosts_of(pattern: str, facts: Facts) -> list[str]:
    if not pattern.startswith("*."):
        return [pattern]
    suffix = pattern[1:]
    named = {host.name.lower().rstrip(".") for host in facts.hosts}
    named |= {(pin.host or "").lower() for pin in facts.pins if pin.mechanism != "string"}
    for variant in facts.policy.variants:
        named |= {domain.name for scope in variant.scopes for domain in scope.domains if domain.problem is None}
    below = sorted(name for name in named if name.endswith(suffix) and len(name) > len(suffix) and "*" not in name)
    return [*below[:MAX_HOSTS], f"{_PROBE}{suffix}"]


def _answered(
    policy: TeamPolicy,
    key: tuple[int, int, str],
    pattern: str,
    demand: Demand,
    views: Sequence[HostView],
    question: _Question,
) -> PolicyCheck:
    answers = [(view.host, question(view)) for view in views]
    state = next((state for state in ("violated", "unknown") if any(a.state == state for _, a in answers)), "met")
    concerned = [(host, answer) for host, answer in answers if answer.state == state]
    index, position, field = key
    place = policy.place("expect", index, field)
    sentences = list(dict.fromkeys(f"{_spoken(host)} {answer.found}." for host, answer in concerned if answer.found))
    found = " ".join(sentences[:2]) + (f" So it is with {len(sentences) - 2} more hosts." if len(sentences) > 2 else "")
    places = tuple(dict.fromkeys(place for _, answer in concerned for place in answer.places))[:MAX_PLACES]
    return PolicyCheck(
        demand=demand,
        state="violated" if state == "violated" else "unknown" if state == "unknown" else "met",
        subject=pattern,
        line=f"{place.entry}:{place.line}",
        found=found or "It holds.",
        evidence=(place, policy.place("expect", index, "hosts", position), *places),
    )


def _spoken(host: str) -> str:
    prefix = f"{_PROBE}."
    return f"Any other name below {host.removeprefix(prefix)}" if host.startswith(prefix) else host


class _Inquiry:
    """The questions that one expectation asks about a host."""

    def __init__(
        self,
        policy: TeamPolicy,
        index: int,
        expectation: HostExpectation,
        facts: Facts,
        blind: Blindness,
        as_of: dt.datetime,
    ) -> None:
        self._expectation = expectation
        self._facts = facts
        self._blind = blind
        self._as_of = as_of
        self._supported_until = policy.form.supported_until
        self._identities = {pin.digest: pin.identity for pin in facts.pins if pin.identity is not None}
        self._index = index

    def questions(self) -> Iterator[tuple[Demand, str, _Question]]:
        """Yield each demand with the key that makes it."""
        asked = self._expectation
        if asked.pinned:
            yield "pinned", "pinned", self._pinned
        if asked.pinned_by:
            yield "pinned", "pinned_by", self._pinned_by
        if asked.min_pins is not None:
            yield "pin-count", "min_pins", self._sets(self._enough)
        if asked.backup:
            yield "backup", "backup", self._backed_up
        if asked.not_expiring_within_days is not None:
            yield "validity", "not_expiring_within_days", self._lasting
        if asked.pins:
            yield "exact-pins", "pins", self._sets(self._exact)
        if asked.allowed_cas:
            yield "allowed-keys", "allowed_cas", self._sets(self._allowed)
        if asked.no_cleartext:
            yield "no-cleartext", "no_cleartext", self._no_cleartext
        if asked.certificate_transparency:
            yield "certificate-transparency", "certificate_transparency", self._transparent

    def _pinned(self, view: HostView) -> _Answer:
        if view.surely_pinned:
            return _MET
        if view.perhaps:
            return _Answer(
                state="unknown",
                found=f"may be pinned by {', '.join(view.perhaps)}, but no client for it was seen to use these pins",
            )
        reason = self._blind.policy or self._blind.code or (view.refused and "devices refuse the policy file")
        if reason:
            return _Answer(state="unknown", found=f"may be pinned where it was not seen: {reason}")
        return self._unpinned(view)

    def _unpinned(self, view: HostView) -> _Answer:
        some = [level for (level, _, _), pinned in zip(view.policy, view.pinned_levels, strict=True) if not pinned]
        where = ""
        if some and any(view.pinned_levels):
            where = f" on devices of API {_levels(some)}"
        expired = next((held.expires_on for held in view.sets if held.expires_on and not view.by_policy), None)
        over = expired and not where and ended(expired, self._as_of)
        ending = f" since its pin-set ended on {expired}" if over else ""
        return _Answer(state="violated", found=f"is not pinned{where}{ending}", places=_places(view))

    def _pinned_by(self, view: HostView) -> _Answer:
        # Whoever names the mechanism says that its client is the one for this host.
        missing = [name for name in self._expectation.pinned_by if name not in view.mechanisms()]
        if not missing:
            return _MET
        unsure = [name for name in missing if name in view.perhaps or self._hidden(name, view)]
        if len(unsure) == len(missing):
            reason = self._hidden(unsure[0], view) or "no client was seen to use its pins"
            return _Answer(state="unknown", found=f"may be pinned by {', '.join(unsure)}: {reason}")
        certain = [name for name in missing if name not in unsure]
        return _Answer(state="violated", found=f"is not pinned by {', '.join(certain)}", places=_places(view))

    def _hidden(self, mechanism: str, view: HostView) -> str | None:
        if mechanism == "nsc":
            return self._blind.policy or ("devices refuse the policy file" if view.refused else None)
        return self._blind.code

    def _sets(self, judge: Callable[[HeldSet], _Answer]) -> _Question:
        """Ask a question about every set of pins of a host; a host without any does not meet it."""

        def question(view: HostView) -> _Answer:
            sets = self._meant(view)
            if not sets:
                return self._pinned(view)
            answers = [judge(held) for held in sets]
            for state in ("violated", "unknown"):
                for answer in answers:
                    if answer.state == state:
                        return answer
            return _MET

        return question

    def _meant(self, view: HostView) -> tuple[HeldSet, ...]:
        """Return the sets that hold for the host, without those of clients of which nobody says that they are meant."""
        named = self._expectation.pinned_by
        return tuple(held for held in view.sets if not held.every_host or held.mechanism in named)

    def _enough(self, held: HeldSet) -> _Answer:
        wanted = self._expectation.min_pins or 1
        count = len(held.digests)
        if count >= wanted:
            return _MET
        pins = "1 distinct pin" if count == 1 else f"{count} distinct pins"
        if not held.resolved:
            return _Answer(state="unknown", found=f"has {pins} by {held.mechanism} and others that are not known")
        return _Answer(
            state="violated", found=f"has {pins} by {held.mechanism}, not {wanted} or more", places=held.evidence
        )

    def _backed_up(self, view: HostView) -> _Answer:
        sets = self._meant(view)
        if not sets:
            return self._pinned(view)
        for check in self._facts.pin_checks:
            if check.host != view.host or check.status == "unknown" or not check.enforced:
                continue
            if not check.unmatched and check.matches and not check.unresolved:
                return _Answer(
                    state="violated",
                    found=f"has no pin by {check.mechanism} for a key outside of the chain that is in use",
                    places=_places(view),
                )
        few = [held for held in sets if len(held.digests) < 2]
        for held in few:
            if held.resolved:
                found = f"has no backup pin by {held.mechanism}: {len(held.digests)} distinct pin in all"
                return _Answer(state="violated", found=found, places=held.evidence)
        if few:
            return _Answer(state="unknown", found=f"has pins by {few[0].mechanism} that are not known")
        return _MET

    def _lasting(self, view: HostView) -> _Answer:
        days = self._expectation.not_expiring_within_days or 0
        start = date_of(self._supported_until) if self._supported_until else self._as_of.date()
        # The calendar ends with the year 9999; nothing is supported until then.
        limit = start + dt.timedelta(days=min(days, (dt.date.max - start).days))
        for held in self._meant(view):
            if held.expires_on and date_key(held.expires_on) <= (limit.year, limit.month, limit.day):
                found = f"has pins by {held.mechanism} that end on {held.expires_on}, not after {limit.isoformat()}"
                return _Answer(state="violated", found=found, places=held.evidence)
        return _MET

    def _exact(self, held: HeldSet) -> _Answer:
        wanted = {base64.b64decode(pin.removeprefix("sha256/")) for pin in self._expectation.pins}
        if not held.resolved:
            return _Answer(state="unknown", found=f"has pins by {held.mechanism} that are not known")
        extra, missing = held.digests - wanted, wanted - held.digests
        if not extra and not missing:
            return _MET
        parts = [f"lacks {_written(missing)}"] if missing else []
        parts += [f"has {_written(extra)}, which the policy does not list"] if extra else []
        return _Answer(state="violated", found=f"by {held.mechanism} {' and '.join(parts)}", places=held.evidence)

    def _allowed(self, held: HeldSet) -> _Answer:
        others = {digest for digest in held.digests if not self._is_allowed(digest)}
        if others:
            found = f"is pinned by {held.mechanism} to {_written(others)}, which is none of the allowed keys"
            return _Answer(state="violated", found=found, places=held.evidence)
        if not held.resolved:
            return _Answer(state="unknown", found=f"has pins by {held.mechanism} that are not known")
        return _MET

    def _is_allowed(self, digest: bytes) -> bool:
        identity = self._identities.get(digest)
        written = f"sha256/{base64.b64encode(digest).decode()}"
        for name in self._expectation.allowed_cas:
            if name == written:
                return True
            if identity is not None and fnmatch.fnmatchcase(identity.name.casefold(), name.casefold()):
                return True
        return False

    def _no_cleartext(self, view: HostView) -> _Answer:
        return self._everywhere(view, "permits cleartext", lambda settings: settings.cleartext)

    def _transparent(self, view: HostView) -> _Answer:
        return self._everywhere(
            view, "does not require certificate transparency", lambda settings: settings.ct_required is False
        )

    def _everywhere(self, view: HostView, fault: str, is_wrong: Callable[[Settings], bool]) -> _Answer:
        wrong = [
            (level, place) for level, settings, place in view.policy if settings is not None and is_wrong(settings)
        ]
        if wrong:
            places = tuple(dict.fromkeys(place for _, place in wrong))
            return _Answer(
                state="violated", found=f"{fault} on devices of API {_levels([level for level, _ in wrong])}",
                places=places,
            )  # fmt: skip
        reason = self._blind.policy or ("devices refuse the policy file" if view.refused else None)
        if reason:
            return _Answer(state="unknown", found=f"has settings that could not be told: {reason}")
        return _MET


def _places(view: HostView) -> tuple[Location, ...]:
    return tuple(dict.fromkeys(place for _, _, place in view.policy))


def _levels(levels: Sequence[int]) -> str:
    first, last = min(levels), max(levels)
    return str(first) if first == last else f"{first} to {last}"


def _written(digests: set[bytes] | frozenset[bytes]) -> str:
    texts = sorted(f"sha256/{base64.b64encode(digest).decode()}" for digest in digests)
    return ", ".join(texts[:3]) + (f" and {len(texts) - 3} more" if len(texts) > 3 else "")
