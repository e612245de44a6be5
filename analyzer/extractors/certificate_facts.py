"""Facts from what a file, text or array was found to hold."""

import datetime as dt
from collections.abc import Iterable, Iterator

import msgspec

from analyzer.extractors.catalogue import Catalogue
from analyzer.extractors.pin_values import identify_key
from analyzer.model import CertificateFact, CertificateUse, Location
from analyzer.model.certificates import CertificateRole
from analyzer.x509.certificate import Certificate
from analyzer.x509.contents import Item
from analyzer.x509.key_stores import KeyStore, StoreEntry
from analyzer.x509.keys import PublicKey
from analyzer.x509.private_keys import PrivateKey


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One file, text or array, and what is known of it."""

    entry: str
    name: str
    """Tells groups apart that stand in one entry."""
    source: str
    owner: str
    uses: tuple[CertificateUse, ...]
    evidence: tuple[Location, ...]


def role_of(certificate: Certificate) -> CertificateRole:
    """Tell what a certificate is made for; one of version 1 that is self-issued counts as a root, as they once were."""
    authority = certificate.is_ca is True or (
        certificate.is_ca is None and (certificate.version < 3 or certificate.may_sign_certificates is True)
    )
    if not authority:
        return "leaf"
    return "root" if certificate.self_issued else "intermediate"


def certificate_facts(group: Group, items: Iterable[Item], catalogue: Catalogue) -> tuple[CertificateFact, ...]:
    """Return one fact per thing found, and for key stores one per certificate and private key in them."""
    facts: list[CertificateFact] = []
    for item in items:
        facts += _facts(group, item, catalogue)
    size = sum(fact.kind == "certificate" for fact in facts)
    return tuple(msgspec.structs.replace(fact, group_size=max(1, size)) for fact in facts)


def _facts(group: Group, item: Item, catalogue: Catalogue) -> Iterator[CertificateFact]:
    base = _base(group, item.form)
    if item.certificate is not None:
        yield _of_certificate(base, item.certificate, catalogue)
    elif item.public_key is not None:
        yield msgspec.structs.replace(base, kind="public-key", **_of_key(item.public_key, catalogue))
    elif item.private_key is not None:
        yield _of_private_key(base, item.private_key, catalogue)
    elif item.store is not None:
        yield from _of_store(base, item.store, catalogue)
    elif item.kind == "unreadable":
        yield msgspec.structs.replace(base, kind="unreadable", problem=item.problem)


def _base(group: Group, form: str) -> CertificateFact:
    return CertificateFact(
        kind="certificate",
        entry=group.entry,
        form=form,
        group=group.name,
        source=group.source,  # type: ignore[arg-type]
        owner=group.owner,
        uses=group.uses,
        evidence=group.evidence,
    )


def _of_certificate(base: CertificateFact, certificate: Certificate, catalogue: Catalogue) -> CertificateFact:
    # Imported late: loading the library takes a while, and most apps hold no certificate.
    from analyzer.x509.signatures import is_self_signed

    return msgspec.structs.replace(
        base,
        kind="certificate",
        role=role_of(certificate),
        subject=certificate.subject.text or None,
        issuer=certificate.issuer.text or None,
        serial=f"{certificate.serial:x}",
        not_before=_instant(certificate.not_before),
        not_after=_instant(certificate.not_after),
        self_signed=is_self_signed(certificate),
        is_ca=certificate.is_ca,
        path_length=certificate.path_length,
        dns_names=certificate.dns_names[:50],
        extended_key_usage=certificate.extended_key_usage,
        **_known_subject(certificate, catalogue),
        signature_algorithm=certificate.signature_algorithm,
        signature_digest=certificate.signature_digest,
        certificate_sha256=certificate.sha256,
        problem=certificate.problem,
        **_of_key(certificate.key, catalogue),
    )


def _known_subject(certificate: Certificate, catalogue: Catalogue) -> dict[str, str]:
    """Name authorities that are known by their key or subject; a server's certificate never is one."""
    identity = identify_key(certificate.key.sha256, catalogue)
    if identity is not None and identity.kind == "staging":
        # Whatever it calls itself.
        return {"staging": identity.name}
    if role_of(certificate) == "leaf" and not certificate.self_issued:
        return {}
    known = catalogue.certificates.subject(certificate.subject.text)
    if known is None:
        return {}
    return {"tool": known.name} if known.purpose == "interception" else {"staging": known.name}


def _of_key(key: PublicKey, catalogue: Catalogue) -> dict[str, object]:
    again = key.reencoded
    published = catalogue.certificates.test_key(key.sha256)
    return {
        "key_kind": key.kind if key.kind != "unknown" else key.algorithm,
        "key_bits": key.bits,
        "key_exponent": key.exponent if key.exponent is not None and key.exponent < 1 << 53 else None,
        "spki_sha256": key.sha256,
        "reencoded_spki_sha256": None if again is None else msgspec.structs.replace(key, spki=again).sha256,
        "identity": identify_key(key.sha256, catalogue),
        "published": published.name if published is not None else None,
    }


def _of_private_key(base: CertificateFact, key: PrivateKey, catalogue: Catalogue) -> CertificateFact:
    return msgspec.structs.replace(
        base,
        kind="private-key",
        encrypted=key.encrypted,
        password=key.password,
        problem=key.problem,
        # The beginning of a key is a part of the secret.
        evidence=tuple(msgspec.structs.replace(place, snippet=None) for place in base.evidence),
        **(_of_key(key.public, catalogue) if key.public is not None else {}),
    )


def _of_store(base: CertificateFact, store: KeyStore, catalogue: Catalogue) -> Iterator[CertificateFact]:
    base = msgspec.structs.replace(base, form=store.form, store_form=store.form)
    yield msgspec.structs.replace(
        base,
        kind="keystore",
        opened=store.opened,
        password=store.password,
        entries=len(store.entries),
        problem=store.problem,
    )
    for entry in store.entries:
        yield from _of_entry(msgspec.structs.replace(base, alias=entry.alias), entry, catalogue)


def _of_entry(base: CertificateFact, entry: StoreEntry, catalogue: Catalogue) -> Iterator[CertificateFact]:
    is_key = entry.kind == "private-key" or (entry.kind == "sealed-key" and bool(entry.certificates))
    if is_key and entry.key is not None:
        subject = entry.certificates[0].subject.text if entry.certificates else None
        yield msgspec.structs.replace(_of_private_key(base, entry.key, catalogue), subject=subject)
    for position, certificate in enumerate(entry.certificates):
        fact = _of_certificate(base, certificate, catalogue)
        yield msgspec.structs.replace(fact, chain_position=position if is_key else None)


def _instant(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year >= 1000 else "1000-01-01T00:00:00Z"
