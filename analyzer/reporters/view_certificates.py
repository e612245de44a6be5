"""Certificates, keys and key stores that come with the app, as human reports show them."""

import datetime as dt
from collections.abc import Iterator

from analyzer.model import CertificateFact, CertificateUse, Facts
from analyzer.model.pins import Activation
from analyzer.model.use_words import USES_IN_CODE
from analyzer.reporters.text import plural
from analyzer.reporters.view_model import CertificateRow, State
from analyzer.reporters.view_pins import parse_day
from analyzer.reporters.words import owner_name, show

MAX_ROWS = 60
_BUNDLE = 20
_SOON_DAYS = 90
_SHOWN_HOSTS = 3
_KINDS = {
    "certificate": "certificate",
    "private-key": "private key",
    "public-key": "public key",
    "keystore": "key store",
    "unreadable": "unreadable",
}
_ROLES = {"leaf": "leaf", "intermediate": "intermediate authority", "root": "root authority"}
_IDLE: dict[Activation, str] = {
    "created": " (put to no use)",
    "defined_only": " (in code that nothing runs)",
    "unknown": " (whether it is put to use is not known)",
}
_ORDER = {"private-key": 0, "unreadable": 1, "certificate": 2, "keystore": 3, "public-key": 4}


def certificate_rows(facts: Facts, as_of: dt.datetime) -> tuple[tuple[CertificateRow, ...], int]:
    """Return what the app carries, what is used first, and how many more there are; copied trust stores are one row."""
    rows = sorted(_rows(facts, as_of), key=lambda row: (not row[0], row[1], row[2].ends_on or "9999", row[2].name))
    return tuple(row for _, _, row in rows[:MAX_ROWS]), max(0, len(rows) - MAX_ROWS)


def _rows(facts: Facts, as_of: dt.datetime) -> Iterator[tuple[bool, int, CertificateRow]]:
    bundles: set[str] = set()
    for fact in facts.certificates:
        used = bool(fact.uses)
        if fact.kind == "certificate" and fact.group_size >= _BUNDLE:
            if fact.group not in bundles:
                bundles.add(fact.group)
                yield used, 2, _bundle(fact)
        else:
            yield used or fact.kind == "private-key", _ORDER[fact.kind], _row(fact, as_of)


def _bundle(fact: CertificateFact) -> CertificateRow:
    name = plural(fact.group_size, "certificate")
    return CertificateRow(
        kind="trust store",
        name=name,
        place=show(fact.entry),
        detail=_where(fact),
        use=uses_in_words(fact),
        state="neutral",
    )


def _row(fact: CertificateFact, as_of: dt.datetime) -> CertificateRow:
    end = parse_day(fact.not_after) if fact.not_after is not None else None
    left = None if end is None else (end - as_of.date()).days
    state: State = "neutral"
    if fact.kind in ("private-key", "unreadable"):
        state = "bad"
    elif left is not None:
        state = "bad" if left < 0 else "warn" if left <= _SOON_DAYS else "good"
    name = fact.subject or fact.alias or fact.entry
    return CertificateRow(
        kind=_ROLES[fact.role] if fact.role is not None else _KINDS[fact.kind],
        name=show(name, 160),
        place=show(fact.entry),
        detail="; ".join(_details(fact)),
        use=uses_in_words(fact),
        starts_on=fact.not_before[:10] if fact.not_before is not None else None,
        ends_on=end.isoformat() if end is not None else None,
        state=state,
    )


def _details(fact: CertificateFact) -> Iterator[str]:
    if fact.key_kind is not None:
        yield show(f"{fact.key_kind} {fact.key_bits}" if fact.key_bits is not None else fact.key_kind, 60)
    if fact.identity is not None:
        yield f"publicly known: {show(fact.identity.name, 120)}"
    if fact.reencoded_spki_sha256 is not None:
        yield "unusual key encoding: implementations differ on its pin"
    if fact.kind == "keystore" and fact.opened is not None:
        yield f"opened with {show(fact.password, 120)}" if fact.password else "opened" if fact.opened else "not opened"
    if fact.kind == "private-key" and fact.encrypted:
        yield f"encrypted; {show(fact.password, 120)} opens it" if fact.password else "encrypted"
    if fact.problem is not None:
        yield show(fact.problem, 160)
    yield _where(fact)


def _where(fact: CertificateFact) -> str:
    inside = f" in {fact.store_form}" if fact.store_form is not None and fact.kind != "keystore" else ""
    return f"{show(fact.form, 40)}{inside if fact.form != fact.store_form else ''}, {owner_name(fact.owner)}"


def uses_in_words(fact: CertificateFact) -> str:
    """Say what uses a certificate, key or store."""
    return "; ".join(dict.fromkeys(_use(use) for use in fact.uses)) or "no use seen"


def _use(use: CertificateUse) -> str:
    more = f" and {len(use.hosts) - _SHOWN_HOSTS} more" if len(use.hosts) > _SHOWN_HOSTS else ""
    hosts = ", ".join(show(host, 120) for host in use.hosts[:_SHOWN_HOSTS]) + more
    if use.kind == "policy-anchor":
        return f"{'only ' if use.sole else ''}trust anchor for {hosts or 'all other hosts'}"
    if use.kind == "debug-anchor":
        return "trust anchor of debug-overrides"
    place = next((place.class_name for place in use.evidence if place.class_name is not None), "code")
    idle = _IDLE.get(use.activation, "") if use.kind in ("trust-manager", "comparison", "key-manager") else ""
    return USES_IN_CODE[use.kind].format(place=show(place, 160)) + idle
