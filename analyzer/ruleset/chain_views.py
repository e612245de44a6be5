"""Views of chains, and of pin-sets compared with them: days, lifetimes and roles, worked out for conditions."""

import base64
import datetime as dt
from collections.abc import Iterable, Iterator

from analyzer.model import (
    ChainObservation,
    ChainPath,
    Facts,
    Location,
    ObservedCertificate,
    PinCheck,
    PinFact,
    PinMatch,
    Record,
)
from analyzer.model.chains import closest_path
from analyzer.model.pins import Activation, Mechanism
from analyzer.ruleset.expiry import days_left, is_expired
from analyzer.ruleset.pin_views import host_pattern

_DUMMIES = frozenset({"placeholder", "example", "empty-input"})
_AUTHORITIES = frozenset({"root", "intermediate"})
_DAY = dt.timedelta(days=1)
_WEAK_DIGESTS = frozenset({"md2", "md4", "md5", "sha1"})
_OLD_VERSIONS = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
_LEAST_RSA_BITS = 2048


class PinCheckView(Record, frozen=True, kw_only=True):
    """``pin_check``: a pin-set compared with the chain of one host."""

    check: PinCheck
    host: str
    """The concrete host, or the pattern when there is none; with the port where it is not 443."""
    pattern: str
    """The set's pattern as messages write it; ``every host of the client`` without one."""
    mechanism: Mechanism
    activation: Activation
    owner: str
    counts: bool
    """The set is enforced at the time of the scan."""
    inferred: bool
    """Which certificates the mechanism looks at is not known."""
    sent_only: bool
    """The mechanism looks at what the server sent, without building a path."""
    seen: str
    """When and how the chain was seen, in words."""
    path: tuple[str, ...]
    """The path that counts, from the leaf to the anchor, each certificate in words with its pin."""
    matched: tuple[str, ...]
    """Which pin fits which certificate, in words."""
    matched_keys: int
    """Distinct keys that pins fit."""
    sole_role: str
    """``leaf``, ``intermediate`` or ``anchor`` when all matches have that role, else empty."""
    sole_subject: str
    """Name of the only certificate that pins fit, else empty."""
    whole_certificate: bool
    """All matches are pins of whole certificates."""
    days_left: int
    """Days until the last matching certificate ends; 0 without a match."""
    lifetime_days: int
    """Days of validity of that certificate in all."""
    ends_on: str
    """Its last day; empty without a match."""
    own_anchor: bool
    """The trust store that counts holds only the app's own anchors."""
    retiring: tuple[str, ...]
    """When every match is of an authority that is expired, no longer used, or ends within 90 days: which, and why."""
    retired_now: bool
    """An authority among `retiring` has expired, is distrusted, or ends within 30 days."""
    cross_signed: str
    """Name of the only matching authority certificate that another authority signed, else empty."""
    twins: tuple[str, ...]
    """Trust stores that hold a self-signed certificate of the same authority."""
    differing_by_user: bool
    """A store that the user gave is among those under which no pin matches."""
    other_authority: bool
    """A pin outside the path is that of a known authority."""
    dummies: tuple[str, ...]
    """Pins that match nothing and are placeholders or examples."""
    retired: tuple[str, ...]
    """Pins that match nothing and whose authority is no longer in use, with its name."""
    unseen: tuple[str, ...]
    """Pins that match nothing and have no name."""
    expired: bool
    expiry_days: int | None
    """Days until the set ends; None without a date."""
    evidence: tuple[Location, ...]


class ChainView(Record, frozen=True, kw_only=True):
    """``chain``: what one host presents, and how it may be trusted."""

    chain: ChainObservation
    host: str
    """With the port where it is not 443."""
    seen: str
    subject: str
    """Of the leaf; empty without one."""
    covered: bool
    """The leaf covers the host, or that is not known."""
    days_left: int
    """Of the leaf."""
    lifetime_days: int
    starts_on: str
    ends_on: str
    expired: bool
    """The leaf, or a certificate that the closest path needs, has expired."""
    not_yet_valid: bool
    valid: bool
    """At least one trust store leads to a valid path, or a key store in code that decides about the host."""
    problem: str
    """Why there is no valid path, with the store that comes closest; empty for a valid one."""
    detail: str
    stores: tuple[str, ...]
    user_store: bool
    """The user gave a trust store."""
    app_anchors: bool
    """Anchors of the app take part."""
    missing: tuple[str, ...]
    """Intermediates that every valid path needs and that the server did not send."""
    weaknesses: tuple[str, ...]
    legacy_renegotiation: bool
    drift: tuple[str, ...]
    """How another look at the same host differs."""
    drift_kind: str
    """``verdict``, ``issuer`` or ``key``; empty without drift."""
    age_days: int | None
    """Age of a recording at the time of judgement."""
    evidence: tuple[Location, ...] = ()


def pin_checks(facts: Facts, as_of: dt.datetime) -> Iterator[PinCheckView]:
    """View every comparison of a pin-set with a chain."""
    sets: dict[tuple[object, ...], list[PinFact]] = {}
    for pin in facts.pins:
        sets.setdefault((pin.mechanism, pin.host, pin.include_subdomains, pin.scope), []).append(pin)
    for check in facts.pin_checks:
        pins = sets.get((check.mechanism, check.pattern, check.include_subdomains, check.scope), [])
        chain = facts.chains[check.chain] if check.chain is not None and check.chain < len(facts.chains) else None
        if chain is not None and chain.superseded:
            continue
        yield _pin_check(check, pins, chain, as_of)


def _pin_check(
    check: PinCheck, pins: list[PinFact], chain: ChainObservation | None, as_of: dt.datetime
) -> PinCheckView:
    certificates = chain.certificates if chain is not None else ()
    counting = _counting(check, chain)
    matches = [match for match in check.matches if match.certificate < len(certificates)]
    matching = [certificates[match.certificate] for match in matches]
    longest = max(matching, key=lambda certificate: certificate.not_after, default=None)
    roles = {match.role for match in matches}
    pattern = "every host of the client"
    if check.pattern is not None:
        pattern = host_pattern(check.pattern, include_subdomains=check.include_subdomains)
    by_value = {pin.value: pin for pin in pins}
    unmatched = [by_value[value] for value in check.unmatched if value in by_value]
    retiring = [_retiring(certificate, as_of) for certificate in matching]
    sole = matching[0] if len({certificate.certificate_sha256 for certificate in matching}) == 1 else None
    cross = sole if sole is not None and sole.ca and not sole.self_issued and _is_root(sole) else None
    failing = set(check.differing_stores) if check.status == "match" else {check.store}
    expiry = days_left(check.expires_on, as_of)
    return PinCheckView(
        check=check,
        host=_place(check.host, check.port) if check.host is not None else pattern,
        pattern=pattern,
        mechanism=check.mechanism,
        activation=check.activation,
        owner=check.owner,
        counts=check.enforced,
        inferred=check.checked_against == "unknown",
        sent_only=check.checked_against in ("presented", "leaf"),
        seen=_seen(chain) if chain is not None else "",
        path=tuple(_certificate_words(certificates[index]) for index in (counting.certificates if counting else ())),
        matched=tuple(f"{match.value} fits {_role_words(match, certificates[match.certificate])}" for match in matches),
        matched_keys=len({certificate.spki_sha256 for certificate in matching}),
        sole_role=next(iter(roles)) if len(roles) == 1 else "",
        sole_subject=sole.subject if sole is not None else "",
        whole_certificate=bool(matches) and all(match.by_certificate for match in matches),
        days_left=_days_until(longest.not_after, as_of) if longest is not None else 0,
        lifetime_days=_lifetime(longest) if longest is not None else 0,
        ends_on=longest.not_after[:10] if longest is not None else "",
        own_anchor=counting is not None and counting.kind == "app",
        retiring=tuple(dict.fromkeys(text for text, _ in retiring)) if matching and all(t for t, _ in retiring) else (),
        retired_now=any(urgent for _, urgent in retiring),
        cross_signed=cross.subject if cross is not None else "",
        twins=cross.twin_in if cross is not None else (),
        differing_by_user=chain is not None
        and any(path.kind == "user" and path.store in failing for path in chain.paths),
        other_authority=any(
            pin.identity is not None and pin.identity.kind in ("root", "intermediate") for pin in unmatched
        ),
        dummies=tuple(pin.value for pin in unmatched if pin.problem in _DUMMIES),
        retired=tuple(
            f"{pin.value} ({pin.identity.name}, {pin.identity.status})"
            for pin in unmatched
            if pin.identity is not None and pin.identity.status in ("expired", "retired", "distrusted")
        ),
        unseen=tuple(pin.value for pin in unmatched if pin.identity is None and pin.problem not in _DUMMIES),
        expired=is_expired(check.expires_on, as_of),
        expiry_days=expiry,
        evidence=tuple(dict.fromkeys(location for pin in pins for location in pin.evidence)),
    )


def _counting(check: PinCheck, chain: ChainObservation | None) -> ChainPath | None:
    if chain is None:
        return None
    paths = (*chain.paths, *chain.key_store_paths)
    return next((path for path in paths if path.problem is None and path.store == check.store), None)


def _is_root(certificate: ObservedCertificate) -> bool:
    """Tell whether an authority's key is also that of a root, so that the certificate is a cross-signed one."""
    return bool(certificate.twin_in) or (certificate.identity is not None and certificate.identity.kind == "root")


def _retiring(certificate: ObservedCertificate, as_of: dt.datetime) -> tuple[str, bool]:
    """Say why an authority will not be there much longer; empty for leaves and for others that will."""
    if not certificate.ca:
        return "", False
    name = certificate.identity.name if certificate.identity is not None else certificate.subject
    days = _days_until(certificate.not_after, as_of)
    if days < 0:
        return f"{name} (expired on {certificate.not_after[:10]})", True
    status = certificate.identity.status if certificate.identity is not None else None
    if status in ("retired", "distrusted"):
        return f"{name} ({status})", status == "distrusted"
    if days <= 90:
        return f"{name} (ends on {certificate.not_after[:10]})", days <= 30
    return "", False


def _role_words(match: PinMatch, certificate: ObservedCertificate) -> str:
    name = certificate.identity.name if certificate.identity is not None else certificate.subject
    whole = "the certificate of " if match.by_certificate else ""
    sent = "" if certificate.sent_at is not None else ", not sent"
    return f"{whole}{name or 'a certificate without a name'} ({match.role}{sent}, until {certificate.not_after[:10]})"


def _certificate_words(certificate: ObservedCertificate) -> str:
    origin = "sent" if certificate.sent_at is not None else "from the store"
    pin = base64.b64encode(certificate.spki_sha256).decode("ascii")
    return f"{certificate.subject or 'no name'} ({origin}, until {certificate.not_after[:10]}, sha256/{pin})"


def chains(facts: Facts, as_of: dt.datetime) -> Iterator[ChainView]:
    """View every chain that was seen, and every host whose chain was not."""
    for position, chain in enumerate(facts.chains):
        if not chain.superseded:
            yield _chain(chain, position, facts, as_of)


def _chain(chain: ChainObservation, position: int, facts: Facts, as_of: dt.datetime) -> ChainView:
    leaf = chain.certificates[0] if chain.certificates else None
    valid = [path for path in chain.paths if path.problem is None]
    trusted = bool(valid) or any(path.problem is None for path in chain.key_store_paths)
    first = closest_path(chain.paths)
    observed = dt.datetime.fromisoformat(chain.observed_at) if chain.observed_at is not None else None
    kind, drift = _drift(chain, position, facts)
    return ChainView(
        chain=chain,
        host=_place(chain.host, chain.port),
        seen=_seen(chain),
        subject=leaf.subject if leaf is not None else "",
        covered=chain.covers_host is not False,
        days_left=_days_until(leaf.not_after, as_of) if leaf is not None else 0,
        lifetime_days=_lifetime(leaf) if leaf is not None else 0,
        starts_on=leaf.not_before[:10] if leaf is not None else "",
        ends_on=leaf.not_after[:10] if leaf is not None else "",
        expired=(leaf is not None and _days_until(leaf.not_after, as_of) < 0)
        or (not trusted and any(path.problem == "expired" for path in chain.paths)),
        not_yet_valid=(leaf is not None and dt.datetime.fromisoformat(leaf.not_before) > as_of)
        or (not trusted and any(path.problem == "not-yet-valid" for path in chain.paths)),
        valid=trusted,
        problem=(first.problem or "") if first is not None else "",
        detail=first.detail if first is not None else "",
        stores=tuple(path.store for path in chain.paths),
        user_store=any(path.kind == "user" for path in chain.paths),
        app_anchors=any(path.kind == "app" or path.store.endswith("app's anchors") for path in chain.paths),
        missing=_missing(chain, valid),
        weaknesses=tuple(_weaknesses(chain)),
        legacy_renegotiation=chain.secure_renegotiation is False,
        drift=drift,
        drift_kind=kind,
        age_days=(as_of - observed) // _DAY if observed is not None and chain.recorded else None,
    )


def _missing(chain: ChainObservation, valid: list[ChainPath]) -> tuple[str, ...]:
    if not valid or not all(path.borrowed for path in valid):
        return ()
    return tuple(chain.certificates[index].subject for index in valid[0].borrowed)


def _weaknesses(chain: ChainObservation) -> Iterator[str]:
    if chain.tls_version in _OLD_VERSIONS:
        yield f"the server speaks nothing newer than {chain.tls_version}"
    for certificate in chain.certificates:
        if certificate.sent_at is None or (certificate.self_issued and certificate.sent_at > 0):
            # How an anchor is signed does not matter.
            continue
        name = certificate.subject or "a certificate without a name"
        bits = certificate.key_bits
        if certificate.key_kind in ("RSA", "RSA-PSS") and bits is not None and bits < _LEAST_RSA_BITS:
            yield f"{name} has an RSA key of {bits} bits"
        if certificate.signature_digest in _WEAK_DIGESTS:
            yield f"{name} is signed with {certificate.signature}"


def _drift(chain: ChainObservation, position: int, facts: Facts) -> tuple[str, tuple[str, ...]]:
    """Compare with the first other look at the same host and port that differs."""
    if not chain.certificates:
        return "", ()
    here = _outcomes(facts.pin_checks, position)
    leaf = chain.certificates[0]
    for other_position, other in enumerate(facts.chains):
        if (other.host, other.port) != (chain.host, chain.port) or not other.superseded or not other.certificates:
            continue
        there = _outcomes(facts.pin_checks, other_position)
        theirs = other.certificates[0]
        where = _seen(other)
        if any(there[key] != status for key, status in here.items() if key in there):
            return "verdict", (f"pins match the chain that was {_seen(chain)} and not the one {where}, or the reverse",)
        if theirs.issuer != leaf.issuer:
            words = f"{leaf.issuer} has issued the leaf that was {_seen(chain)}, {theirs.issuer} the one {where}"
            return "issuer", (words,)
        if theirs.spki_sha256 != leaf.spki_sha256:
            return "key", (f"the leaf that was {_seen(chain)} has another key than the one {where}",)
    return "", ()


def _outcomes(checks: Iterable[PinCheck], position: int) -> dict[tuple[str, str | None, str], str]:
    return {
        (check.mechanism, check.pattern, check.scope): check.status
        for check in checks
        if check.chain == position and check.status != "unknown"
    }


def _seen(chain: ChainObservation) -> str:
    when = f" on {chain.observed_at[:10]}" if chain.observed_at is not None else ""
    where = f" at {chain.address}" if chain.address is not None else " through a proxy" if chain.via_proxy else ""
    return f"{'recorded' if chain.recorded else 'seen'}{when}{where}"


def _place(host: str, port: int) -> str:
    if port == 443:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _days_until(moment: str, as_of: dt.datetime) -> int:
    """Return whole days to an instant; negative once it has passed."""
    return (dt.datetime.fromisoformat(moment) - as_of) // _DAY


def _lifetime(certificate: ObservedCertificate) -> int:
    begin, end = (dt.datetime.fromisoformat(text) for text in (certificate.not_before, certificate.not_after))
    # The last second counts (RFC 5280, section 4.1.2.5), so that 90 days are 90 and not 89.
    return (end - begin + dt.timedelta(seconds=1)) // _DAY
