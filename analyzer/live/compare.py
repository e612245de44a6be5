"""Compares pin-sets with chains: match, no match, or unknown with the reason. Pure."""

import base64
import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from msgspec.structs import replace

from analyzer.model import ChainObservation, ChainPath, ObservedCertificate, PinCheck, PinFact, PinMatch
from analyzer.model.chains import closest_path
from analyzer.model.pins import Activation

Role = Literal["leaf", "intermediate", "anchor", "unused"]
_ACTIVATIONS: tuple[Activation, ...] = ("active", "unknown", "created", "defined_only")
_OKHTTP = frozenset({"okhttp3", "okhttp2"})
_SENT_ONLY = frozenset({"presented", "leaf"})
"""Mechanisms that look at what the server sent, whatever path a validator would build."""


class SetKey(NamedTuple):
    """What tells pin-sets apart."""

    mechanism: str
    host: str | None
    include_subdomains: bool
    scope: str


def pin_sets(pins: Iterable[PinFact]) -> dict[SetKey, list[PinFact]]:
    """Return the pins of each set, in the order of their first pins; texts that nothing is known to use are none."""
    sets: dict[SetKey, list[PinFact]] = {}
    for pin in pins:
        if pin.mechanism != "string":
            sets.setdefault(SetKey(pin.mechanism, pin.host, pin.include_subdomains, pin.scope), []).append(pin)
    return sets


def unasked(pins: Sequence[PinFact], reason: str, detail: str, host: str | None = None, port: int = 443) -> PinCheck:
    """Return the check of a set for which there is no chain."""
    first = pins[0]
    return PinCheck(
        mechanism=first.mechanism,
        pattern=first.host,
        include_subdomains=first.include_subdomains,
        scope=first.scope,
        owner=first.owner,
        activation=min((pin.activation for pin in pins), key=_ACTIVATIONS.index),
        host=host,
        port=port,
        status="unknown",
        reason=reason,
        detail=detail,
        checked_against=first.checked_against,
        hashed_object=first.hashed_object,
        enforced=all(pin.enforced is not False for pin in pins),
        expires_on=first.expires_on,
        pins=len({(pin.algorithm, pin.digest) for pin in pins if pin.digest is not None}),
        unresolved=sum(pin.digest is None for pin in pins),
        unmatched=tuple(dict.fromkeys(pin.value for pin in pins if pin.digest is not None)),
    )


def check(
    pins: Sequence[PinFact],
    chains: Sequence[ChainObservation],
    position: int,
    as_of: dt.datetime,
    *,
    overridden: bool = False,
) -> PinCheck:
    """Compare one set with one chain.

    Args:
        pins: The set.
        chains: Every chain that was seen: a pin that fits another host's leaf is worth a word.
        position: Which of them counts.
        as_of: The instant of judgement.
        overridden: The policy's final anchor switches pins off for this host (``overridePins``).
    """
    chain = chains[position]
    base = replace(unasked(pins, "", "", chain.host, chain.port), chain=position, reason=None, detail=None)
    expired = _is_day_reached(base.expires_on, as_of.date().isoformat())
    base = replace(base, enforced=base.enforced and not expired and not overridden)
    if chain.error is not None or not chain.certificates:
        return replace(base, reason=chain.error or "no-certificate", detail=chain.error_detail)
    outcome = _Comparison(pins, chain).outcome(base)
    if outcome.status == "no-match":
        outcome = _with_near_misses(outcome, pins, chains, position)
    return replace(outcome, breaks_on=_first_break(outcome, chain, as_of))


class _Comparison:
    """One set and one chain."""

    def __init__(self, pins: Sequence[PinFact], chain: ChainObservation) -> None:
        self._pins = [pin for pin in pins if pin.digest is not None]
        self._chain = chain
        self._against = pins[0].checked_against
        self._sent = tuple(index for index, c in enumerate(chain.certificates) if c.sent_at is not None)
        self._paths = _counting_paths(pins[0], chain)
        self._valid = [path for path in self._paths if path.problem is None]

    def outcome(self, base: PinCheck) -> PinCheck:
        if base.mechanism == "keystore-tm":
            return self._by_key_store(base)
        if self._against in _SENT_ONLY:
            return self._by_what_was_sent(base)
        if self._against == "index":
            return replace(base, reason="index", detail="Which certificate is looked at depends on a position.")
        if not self._valid:
            problem = closest_path(self._paths)
            reason = problem.problem if problem is not None and problem.problem else "unreadable"
            return replace(base, reason=reason, detail=problem.detail if problem is not None else None)
        path = self._valid[0]
        matches = self._matches(path.certificates, path)
        if self._against == "unknown":
            matches = matches or self._matches(self._sent, path)
        base = replace(base, store=path.store, private_root=self._private(path))
        differing = [
            other.store for other in self._valid[1:] if bool(self._matches(other.certificates, other)) != bool(matches)
        ]
        unused = [index for index in self._sent if index not in path.certificates]
        only_sent = self._matches(unused, path)
        decided = self._decided(base, matches)
        return replace(
            decided,
            differing_stores=tuple(dict.fromkeys(differing)),
            only_sent=tuple(match for match in only_sent if match.value not in {m.value for m in matches}),
        )

    def _by_key_store(self, base: PinCheck) -> PinCheck:
        """Compare with a store of the app's own, which is nothing but where the path has to end."""
        if not self._paths:
            return replace(base, reason="unreadable", detail="The leaf could not be read.")
        path = self._paths[0]
        base = replace(base, store=path.store)
        if path.problem == "no-trust-anchor":
            platform = next((other for other in self._chain.paths if other.problem is None), None)
            suspected = platform is None or self._private(platform)
            return self._decided(replace(base, private_root=suspected), ())
        if path.problem is not None:
            return replace(base, reason=path.problem, detail=path.detail)
        trusted = path.certificates[-max(path.anchors, 1) :]
        matches = self._matches(trusted, path)
        if not matches and self._pins:
            # Another certificate for the name and key of one in the store.
            role = _role(trusted[-1], path)
            matches = (PinMatch(value=self._pins[0].value, certificate=trusted[-1], role=role, by_certificate=False),)
        return self._decided(base, matches)

    def _by_what_was_sent(self, base: PinCheck) -> PinCheck:
        if self._chain.unread:
            return replace(base, reason="unreadable", detail="A certificate that the server sent could not be read.")
        path = self._valid[0] if self._valid else None
        looked_at = self._sent[:1] if self._against == "leaf" else self._sent
        base = replace(base, store=path.store if path else None, private_root=self._private(path) if path else False)
        decided = self._decided(base, self._matches(looked_at, path))
        if decided.matches:
            return decided
        rest = [index for index in self._sent if index not in looked_at]
        return replace(decided, only_sent=self._matches(rest, path))

    def _decided(self, base: PinCheck, matches: tuple[PinMatch, ...]) -> PinCheck:
        values = {match.value for match in matches}
        base = replace(
            base,
            matches=matches,
            unmatched=tuple(dict.fromkeys(pin.value for pin in self._pins if pin.value not in values)),
        )
        if matches:
            return replace(base, status="match")
        if base.unresolved:
            words = "A pin of the set is not known, and it might match."
            return replace(base, reason="unresolved-pin", detail=words)
        if self._chain.via_proxy and base.private_root:
            words = "The chain came through a proxy and ends in a root that is not public"
            return replace(base, reason="inspecting-proxy", detail=f"{words}: this looks like an inspecting proxy.")
        if not self._pins:
            return replace(base, reason="unresolved-pin", detail="No pin of the set is known.")
        return replace(base, status="no-match")

    def _matches(self, positions: Sequence[int], path: ChainPath | None) -> tuple[PinMatch, ...]:
        found: dict[tuple[str, int], PinMatch] = {}
        for pin in self._pins:
            for index in positions:
                certificate = self._chain.certificates[index]
                for whole in _fits(pin, certificate):
                    role = _role(index, path)
                    match = PinMatch(value=pin.value, certificate=index, role=role, by_certificate=whole)
                    found.setdefault((pin.value, index), match)
        return tuple(found.values())

    def _private(self, path: ChainPath) -> bool:
        if path.kind != "user" or not path.certificates:
            return False
        anchor = self._chain.certificates[path.certificates[-1]]
        return anchor.identity is None or not anchor.identity.real


def _counting_paths(pin: PinFact, chain: ChainObservation) -> tuple[ChainPath, ...]:
    """Return the paths that count for a mechanism: with the key store that its client trusts, where it has one."""
    in_code = chain.key_store_paths
    if pin.mechanism == "keystore-tm":
        return tuple(path for path in in_code if path.scope == pin.scope)
    if pin.mechanism in _OKHTTP:
        return tuple(path for path in in_code if "okhttp" in path.clients) or chain.paths
    return chain.paths


def _fits(pin: PinFact, certificate: ObservedCertificate) -> Iterable[bool]:
    """Yield False for a pin of a certificate's key, True for one of the certificate as a whole."""
    keys = {"sha256": certificate.spki_sha256, "sha1": certificate.spki_sha1}
    wholes = {"sha256": certificate.certificate_sha256, "sha1": certificate.certificate_sha1}
    unsure = pin.checked_against == "unknown"
    if (pin.hashed_object == "spki" or unsure) and keys.get(pin.algorithm) == pin.digest:
        yield False
    if (pin.hashed_object in ("certificate", "file") or unsure) and wholes.get(pin.algorithm) == pin.digest:
        yield True


def _role(index: int, path: ChainPath | None) -> Role:
    if path is None or index not in path.certificates:
        return "leaf" if index == 0 else "unused"
    at = path.certificates.index(index)
    if at == 0:
        return "leaf"
    return "anchor" if at >= len(path.certificates) - path.anchors else "intermediate"


def _with_near_misses(
    outcome: PinCheck, pins: Sequence[PinFact], chains: Sequence[ChainObservation], position: int
) -> PinCheck:
    chain = chains[position]
    sentences: dict[str, None] = {}
    right: dict[str, None] = {}
    for pin in pins:
        for miss in chain.near_misses:
            if (miss.algorithm, miss.digest) == (pin.algorithm, pin.digest):
                certificate = chain.certificates[miss.certificate]
                name = certificate.subject or "a certificate without a name"
                sentences[f"{pin.value} is the {miss.form} of {name}"] = None
                right[_meant(pin, certificate)] = None
        for other in chains:
            leaf = other.certificates[0] if other.certificates else None
            if other.host != chain.host and leaf is not None and leaf.sent_at == 0 and list(_fits(pin, leaf)):
                sentences[f"{pin.value} is the pin of another host, {other.host}"] = None
                right[_meant(pin, chain.certificates[0])] = None
    return replace(outcome, near_misses=tuple(sentences), right_pins=tuple(right))


def _meant(pin: PinFact, certificate: ObservedCertificate) -> str:
    """Return the digest that the mechanism would compute of a certificate."""
    whole = pin.hashed_object in ("certificate", "file")
    if pin.algorithm == "sha1":
        digest = certificate.certificate_sha1 if whole else certificate.spki_sha1
    else:
        digest = certificate.certificate_sha256 if whole else certificate.spki_sha256
    return base64.b64encode(digest or b"").decode("ascii")


def _first_break(outcome: PinCheck, chain: ChainObservation, as_of: dt.datetime) -> str | None:
    """Return the first day on which nothing that matches is valid, unless the pins are off by then."""
    if not outcome.enforced or outcome.status == "unknown":
        return None
    if outcome.status == "no-match":
        return as_of.date().isoformat()
    last = max(chain.certificates[match.certificate].not_after for match in outcome.matches)
    # The last instant of validity counts as valid (RFC 5280, section 4.1.2.5).
    first = (dt.datetime.fromisoformat(last) + dt.timedelta(seconds=1)).date().isoformat()
    return None if _is_day_reached(outcome.expires_on, first) else first


def _is_day_reached(day: str | None, today: str) -> bool:
    """Tell whether ``YYYY-MM-DD`` has come; years may have more than four digits, so that texts do not compare."""
    if day is None:
        return False
    parts = day.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        return False
    return [int(part) for part in parts] <= [int(part) for part in today.split("-")]
