"""Judgements about certificates, keys and key stores that come with the app."""

import datetime as dt

from analyzer.model import CertificateFact, CertificateUse
from analyzer.model.use_words import USES_IN_CODE
from analyzer.ruleset.functions.registry import Context, judgement
from analyzer.ruleset.views import PolicyScopeView

_LEAST_BUNDLE = 20
"""A file with this many authorities is a copy of a trust store rather than a choice of some."""
_SERVER = "1.3.6.1.5.5.7.3.1"
_CLIENT = "1.3.6.1.5.5.7.3.2"
_IN_FORCE = frozenset({"active", "unknown"})
_TRUSTING = frozenset({"policy-anchor", "debug-anchor", "trust-manager", "comparison", "pin"})
_ENDS = frozenset({"trust-manager", "key-manager", "comparison", "pin"})
"""What becomes of a certificate that code reads."""
_READING = frozenset({"key-store", "certificate-factory"})
"""Uses that say that something is read, and not what for."""
_SHOWN_HOSTS = 3
_NEVER = 1_000_000


@judgement("is_used")
def is_used(context: Context, fact: CertificateFact) -> bool:
    """Tell whether something that may run in this build uses a certificate, key or key store."""
    return any(use.activation in _IN_FORCE for use in fact.uses)


@judgement("is_anchor")
def is_anchor(context: Context, fact: CertificateFact) -> bool:
    """Tell whether the policy trusts a certificate in this build, or code reads it where authorities are read."""
    if fact.kind != "certificate" or fact.chain_position is not None:
        return False
    kinds = {use.kind for use in fact.uses if use.activation in _IN_FORCE}
    # A store with the app's own identity is read in the same way as one with authorities.
    return bool(kinds & _TRUSTING) or (bool(kinds) and "key-manager" not in kinds)


@judgement("is_trusted_in_code")
def is_trusted_in_code(context: Context, fact: CertificateFact) -> bool:
    """Tell whether code was seen to make a trust manager trust a certificate, and to put it to use or perhaps so."""
    return any(use.kind == "trust-manager" and use.activation in _IN_FORCE for use in fact.uses)


@judgement("is_own_identity")
def is_own_identity(context: Context, fact: CertificateFact) -> bool:
    """Tell whether the app proves its identity with a certificate."""
    return any(use.kind == "key-manager" and use.activation in _IN_FORCE for use in fact.uses)


@judgement("is_only_hashed")
def is_only_hashed(context: Context, fact: CertificateFact) -> bool:
    """Tell whether only the key or bytes of a certificate count where it is used, whatever its dates."""
    kinds = {use.kind for use in fact.uses if use.activation in _IN_FORCE}
    return bool(kinds) and kinds <= {"pin", "comparison", *_READING} and not kinds <= _READING


@judgement("unsound_anchors")
def unsound_anchors(context: Context, fact: PolicyScopeView) -> tuple[str, ...]:
    """Name the bundled anchors of a policy scope that are no reason to praise it, each with why.

    What cannot be read makes the platform throw at the first connection, and a private key that everyone has, a tool's
    authority, one for tests, a weak key and a whole trust store limit little. Expired anchors count when all are: the
    platform does not look at the date, but nobody keeps them.
    """
    found: list[str] = []
    expired: list[str] = []
    anchors = [anchor for anchor in fact.settings.trust_anchors if anchor.source == "raw"]
    for anchor in anchors:
        name = anchor.resource_name or anchor.resource or anchor.source
        held = [one for one in context.facts.certificates if _is_anchor_at(one, fact.entry, anchor.path)]
        problem = _unsound(context, held)
        if problem is not None:
            found.append(f"{name}: {problem}")
        elif all(certificate_days_left(context, one) < 0 for one in held if one.kind == "certificate"):
            expired.append(f"{name}: expired")
    return (*found, *(expired if len(expired) == len(anchors) else ()))


def _is_anchor_at(fact: CertificateFact, entry: str, path: str | None) -> bool:
    return any(
        place.entry == entry and place.xml_path == path
        for use in fact.uses
        if use.kind == "policy-anchor"
        for place in use.evidence
    )


def _unsound(context: Context, held: list[CertificateFact]) -> str | None:
    if not any(one.kind == "certificate" for one in held):
        return "no certificate can be read from it"
    if any(one.kind == "unreadable" for one in held):
        return "a part of it cannot be read"
    for one in held:
        if one.group_size >= _LEAST_BUNDLE:
            return "it is a copy of a trust store"
        if one.tool is not None or one.staging is not None or one.published is not None:
            return "others than the team hold its key"
        if one.spki_sha256 in _private_keys(context):
            return "its private key comes with the app"
        if weaknesses(context, one):
            return "its key or signature is weak"
    return None


def _private_keys(context: Context) -> frozenset[bytes | None]:
    return context.once("private keys", lambda: frozenset(
        one.spki_sha256 for one in context.facts.certificates if one.kind == "private-key" and one.spki_sha256
    ))  # fmt: skip


@judgement("certificate_days_left")
def certificate_days_left(context: Context, fact: CertificateFact) -> int:
    """Return the whole days until a certificate expires, negative when it has; many for what does not expire."""
    end = _instant(fact.not_after)
    return _NEVER if end is None else (end - context.as_of) // dt.timedelta(days=1)


@judgement("certificate_name")
def certificate_name(context: Context, fact: CertificateFact) -> str:
    """Name a certificate, key or store: its subject, else its alias, else the file it stands in."""
    return fact.subject or fact.alias or fact.entry


@judgement("uses_of")
def uses_of(context: Context, fact: CertificateFact) -> str:
    """Say in words what uses a certificate, key or key store; empty when nothing was seen."""
    known = any(use.kind in _ENDS for use in fact.uses)
    words = dict.fromkeys(_use(use) for use in fact.uses if not known or use.kind not in _READING)
    return ", and ".join(words)


def _use(use: CertificateUse) -> str:
    where = ""
    if use.hosts:
        more = f" and {len(use.hosts) - _SHOWN_HOSTS} more" if len(use.hosts) > _SHOWN_HOSTS else ""
        where = f" for {', '.join(use.hosts[:_SHOWN_HOSTS])}{more}"
    if use.kind == "policy-anchor":
        return f"a trust anchor of the policy{where or ' for all other hosts'}"
    if use.kind == "debug-anchor":
        return "a trust anchor of debug-overrides"
    place = next((place.class_name for place in use.evidence if place.class_name is not None), "code")
    return USES_IN_CODE[use.kind].format(place=place)


@judgement("key_purpose")
def key_purpose(context: Context, fact: CertificateFact) -> str:
    """Tell what a private key is for, by the bundled certificates of its public half.

    ``authority``, ``server``, ``client``, or an empty text when no certificate tells.
    """
    if fact.spki_sha256 is None:
        own = [
            one
            for one in context.facts.certificates
            if one.group == fact.group and one.chain_position == 0 and one.alias == fact.alias
        ]
    else:
        own = _by_key(context).get(fact.spki_sha256, [])
    if any(one.is_ca for one in own):
        return "authority"
    usages = {usage for one in own for usage in one.extended_key_usage or ()}
    if _SERVER in usages or (_CLIENT not in usages and any(one.dns_names for one in own)):
        return "server"
    return "client" if own else ""


def _by_key(context: Context) -> dict[bytes, list[CertificateFact]]:
    def build() -> dict[bytes, list[CertificateFact]]:
        found: dict[bytes, list[CertificateFact]] = {}
        for one in context.facts.certificates:
            if one.kind == "certificate" and one.spki_sha256 is not None:
                found.setdefault(one.spki_sha256, []).append(one)
        return found

    return context.once("certificates by key", build)


@judgement("is_bundle")
def is_bundle(context: Context, fact: CertificateFact) -> bool:
    """Tell whether a certificate is one of many authorities in a file: a copy of a trust store."""
    return fact.group_size >= _LEAST_BUNDLE


@judgement("bundle_age_days")
def bundle_age_days(context: Context, fact: CertificateFact) -> int:
    """Return how many days ago the newest certificate of a copied trust store became valid; 0 for other files.

    Only for the first certificate of a file, so that a rule speaks of each once. A store is at least this old, and
    may well be older: it was made when its newest certificate was there already.
    """
    if fact.group_size < _LEAST_BUNDLE or fact.kind != "certificate":
        return 0
    members = context.once(("bundle", fact.group), lambda: [
        one for one in context.facts.certificates if one.group == fact.group and one.kind == "certificate"
    ])  # fmt: skip
    starts = [start for one in members if (start := _instant(one.not_before)) is not None]
    if not starts or members[0] is not fact:
        return 0
    return (context.as_of - max(starts)).days


@judgement("weaknesses")
def weaknesses(context: Context, fact: CertificateFact) -> tuple[str, ...]:
    """Name what is weak about a certificate's key, and its signature where another key made it."""
    found: list[str] = []
    bits = fact.key_bits
    if bits is not None:
        if fact.key_kind in ("RSA", "RSA-PSS", "DSA") and bits < 2048:
            found.append(f"a key of {bits} bits ({fact.key_kind})")
        if fact.key_kind == "EC" and bits < 224:
            found.append(f"a key of {bits} bits (EC)")
    if fact.key_exponent is not None and fact.key_exponent <= 3:
        found.append(f"the public exponent {fact.key_exponent}")
    # Whoever holds a self-signed certificate trusts it as it is: nobody checks the signature.
    if fact.signature_digest in ("md2", "md4", "md5", "sha1") and fact.self_signed is False:
        found.append(f"a signature with {fact.signature_digest.upper().replace('SHA1', 'SHA-1')}")
    return tuple(found)


def _instant(text: str | None) -> dt.datetime | None:
    try:
        return None if text is None else dt.datetime.fromisoformat(text)
    except ValueError:
        return None
